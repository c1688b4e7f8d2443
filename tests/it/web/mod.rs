//! The web server through its real accept loop, asked by a client that writes raw bytes. The intake is a
//! stand-in that remembers what it was handed.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a case that cannot go on ends here")]

mod audit;
mod calls;
mod connections;
mod harness;
mod keys;
mod limits;
mod problems;
mod webhooks;
