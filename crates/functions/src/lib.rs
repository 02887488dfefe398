//! Runs Lambda functions as local processes over the Lambda runtime API.
//!
//! A function is a folder: `DIR/NAME` with an `index.js`, a `lambda_function.py`, an executable `bootstrap`, or a
//! `function.json` that says what it is. [`Functions::invoke`] runs it as Lambda would: in a process of its own that
//! stays warm for the next invocation, more processes for more invocations at once, failures worded as Lambda words
//! them. [`invoke_api`] offers the same over Lambda's own HTTP API.
//!
//! Knows nothing of workflows. Two things differ from Lambda on purpose: a function's memory is told to the function but
//! not enforced, and its code runs with the rights of the user who started us. Nothing here is a sandbox.

mod catalog;
mod date;
mod definition;
mod descendants;
mod error;
mod failure;
mod folder;
mod guardian;
mod identity;
pub mod invoke_api;
mod launch;
mod logs;
mod patience;
mod pool;
mod process;
mod runtime_api;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

pub use crate::definition::{DefinitionError, DefinitionProblem, Description, Language};
pub use crate::error::{InvokeError, OpenError};

use crate::catalog::Catalog;
use crate::launch::Launcher;
use crate::pool::{Grant, Pool};
use crate::process::{Job, JobOutcome};

/// The largest payload of a synchronous invocation, in bytes. Lambda's quota.
pub const MAX_REQUEST_BYTES: usize = 6_291_456;

/// The largest answer of a function, in bytes. Lambda's quota, and the number its error text shows.
pub const MAX_RESPONSE_BYTES: usize = 6_291_556;

/// How often an invocation is handed to another process when the one it was given to ends before it takes it.
const HANDOVERS: usize = 8;

/// Where the functions are and how they run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder whose sub-folders are the functions.
    pub directory: PathBuf,
    /// The region in ARNs and in `AWS_REGION`.
    pub region: String,
    /// The account in ARNs: 12 digits.
    pub account: String,
    /// Variables that every function gets: credentials, `AWS_ENDPOINT_URL`. A function's own win over these.
    pub environment: Vec<(String, String)>,
    /// The most processes of one function: how many of its invocations run at once. Others wait.
    pub max_processes: usize,
    /// The most processes of all functions together.
    pub max_processes_in_all: usize,
    /// The most invocations that wait for a process. One more is refused with `TooManyRequests`.
    pub max_waiting: usize,
    /// How long a process is kept without work.
    pub idle_time: Duration,
    /// How long a new process may take until it asks for its first invocation.
    pub init_time: Duration,
    /// The program that runs Node functions: a name looked up in `PATH`, or a path.
    pub node: String,
    /// The program that runs Python functions: a name looked up in `PATH`, or a path.
    pub python: String,
}

impl Options {
    /// The defaults for the functions in a folder: two processes a core and function but at least 8, 64 in all, 1,000
    /// waiting, 5 minutes of idleness, 10 seconds to start (Lambda's init limit).
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            directory: directory.into(),
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
            environment: Vec::new(),
            max_processes: (2 * cores).max(8),
            max_processes_in_all: 64,
            max_waiting: 1_000,
            idle_time: Duration::from_secs(300),
            init_time: Duration::from_secs(10),
            node: "node".to_owned(),
            python: "python3".to_owned(),
        }
    }
}

/// A call of a function.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// The function's name: its folder's.
    pub function: String,
    /// The event, JSON. Empty means `{}`. It is handed on as it is, not parsed.
    pub payload: Bytes,
    /// The client context as JSON text.
    pub client_context: Option<String>,
    /// The trace header (`Root=1-...;Parent=...;Sampled=0`). One is made where absent.
    pub trace_header: Option<String>,
}

/// What a function answered, or how it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoked {
    /// The answer; where `error` is set, the error object as Lambda writes it.
    pub payload: Bytes,
    /// Set when the function failed.
    pub error: Option<FunctionError>,
    /// The last 4 KiB of what the function wrote to stdout and stderr, its start included.
    pub log_tail: String,
    /// The invocation's identity: what the function sees as `awsRequestId`.
    pub request_id: String,
    /// Always `$LATEST`: a folder has no versions.
    pub executed_version: &'static str,
}

