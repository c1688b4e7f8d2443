//! What a verb ends with.

use std::process::ExitCode;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Fine,
    /// Errors in rules, a server that refuses, a file that cannot be written.
    Failed,
    /// Arguments that cannot be understood.
    Usage,
    /// Nothing but warnings, where warnings are not wanted.
    Warned,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Failed => 1,
            // As clap ends.
            Exit::Usage => 2,
            Exit::Warned => 3,
        })
    }
}

/// Says why a verb failed, on standard error.
pub fn failed(why: impl std::fmt::Display) -> Exit {
    anstream::eprintln!("antiphon: {why}");
    Exit::Failed
}
