//! What a process writes to stdout and stderr: lines for our log, and the last of it for the caller.

use std::borrow::Cow;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::net::unix::pipe::Receiver;

use crate::catalog::lock;

/// How much of the end of an invocation's output is kept, in bytes: Lambda's number.
const TAIL: usize = 4 * 1024;

/// The longest line; a longer one is broken. No quota: it bounds a line of our log.
const MAX_LINE: usize = 16 * 1024;

/// How much of what a process writes goes to our log in a second, in bytes. What is more is left out, and that is said.
/// No quota: what a function says to its caller is not touched.
const MAX_A_SECOND: usize = 256 * 1024;

/// The most reads in one go, so that a process that writes without end holds nobody up.
const MAX_READS: usize = 64;

/// One of a process's two outputs.
#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// The output of a process.
pub(crate) struct Logs {
    function: String,
    pipes: [(Stream, Receiver); 2],
    state: Mutex<LogState>,
}

#[derive(Default)]
struct LogState {
    request_id: Option<Arc<str>>,
    /// The end of each stream that is no whole line yet.
    partial: [Vec<u8>; 2],
    /// The end of both streams, at times longer than [`TAIL`].
    tail: Vec<u8>,
    rate: Rate,
}

/// How much was logged in the second that is under way.
struct Rate {
    second: Instant,
    logged: usize,
    /// Bytes of lines that were left out.
    left_out: usize,
}

impl Default for Rate {
    fn default() -> Self {
        Self { second: Instant::now(), logged: 0, left_out: 0 }
    }
}

impl Rate {
    /// Whether a line of so many bytes may be logged at that time. Where a second has passed, says how many bytes were
    /// left out before.
    fn admit(&mut self, bytes: usize, now: Instant) -> (bool, Option<usize>) {
        let mut before = None;
        if now.saturating_duration_since(self.second) >= Duration::from_secs(1) {
            before = Some(self.left_out).filter(|left_out| *left_out > 0);
            *self = Self { second: now, logged: 0, left_out: 0 };
        }
        // A line that is longer than that alone is logged as well, so that none is left out for ever.
        let admitted = self.logged == 0 || self.logged.saturating_add(bytes) <= MAX_A_SECOND;
        *if admitted { &mut self.logged } else { &mut self.left_out } += bytes;
        (admitted, before)
    }
}

impl Logs {
    pub(crate) fn new(function: String, stdout: Receiver, stderr: Receiver) -> Self {
        let pipes = [(Stream::Stdout, stdout), (Stream::Stderr, stderr)];
        Self { function, pipes, state: Mutex::default() }
    }

    /// Reads what the process writes until it has closed both streams.
    pub(crate) async fn follow(&self) {
        tokio::join!(self.follow_one(0), self.follow_one(1));
    }

    /// Lines from now on belong to this request.
    pub(crate) fn begin(&self, request_id: &Arc<str>) {
        lock(&self.state).request_id = Some(request_id.clone());
    }

    /// Ends an invocation: all that it has written so far is read, and the last of it returned.
    ///
    /// The pipes are read here and now: what a process wrote before it answered is in them, though the task that follows
    /// them may not have run yet.
    pub(crate) fn end(&self) -> String {
        let mut state = lock(&self.state);
        for (index, (_, pipe)) in self.pipes.iter().enumerate() {
            self.drain(&mut state, index, |buffer| Ok(rustix::io::read(pipe, buffer)?));
            self.emit_partial(&mut state, index);
        }
        state.request_id = None;
        let from = state.tail.len().saturating_sub(TAIL);
        let tail = String::from_utf8_lossy(&state.tail[from..]).into_owned();
        state.tail.clear();
        tail
    }

