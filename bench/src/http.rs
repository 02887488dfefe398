//! A lean HTTP/1.1 client: one keep-alive connection, ready-made requests, and a parser that looks only for
//! the status and the length of an answer, or for the pieces it comes in.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Room for an answer's head, in bytes; a longer one is not ours.
const HEAD_LIMIT: usize = 16 * 1024;

/// Why an answer could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// The connection could not be made, or failed.
    #[error("the connection failed")]
    Io(#[from] io::Error),
    /// The server closed the connection before its answer was complete.
    #[error("the server closed the connection within an answer")]
    Closed,
    /// What came is not an answer that this client understands.
    #[error("not an answer this client understands: {0}")]
    Malformed(&'static str),
}

/// A connection to the server, kept alive between requests.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer; it lends from the connection's buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Response<'a> {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: &'a [u8],
}

/// Where an answer's body begins and how long it is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    body_start: usize,
    length: BodyLength,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyLength {
    /// That many bytes.
    Known(usize),
    /// As the pieces say that it comes in: `Transfer-Encoding: chunked`.
    Chunked,
}

impl Connection {
    /// Connects to the port on this machine.
    pub(crate) async fn open(port: u16) -> Result<Self, HttpError> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(HEAD_LIMIT) })
    }

    /// Sends a whole request and waits for the whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Response<'_>, HttpError> {
        self.received.clear();
        self.stream.write_all(request).await?;
        let head = self.receive_head().await?;
        let end = match head.length {
            BodyLength::Known(length) => head.body_start + length,
            BodyLength::Chunked => self.receive_chunks(head.body_start).await?,
        };
        self.receive_until(end).await?;
        Ok(Response { status: head.status, body: &self.received[head.body_start..end] })
    }

    /// Puts the pieces of a body together where it begins; says where it ends.
    async fn receive_chunks(&mut self, body_start: usize) -> Result<usize, HttpError> {
        let (mut at, mut end) = (body_start, body_start);
        loop {
            let line = loop {
                match self.received[at..].windows(2).position(|window| window == b"\r\n") {
                    Some(length) => break at..at + length,
                    None => self.receive().await?,
                }
            };
            let data = line.end + 2;
            let size = std::str::from_utf8(&self.received[line]).ok();
            let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
            let size = size.ok_or(HttpError::Malformed("a piece's length is no number"))?;
            at = data + size + 2;
            self.receive_until(at).await?;
            if size == 0 {
                return Ok(end);
            }
            self.received.copy_within(data..data + size, end);
            end += size;
        }
    }

    async fn receive_until(&mut self, end: usize) -> Result<(), HttpError> {
        self.received.reserve(end.saturating_sub(self.received.len()));
        while self.received.len() < end {
            self.receive().await?;
        }
        Ok(())
    }

    async fn receive_head(&mut self) -> Result<Head, HttpError> {
        loop {
            self.receive().await?;
            if let Some(head) = parse_head(&self.received)? {
                return Ok(head);
            }
            if self.received.len() > HEAD_LIMIT {
                return Err(HttpError::Malformed("its head is too long"));
            }
        }
    }

    async fn receive(&mut self) -> Result<(), HttpError> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(HttpError::Closed),
            _ => Ok(()),
        }
    }
}

/// Reads an answer's head; nothing while it is incomplete.
fn parse_head(bytes: &[u8]) -> Result<Option<Head>, HttpError> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| HttpError::Malformed("its head is not text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(parse_status).ok_or(HttpError::Malformed("it has no status"))?;
    let length = lines.find_map(body_length).ok_or(HttpError::Malformed("it has no length"))??;
    Ok(Some(Head { status, body_start: end + 4, length }))
}

fn parse_status(line: &str) -> Option<u16> {
    line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

fn body_length(line: &str) -> Option<Result<BodyLength, HttpError>> {
    let (name, value) = line.split_once(':')?;
    if name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked") {
        return Some(Ok(BodyLength::Chunked));
    }
    if !name.eq_ignore_ascii_case("content-length") {
        return None;
    }
    let length = value.trim().parse().map_err(|_| HttpError::Malformed("its length is no number"));
    Some(length.map(BodyLength::Known))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_head_tells_status_and_length() {
        let cases: [(&[u8], u16, usize, BodyLength); 4] = [
            (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", 200, 38, BodyLength::Known(2)),
            (
                b"HTTP/1.1 400 Bad Request\r\nDate: x\r\nContent-Length:17\r\nA: b\r\n\r\n",
                400,
                62,
                BodyLength::Known(17),
            ),
            (b"HTTP/1.1 503 \r\ncontent-length: 0\r\n\r\n", 503, 36, BodyLength::Known(0)),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", 200, 47, BodyLength::Chunked),
        ];
        for (bytes, status, body_start, length) in cases {
            let head = parse_head(bytes).expect("a head").expect("a whole one");
            assert_eq!(head, Head { status, body_start, length }, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_head_cut_anywhere_is_waited_for() {
        let whole = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
        for length in 0..whole.len() {
            assert!(parse_head(&whole[..length]).expect("no error").is_none(), "{length} bytes");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let cases: [&[u8]; 4] = [
            b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n",
            b"HTTP/1.1 2\r\ncontent-length: 2\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n",
            b"HTTP/1.1 200 \xff\r\ncontent-length: 2\r\n\r\n",
        ];
        for bytes in cases {
            assert!(parse_head(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn answers_in_pieces_are_put_together_and_the_connection_is_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut request = [0; 4];
            for pieces in [
                ["HTTP/1.1 200 OK\r\ncont", "ent-length: 5\r\n\r\nhe", "llo"],
                ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r", "\nhel\r\n2\r\nl", "o\r\n0\r\n\r\n"],
                ["HTTP/1.1 400 No\r\n", "content-length: 0\r\n\r", "\n"],
            ] {
                stream.read_exact(&mut request).await.expect("a request");
                for piece in pieces {
                    stream.write_all(piece.as_bytes()).await.expect("written");
                    stream.flush().await.expect("flushed");
                    tokio::task::yield_now().await;
                }
            }
        });
        let mut connection = Connection::open(port).await.expect("connected");
        for _ in 0..2 {
            let first = connection.exchange(b"ping").await.expect("an answer");
            assert_eq!((first.status, first.body), (200, b"hello".as_slice()));
        }
        let second = connection.exchange(b"ping").await.expect("an answer");
        assert_eq!((second.status, second.body), (400, b"".as_slice()));
        server.await.expect("served");
        assert!(connection.exchange(b"ping").await.is_err(), "the server is gone");
    }
}
