//! Why the functions could not be opened, and why one could not be run.

use std::io;
use std::path::PathBuf;

use crate::definition::DefinitionError;

/// Why a folder of functions could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder is not there or cannot be read.
    #[error("the folder of functions {} cannot be read: {source}", .path.display())]
    Directory {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The scripts that run Node and Python functions could not be written.
    #[error("the scripts of the runtimes cannot be written to {}: {source}", .path.display())]
    Scripts {
        /// Where they belong.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a function could not be run. What a function itself does wrong is in [`crate::Invoked::error`].
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// There is no folder of that name. The text is Lambda's.
    #[error("Function not found: {arn}")]
    NotFound {
        /// The ARN that the function would have.
        arn: String,
    },
    /// The payload is too long. The text is Lambda's.
    #[error("Request must be smaller than {limit} bytes for the InvokeFunction operation")]
    PayloadTooLarge {
        /// The most bytes allowed.
        limit: usize,
    },
    /// Too many invocations wait for a process. The text is Lambda's.
    #[error("Rate Exceeded.")]
    TooManyRequests,
    /// The folder does not say what to run, or says it wrongly.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The program that runs the function's language is not there.
    #[error("{program} is not installed or not in PATH: function {function} needs it to run")]
    RuntimeMissing {
        /// The function's name.
        function: String,
        /// The program that was looked for.
        program: String,
    },
    /// The system would not start the process.
    #[error("function {function} could not be started: {source}")]
    Start {
        /// The function's name.
        function: String,
        /// What the system said.
        source: io::Error,
    },
    /// One process after the other ended between two invocations, before it took this one.
    #[error("the processes of function {function} end again and again before they take an invocation")]
    ProcessesEnd {
        /// The function's name.
        function: String,
    },
    /// The functions are being shut down.
    #[error("the functions are shutting down")]
    ShuttingDown,
}