    async fn follow_one(&self, index: usize) {
        let (_, pipe) = &self.pipes[index];
        while pipe.readable().await.is_ok() {
            let open = self.drain(&mut lock(&self.state), index, |buffer| pipe.try_read(buffer));
            if !open {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Reads what is there. False when the stream is at its end.
    fn drain(&self, state: &mut LogState, index: usize, read: impl Fn(&mut [u8]) -> io::Result<usize>) -> bool {
        let mut buffer = [0; 8 * 1024];
        for _ in 0..MAX_READS {
            match read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => self.take(state, index, &buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }

    fn take(&self, state: &mut LogState, index: usize, bytes: &[u8]) {
        state.tail.extend_from_slice(bytes);
        if state.tail.len() > 4 * TAIL {
            let beyond = state.tail.len() - TAIL;
            state.tail.drain(..beyond);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            state.partial[index].extend_from_slice(piece);
            if piece.ends_with(b"\n") || state.partial[index].len() >= MAX_LINE {
                self.emit_partial(state, index);
            }
        }
    }

    fn emit_partial(&self, state: &mut LogState, index: usize) {
        let line = &mut state.partial[index];
        if line.is_empty() {
            return;
        }
        let request_id = state.request_id.as_deref().unwrap_or_default();
        let stream = self.pipes[index].0.name();
        let (admitted, left_out) = state.rate.admit(line.len(), Instant::now());
        if let Some(bytes) = left_out {
            tracing::warn!(target: "functions", function = self.function, bytes, "output was left out: it came too fast");
        }
        if admitted {
            let text = String::from_utf8_lossy(line);
            let text = on_one_line(text.trim_end());
            tracing::info!(target: "functions", function = self.function, request_id, stream, "{text}");
        }
        line.clear();
        line.shrink_to(MAX_LINE);
    }
}

/// The text without what would move a terminal's cursor or begin a line: what a function writes cannot pass for a line of
/// ours.
fn on_one_line(text: &str) -> Cow<'_, str> {
    let is_bare = |c: char| c == '\t' || !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    if text.chars().all(is_bare) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_bare(c) { shown.push(c) } else { shown.extend(c.escape_default()) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_is_in_it() {
        for (text, expected) in [
            ("plain\ttext é", "plain\ttext é"),
            ("a\r2026-11-21T00:00:00Z  INFO stepwright: forged", "a\\r2026-11-21T00:00:00Z  INFO stepwright: forged"),
            ("\u{1b}[2Ka\u{85}\u{2028}\0", "\\u{1b}[2Ka\\u{85}\\u{2028}\\u{0}"),
        ] {
            assert_eq!(on_one_line(text), expected);
        }
    }

    #[test]
    fn a_second_has_so_many_bytes_and_what_is_left_out_is_told() {
        let mut rate = Rate::default();
        let at = |rate: &Rate, millis| rate.second + Duration::from_millis(millis);
        assert_eq!(rate.admit(MAX_A_SECOND - 10, at(&rate, 0)), (true, None));
        assert_eq!(rate.admit(20, at(&rate, 1)), (false, None));
        assert_eq!(rate.admit(10, at(&rate, 2)), (true, None));
        assert_eq!(rate.admit(30, at(&rate, 999)), (false, None));
        assert_eq!(rate.admit(2 * MAX_A_SECOND, at(&rate, 1_000)), (true, Some(50)));
        assert_eq!(rate.admit(1, at(&rate, 2_000)), (true, None));
    }

    use tokio::io::AsyncWriteExt;
    use tokio::net::unix::pipe;

    #[tokio::test]
    async fn the_end_of_an_invocation_has_all_that_was_written_before_it() {
        let (mut out, stdout) = pipe::pipe().unwrap();
        let (mut err, stderr) = pipe::pipe().unwrap();
        let logs = Logs::new("f".to_owned(), stdout, stderr);
        logs.begin(&"one".into());
        out.write_all(b"to stdout\nhalf").await.unwrap();
        err.write_all(b"to stderr\n").await.unwrap();
        assert_eq!(logs.end(), "to stdout\nhalfto stderr\n");
        out.write_all(&[b'x'; 50_000]).await.unwrap();
        assert_eq!(logs.end(), "x".repeat(TAIL));
        assert_eq!(logs.end(), "");
    }

    #[tokio::test]
    async fn following_ends_with_the_streams_and_keeps_the_tail() {
        let (mut out, stdout) = pipe::pipe().unwrap();
        let (err, stderr) = pipe::pipe().unwrap();
        let logs = Arc::new(Logs::new("f".to_owned(), stdout, stderr));
        let following = tokio::spawn({
            let logs = logs.clone();
            async move { logs.follow().await }
        });
        out.write_all(&vec![b'y'; 300_000]).await.unwrap();
        drop((out, err));
        following.await.unwrap();
        assert_eq!(logs.end(), "y".repeat(TAIL));
    }
}
