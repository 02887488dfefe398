//! Starting, watching and stopping the server under test, and the echo server beside it.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::BenchError;
use crate::http::Connection;
use crate::options::Options;
use crate::process::Process;
use crate::report::note;

/// How long a server may take until it takes connections, and until it has stopped.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much of the server's log an error shows, in bytes.
const LAST_WORDS: usize = 2000;

/// The settings of a server that Step Functions' own limits would not allow.
const RAISED_LIMITS: &str = "[limits]\npayload-bytes = 4194304\nhistory-events = 2000000\n";

/// What a server is started with beside a port and a data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    /// Nothing.
    Plain,
    /// Limits that are higher than those of AWS, for large Map states and long loops.
    RaisedLimits,
    /// The functions of its place.
    Functions,
    /// AWS Batch on that port of this machine.
    Batch(u16),
}

/// A place for a server's data; it is removed when this is dropped.
pub(crate) struct ServerPlace {
    directory: TempDir,
}

/// A running server; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
    program: PathBuf,
    log: PathBuf,
}

impl ServerPlace {
    /// A new directory below the one of the options.
    pub(crate) fn new(options: &Options) -> Result<Self, BenchError> {
        let parent = &options.data_dir;
        let attempt = || format!("make a directory in {}", parent.display());
        fs::create_dir_all(parent).map_err(BenchError::io(attempt()))?;
        let directory =
            tempfile::Builder::new().prefix("run-").tempdir_in(parent).map_err(BenchError::io(attempt()))?;
        Ok(Self { directory })
    }

    /// The directory itself, on the disk of the data.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where its functions are, if it has any.
    pub(crate) fn functions(&self) -> PathBuf {
        self.directory.path().join("functions")
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Bytes in the files of the data directory.
    pub(crate) fn data_size(&self) -> Result<u64, BenchError> {
        let data = self.data();
        let sum = || -> io::Result<u64> {
            let mut sum = 0;
            for entry in fs::read_dir(&data)? {
                let metadata = entry?.metadata()?;
                sum += if metadata.is_file() { metadata.len() } else { 0 };
            }
            Ok(sum)
        };
        sum().map_err(BenchError::io(format!("size up {}", data.display())))
    }
}

impl Server {
    /// Starts a Stepwright server and waits until it takes connections.
    pub(crate) async fn start(options: &Options, place: &ServerPlace, setup: Setup) -> Result<Self, BenchError> {
        let mut server = Self::spawn(options, place, setup)?;
        server.wait_for_connections().await?;
        Ok(server)
    }

    /// Starts a Stepwright server on a free port.
    pub(crate) fn spawn(options: &Options, place: &ServerPlace, setup: Setup) -> Result<Self, BenchError> {
        let port = free_port()?;
        let mut command = Command::new(&options.server);
        command.arg("serve").arg("--port").arg(port.to_string()).arg("--data-dir").arg(place.data());
        if options.in_memory {
            command.arg("--in-memory");
        }
        match setup {
            Setup::Plain => {}
            Setup::RaisedLimits => {
                let path = place.path().join("limits.toml");
                fs::write(&path, RAISED_LIMITS).map_err(BenchError::io(format!("write {}", path.display())))?;
                command.arg("--config").arg(path);
            }
            Setup::Functions => {
                command.arg("--functions").arg(place.functions());
            }
            Setup::Batch(port) => {
                command.arg("--batch-endpoint").arg(format!("http://127.0.0.1:{port}"));
            }
        }
        Self::spawn_command(command, &options.server, port, place.path().join("server.log"))
    }

    /// Starts the echo server, which is this program again.
    pub(crate) async fn start_echo(place: &ServerPlace) -> Result<Self, BenchError> {
        Self::start_this_as("--echo-server", place, "echo.log").await
    }

    /// Starts the counterpart of AWS Batch, which is this program again.
    pub(crate) async fn start_batch(place: &ServerPlace) -> Result<Self, BenchError> {
        Self::start_this_as("--batch-server", place, "batch.log").await
    }