/// The kind of a function's failure, as the header `X-Amz-Function-Error` has it.
///
/// Lambda's runtimes of today call every failure unhandled; `Handled` was Node 0.10's, so it is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionError {
    /// The function threw, crashed or ran out of time.
    Unhandled,
}

impl FunctionError {
    /// The header's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unhandled => "Unhandled",
        }
    }
}

/// The functions of a folder. A clone is the same functions; when the last one is dropped, their processes end.
#[derive(Clone)]
pub struct Functions {
    shared: Arc<Shared>,
}

struct Shared {
    catalog: Catalog,
    pool: Arc<Pool>,
    launcher: Launcher,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.pool.close();
    }
}

impl Functions {
    /// Opens the functions of a folder. Starts no process yet.
    ///
    /// # Errors
    /// The folder cannot be read, or the scripts of the runtimes cannot be written to the folder for temporary files.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let catalog = Catalog::open(&options)?;
        let pool = Arc::new(Pool::new(&options));
        let launcher = Launcher::new(options)?;
        Ok(Self { shared: Arc::new(Shared { catalog, pool, launcher }) })
    }

    /// The folder that holds them.
    pub fn directory(&self) -> &Path {
        self.shared.catalog.directory()
    }

    /// The names of all functions, sorted: every sub-folder that has a handler or a `function.json`.
    pub fn names(&self) -> Vec<String> {
        self.shared.catalog.names()
    }

    /// What the function is, as its folder says now.
    ///
    /// # Errors
    /// [`InvokeError::NotFound`] and [`InvokeError::Definition`].
    pub fn describe(&self, name: &str) -> Result<Description, InvokeError> {
        self.shared.catalog.find(name).map(|definition| definition.description.clone())
    }

    /// What the function is, or nothing where there is none of the name or its folder cannot be understood.
    pub fn get(&self, name: &str) -> Option<Description> {
        self.describe(name).ok()
    }

    /// The ARN of a function of this name, whether or not it exists.
    pub fn arn(&self, name: &str) -> String {
        self.shared.catalog.arn(name)
    }

    /// Runs a function and waits for its answer. Its folder is looked at first: changed code is run at once, processes
    /// with the old code end after what they are doing.
    ///
    /// An invocation that began goes on when the caller drops the future, as on Lambda.
    ///
    /// # Errors
    /// The function could not be run. A function that ran and failed is no error here: see [`Invoked::error`].
    pub async fn invoke(&self, invocation: Invocation) -> Result<Invoked, InvokeError> {
        if invocation.payload.len() > MAX_REQUEST_BYTES {
            return Err(InvokeError::PayloadTooLarge { limit: MAX_REQUEST_BYTES });
        }
        let definition = self.shared.catalog.find_patiently(&invocation.function).await?;
        let mut job = Job::new(invocation);
        let request_id = job.request_id.clone();
        for _ in 0..HANDOVERS {
            let (answer, answered) = oneshot::channel();
            match Pool::acquire(&self.shared.pool, &definition).await? {
                Grant::Warm(lease) => {
                    if let Err(back) = lease.assign(job, answer) {
                        job = *back;
                        continue;
                    }
                }
                Grant::Start(permit) => self.shared.launcher.start(&definition, permit, job, answer).await?,
            }
            match answered.await {
                Ok(JobOutcome::Ended(ended)) => {
                    return Ok(Invoked {
                        payload: ended.payload,
                        error: ended.error,
                        log_tail: ended.log_tail,
                        request_id: request_id.as_ref().to_owned(),
                        executed_version: "$LATEST",
                    });
                }
                Ok(JobOutcome::NotTaken(back)) => job = *back,
                Err(_) => return Err(InvokeError::ShuttingDown),
            }
        }
        Err(InvokeError::ProcessesEnd { function: definition.description.name.clone() })
    }

    /// Ends every process and waits until they are gone. Invocations that run are cut off; new ones are refused.
    pub async fn shut_down(&self) {
        self.shared.pool.close();
        self.shared.pool.emptied().await;
        self.shared.launcher.shut_down().await;
    }
}
