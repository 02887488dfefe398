//! Sends the log to stderr, and neither panics nor waits where nobody reads it.
//!
//! Whoever logs puts the line into a queue; one thread writes them. Where the queue is full, because the terminal is
//! stopped or a collector hangs, lines are dropped and counted: the log follows the work, it does not hold it up. Where
//! stderr cannot be written, lines are lost in silence, as there is nowhere to say so.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFilter;

/// Lines that wait to be written, at most.
/// No quota: what is beyond is dropped and counted, nothing is refused.
const QUEUE_MAX: usize = 4_096;

/// How long the process waits for the log when it ends.
const FLUSH_TIME: Duration = Duration::from_secs(1);

static LINES: OnceLock<Lines> = OnceLock::new();

/// Installs the subscriber. Once per process.
pub(crate) fn start(filter: &LogFilter) {
    let (lines, queued) = Lines::new(QUEUE_MAX);
    let dropped = Arc::clone(&lines.dropped);
    let write = move || write_all(&queued, &dropped, io::stderr());
    // Without the thread every line is dropped, which is all that can be done.
    let _ = std::thread::Builder::new().name("log".to_owned()).spawn(write);
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter.as_str()))
        .with_writer(LINES.get_or_init(|| lines).clone())
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .init();
}

/// Waits until what was logged so far is written, or somewhat longer than that should take.
pub(crate) fn flush() {
    let Some(lines) = LINES.get() else { return };
    let (written, is_written) = sync_channel(1);
    if lines.queue.try_send(Queued::Flush(written)).is_ok() {
        // Too slow is as good as done: the process ends.
        let _ = is_written.recv_timeout(FLUSH_TIME);
    }
}

enum Queued {
    Line(Vec<u8>),
    Flush(SyncSender<()>),
}

/// The way to the thread that writes.
#[derive(Clone)]
struct Lines {
    queue: SyncSender<Queued>,
    dropped: Arc<AtomicU64>,
}

/// One line in the making: the subscriber writes it in one or more pieces.
struct Line {
    text: Vec<u8>,
    lines: Lines,
}

impl Lines {
    fn new(most: usize) -> (Self, Receiver<Queued>) {
        let (queue, queued) = sync_channel(most);
        (Self { queue, dropped: Arc::default() }, queued)
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { text: Vec::new(), lines: self.clone() }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = std::mem::take(&mut self.text);
        if !text.is_empty() && self.lines.queue.try_send(Queued::Line(text)).is_err() {
            self.lines.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Writes what is queued until nobody is left to queue more. What cannot be written is lost: nobody is there to be told.
fn write_all(queued: &Receiver<Queued>, dropped: &AtomicU64, mut out: impl Write) {
    while let Ok(next) = queued.recv() {
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(out, "{lost} lines of the log were dropped: they came faster than they could be written");
        }
        match next {
            Queued::Line(text) => {
                let _ = out.write_all(&text);
            }
            Queued::Flush(written) => {
                let _ = out.flush();
                let _ = written.try_send(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    fn log(lines: &Lines, text: &str) {
        lines.make_writer().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn whoever_logs_waits_for_nobody_and_what_is_dropped_is_counted() {
        let (lines, queued) = Lines::new(2);
        ["one\n", "two\n", "three\n", "four\n"].into_iter().for_each(|text| log(&lines, text));
        let dropped = Arc::clone(&lines.dropped);
        drop(lines);
        let mut out = Vec::new();
        write_all(&queued, &dropped, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "2 lines of the log were dropped: they came faster than they could be written\none\ntwo\n");
    }

    #[test]
    fn a_log_that_cannot_be_written_stops_nobody() {
        let (lines, queued) = Lines::new(4);
        let (written, is_written) = sync_channel(1);
        log(&lines, "lost");
        lines.queue.try_send(Queued::Flush(written)).unwrap_or_else(|_| unreachable!("there is room"));
        let dropped = Arc::clone(&lines.dropped);
        drop(lines);
        write_all(&queued, &dropped, Closed);
        is_written.try_recv().unwrap();
    }
}
