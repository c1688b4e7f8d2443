//! How long the server waits for what.

use std::time::Duration;

/// The waiting times of the server. Tests shorten them; nobody else does.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// From the first byte of a request to the end of its headers.
    pub headers: Duration,
    /// From the headers to the end of the body.
    pub body: Duration,
    /// A connection on which nothing moves.
    pub idle: Duration,
    /// An answer of which the client takes nothing.
    pub answer: Duration,
    /// What is under way when the server stops.
    pub drain: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(10),
            body: Duration::from_secs(15),
            idle: Duration::from_secs(60),
            answer: Duration::from_secs(30),
            drain: Duration::from_secs(7),
        }
    }
}
