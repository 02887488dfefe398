//! Starts processes: the runtimes' scripts, the command line, the environment.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::SystemTime;

use rustix::process::Pid;
use tokio::net::TcpListener;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use crate::Options;
use crate::catalog::Definition;
use crate::date;
use crate::definition::{Description, Language};
use crate::descendants::{self, Mark};
use crate::error::{InvokeError, OpenError};
use crate::guardian::Guardian;
use crate::identity;
use crate::logs::Logs;
use crate::patience::until_descriptors_are_there;
use crate::pool::Permit;
use crate::process::{Job, JobOutcome, Process, ProcessIdentity, Watch};

/// The scripts that run Node and Python functions.
const SCRIPTS: [(&str, &str); 2] =
    [("bootstrap.cjs", include_str!("runtime/bootstrap.cjs")), ("bootstrap.py", include_str!("runtime/bootstrap.py"))];

/// What a function gets of our own environment.
const INHERITED: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/// Where programs are looked for when nobody says.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Starts processes.
pub(crate) struct Launcher {
    options: Options,
    /// The folder of the scripts, for us alone.
    scripts: PathBuf,
    mark: Mark,
    guardian: Arc<Guardian>,
    inherited: Vec<(&'static str, String)>,
}

/// A process that was just started.
struct Launched {
    child: Child,
    listener: TcpListener,
    identity: ProcessIdentity,
    logs: Logs,
}

impl Launcher {
    /// # Errors
    /// The scripts cannot be written.
    pub(crate) fn new(options: Options) -> Result<Self, OpenError> {
        let scripts = std::env::temp_dir().join(format!("stepwright-functions-{}", identity::token()));
        let failed = |source| OpenError::Scripts { path: scripts.clone(), source };
        DirBuilder::new().mode(0o700).create(&scripts).map_err(failed)?;
        for (name, text) in SCRIPTS {
            fs::write(scripts.join(name), text).map_err(failed)?;
        }
        let mark = Mark::new();
        let guardian = Arc::new(Guardian::start(&scripts, &mark).map_err(failed)?);
        descendants::adopt_orphans();
        let mut inherited: Vec<_> =
            INHERITED.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?))).collect();
        if !inherited.iter().any(|(name, _)| *name == "PATH") {
            inherited.push(("PATH", USUAL_PATH.to_owned()));
        }
        Ok(Self { options, scripts, mark, guardian, inherited })
    }

    /// Starts a process with its first job. It is watched over until it ends.
    ///
    /// # Errors
    /// [`InvokeError::RuntimeMissing`] and [`InvokeError::Start`].
    pub(crate) async fn start(
        &self,
        definition: &Arc<Definition>,
        permit: Permit,
        job: Job,
        answer: oneshot::Sender<JobOutcome>,
    ) -> Result<(), InvokeError> {
        let description = &definition.description;
        let program = self.program(description)?;
        let launched = until_descriptors_are_there(|| self.launch(&program, description)).await;
        let Launched { child, listener, identity, logs } =
            launched.map_err(|source| InvokeError::Start { function: description.name.clone(), source })?;
        self.guardian.began(identity.pid);
        let limit = self.options.init_time.max(description.timeout);
        let process = Process::new(permit.pool().clone(), definition.clone(), (identity, logs), limit, (job, answer));
        let guardian = self.guardian.clone();
        let watch = Watch { child, listener, permit, guardian, idle_time: self.options.idle_time };
        tokio::spawn(Arc::new(process).watch(watch));
        Ok(())
    }

    /// Starts a process. Where it fails, nothing is left of it.
    fn launch(&self, program: &Path, description: &Description) -> io::Result<Launched> {
        let listener = listen()?;
        let (mark, secret) = (self.mark.of_process(), identity::secret()?);
        let mut command = self.command(program, description);
        command
            .env("AWS_LAMBDA_RUNTIME_API", format!("{}/{secret}", listener.local_addr()?))
            .env(descendants::VARIABLE, mark.as_str());
        let mut child = command.spawn()?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let pid = pid.ok_or_else(|| io::Error::other("the process has no number"))?;
        let logs = logs(description, &mut child)?;
        Ok(Launched { child, listener, identity: ProcessIdentity { pid, mark, secret }, logs })
    }

    /// Ends the guardian, and with it the folder of the scripts.
    pub(crate) async fn shut_down(&self) {
        let (guardian, mark) = (self.guardian.clone(), self.mark.clone());
        let finish = move || {
            guardian.finish();
            descendants::end_all(&mark);
        };
        // It fails only when the runtime ends, and then the guardian ends without us.
        let _ = tokio::task::spawn_blocking(finish).await;
    }

    fn program(&self, description: &Description) -> Result<PathBuf, InvokeError> {
        let program = match description.language {
            Language::Node => &self.options.node,
            Language::Python => &self.options.python,
            Language::Provided => return Ok(description.folder.join("bootstrap")),
        };
        let path = self.inherited.iter().find(|(name, _)| *name == "PATH").map_or(USUAL_PATH, |(_, path)| path);
        find_program(program, path)
            .ok_or_else(|| InvokeError::RuntimeMissing { function: description.name.clone(), program: program.clone() })
    }

    fn command(&self, program: &Path, description: &Description) -> Command {
        let mut command = Command::new(program);
        match description.language {
            Language::Node => command.arg(self.scripts.join("bootstrap.cjs")),
            Language::Python => command.arg(self.scripts.join("bootstrap.py")),
            Language::Provided => &mut command,
        };
        let stream = format!("{}/[$LATEST]{}", date::log_stream_day(SystemTime::now()), identity::token());
        let memory = description.memory_mib.to_string();
        command
            .env_clear()
            .envs(self.inherited.iter().map(|(name, value)| (name, value)))
            .envs(self.options.environment.iter().map(|(name, value)| (name, value)))
            .envs(description.environment.iter().map(|(name, value)| (name, value)))
            .env("AWS_REGION", &self.options.region)
            .env("AWS_DEFAULT_REGION", &self.options.region)
            .env("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", description.runtime))
            .env("AWS_LAMBDA_FUNCTION_NAME", &description.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", memory)
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", description.name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", stream)
            .env("LAMBDA_RUNTIME_DIR", &self.scripts)
            .env("LAMBDA_TASK_ROOT", &description.folder)
            .env("_HANDLER", &description.handler)
            .current_dir(&description.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: what it starts ends with it, and the terminal's Ctrl-C is not for it.
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}

fn listen() -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

fn logs(description: &Description, child: &mut Child) -> io::Result<Logs> {
    let missing = || io::Error::other("the process has no output");
    let stdout = child.stdout.take().ok_or_else(missing)?.into_owned_fd()?;
    let stderr = child.stderr.take().ok_or_else(missing)?.into_owned_fd()?;
    Ok(Logs::new(description.name.clone(), Receiver::from_owned_fd(stdout)?, Receiver::from_owned_fd(stderr)?))
}

/// The program's file: looked up here, since a path is started faster than a name with another environment.
fn find_program(program: &str, path: &str) -> Option<PathBuf> {
    let is_program = |file: &Path| {
        fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|file| is_program(file));
    }
    std::env::split_paths(path).map(|folder| folder.join(program)).find(|file| is_program(file))
}
