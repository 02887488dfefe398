//! A small process that outlives us by a moment and ends the functions' processes if we could not.
//!
//! It reads from a pipe which process groups there are. When we end, in whatever way, the pipe closes: it kills the
//! groups that are left, and all processes with the functions' mark in their environment, and removes the runtimes'
//! scripts. A process need not take part in this, so it holds for a function that is busy, and for what it started
//! itself.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;

use rustix::process::Pid;

use crate::catalog::lock;
use crate::descendants::{Mark, VARIABLE};

const SCRIPT: &str = include_str!("runtime/guardian.sh");

/// The guardian.
pub(crate) struct Guardian {
    pipe: Mutex<Option<ChildStdin>>,
    child: Mutex<Option<Child>>,
}

impl Guardian {
    /// Starts the guardian. At its end it removes the folder.
    ///
    /// # Errors
    /// There is no `sh`, or it cannot be started.
    pub(crate) fn start(folder: &Path, mark: &Mark) -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "stepwright-functions-guardian"])
            .arg(folder)
            .arg(format!("{VARIABLE}={}", mark.as_str()))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What is meant for us in the terminal is not meant for it.
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take();
        Ok(Self { pipe: Mutex::new(pipe), child: Mutex::new(Some(child)) })
    }

    /// A process group began.
    pub(crate) fn began(&self, group: Pid) {
        self.tell('+', group);
    }

    /// A process group is gone.
    pub(crate) fn ended(&self, group: Pid) {
        self.tell('-', group);
    }

    /// Lets the guardian do its work and waits for its end. Blocks.
    pub(crate) fn finish(&self) {
        drop(lock(&self.pipe).take());
        let child = lock(&self.child).take();
        if let Some(mut child) = child
            && let Err(error) = child.wait()
        {
            tracing::warn!(target: "functions", %error, "the guardian of the processes cannot be waited for");
        }
    }

    fn tell(&self, sign: char, group: Pid) {
        let mut pipe = lock(&self.pipe);
        let Some(pipe) = pipe.as_mut() else { return };
        if let Err(error) = pipe.write_all(format!("{sign} {}\n", group.as_raw_pid()).as_bytes()) {
            tracing::warn!(target: "functions", %error, "the guardian of the processes is gone");
        }
    }
}