    async fn start_this_as(flag: &str, place: &ServerPlace, log: &str) -> Result<Self, BenchError> {
        let port = free_port()?;
        let program = std::env::current_exe().map_err(BenchError::io("find this program's own file"))?;
        let mut command = Command::new(&program);
        command.arg(flag).arg(port.to_string());
        let mut server = Self::spawn_command(command, &program, port, place.path().join(log))?;
        server.wait_for_connections().await?;
        Ok(server)
    }

    fn spawn_command(mut command: Command, program: &Path, port: u16, log: PathBuf) -> Result<Self, BenchError> {
        let attempt = || format!("start {}", program.display());
        let output = File::create(&log).map_err(BenchError::io(format!("write {}", log.display())))?;
        let errors = output.try_clone().map_err(BenchError::io(attempt()))?;
        let child =
            command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn().map_err(BenchError::io(attempt()))?;
        Ok(Self { child, port, program: program.to_owned(), log })
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The process, to look at.
    pub(crate) fn process(&self) -> Process {
        Process::of(self.child.id())
    }

    /// Waits until the server takes connections, or says why it will not.
    pub(crate) async fn wait_for_connections(&mut self) -> Result<(), BenchError> {
        let begin = Instant::now();
        while Connection::open(self.port).await.is_err() {
            self.check_alive()?;
            if begin.elapsed() > PATIENCE {
                return Err(BenchError::TooLate { what: "take connections", seconds: PATIENCE.as_secs() });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    fn check_alive(&mut self) -> Result<(), BenchError> {
        let status = self.child.try_wait().map_err(BenchError::io("look after the server"))?;
        match status {
            None => Ok(()),
            Some(status) => Err(BenchError::Ended { program: self.program.clone(), status, log: self.last_words()? }),
        }
    }

    fn last_words(&self) -> Result<String, BenchError> {
        let log = fs::read(&self.log).map_err(BenchError::io(format!("read {}", self.log.display())))?;
        let end = &log[log.len().saturating_sub(LAST_WORDS)..];
        Ok(String::from_utf8_lossy(end).into_owned())
    }

    /// Asks the server to stop (SIGTERM) and waits until it has; how long that took.
    pub(crate) async fn stop(mut self) -> Result<Duration, BenchError> {
        let begin = Instant::now();
        let signal = format!("kill -TERM {}", self.child.id());
        let status = Command::new("sh").arg("-c").arg(signal).status().map_err(BenchError::io("run sh"))?;
        if !status.success() {
            self.check_alive()?;
        }
        while self.child.try_wait().map_err(BenchError::io("look after the server"))?.is_none() {
            if begin.elapsed() > PATIENCE {
                return Err(BenchError::TooLate { what: "stop", seconds: PATIENCE.as_secs() });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(begin.elapsed())
    }

    /// Waits until the server has done next to nothing for half a second; how long it was busy.
    /// Gives up after a minute.
    pub(crate) async fn wait_until_quiet(&self) -> Result<Duration, BenchError> {
        const WINDOW: Duration = Duration::from_millis(500);
        const QUIET: Duration = Duration::from_millis(20);
        let begin = Instant::now();
        loop {
            let (before, busy_for) = (self.process().cpu()?, begin.elapsed());
            tokio::time::sleep(WINDOW).await;
            if self.process().cpu()?.saturating_sub(before) <= QUIET || busy_for > PATIENCE {
                return Ok(busy_for);
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that was stopped is reaped already: both calls then do nothing.
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            note(&format!("cannot end {}: {error}", self.program.display()));
        }
    }
}

/// A port that nothing listened on a moment ago.
fn free_port() -> Result<u16, BenchError> {
    let attempt = || "find a free port";
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).map_err(BenchError::io(attempt()))?;
    Ok(listener.local_addr().map_err(BenchError::io(attempt()))?.port())
}
