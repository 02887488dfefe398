//! SIGINT and SIGTERM: the first asks to stop, the second does not ask. SIGXFSZ stops nothing.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that stop a process.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Comes where a file is to grow beyond the limit of its size. The write that did it fails, as on a full disk.
    _file_size: Signal,
}

impl Signals {
    /// Starts to listen. From here on the signals no longer end the process by themselves.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let file_size = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            _file_size: signal(file_size)?,
        })
    }

    /// Waits for the next one and gives its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}
