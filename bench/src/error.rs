//! Why a measurement could not be made.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::http::HttpError;

/// Why a scenario could not be run to its end. A missed target is none of these.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// Something of this machine failed: a file, a socket, a process.
    #[error("cannot {attempt}")]
    Io {
        /// What was attempted.
        attempt: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The server ended before it answered.
    #[error("{program} ended before it answered ({status}); its last words:\n{log}", program = program.display())]
    Ended {
        /// The binary.
        program: PathBuf,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The end of what it wrote.
        log: String,
    },
    /// A program that should have done nothing, or little, failed.
    #[error("{program} failed ({status})")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// A function returned something else than its handler does, or the invocation failed.
    #[error("{function} did not answer as its handler does")]
    WrongAnswer {
        /// The function.
        function: String,
    },
    /// The server did not do in time what it was asked to.
    #[error("the server did not {what} within {seconds} s")]
    TooLate {
        /// What was waited for.
        what: &'static str,
        /// How long.
        seconds: u64,
    },
    /// The connection failed, or what came over it was not HTTP.
    #[error("the conversation with the server broke")]
    Http(#[from] HttpError),
    /// A request that the scenario cannot do without was refused.
    #[error("{operation} was answered with {status}: {body}")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// The HTTP status.
        status: u16,
        /// The beginning of the answer.
        body: String,
    },
    /// An answer lacks a member.
    #[error("the answer to {operation} has no {member}: {body}")]
    Missing {
        /// The operation.
        operation: &'static str,
        /// The member.
        member: &'static str,
        /// The beginning of the answer.
        body: String,
    },
    /// A file of the system says something else than expected.
    #[error("cannot read {what} from {path}")]
    Unreadable {
        /// What was looked for.
        what: &'static str,
        /// The file.
        path: String,
    },
    /// A task of the generator itself ended in a panic.
    #[error("a client of the generator broke off")]
    Client(#[from] tokio::task::JoinError),
}

impl BenchError {
    /// Turns an IO error into this one, with what was attempted.
    pub(crate) fn io(attempt: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let attempt = attempt.into();
        move |source| Self::Io { attempt, source }
    }
}

/// The error and its causes on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
