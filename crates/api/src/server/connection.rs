//! One connection: serves its requests until it ends, is closed to make room, or the server stops.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Sleep;

use super::Service;
use super::presence::{Presence, Speaking};
use crate::response_body::{BodyError, ResponseBody};

/// How long a client may take to send a request's head; an idle connection is closed after it, too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a client may take nothing of an answer that it is sent.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a request's head, and of what is read and written ahead on a connection. No quota: it bounds a buffer.
const BUFFER_BYTES: usize = 64 * 1024;

/// Serves the requests of a connection.
pub(super) async fn serve(
    stream: TcpStream,
    service: Arc<Service>,
    presence: Arc<Presence>,
    mut stop: watch::Receiver<()>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = &error as &dyn std::error::Error, "cannot set TCP_NODELAY");
    }
    let answering = service_fn(|request| {
        let (service, speaking) = (&service, presence.request());
        async move {
            let response = service.answer(request).await;
            Ok::<_, Infallible>(response.map(|body| Answer { body, _speaking: speaking }))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(Watched::new(stream, Arc::clone(&presence), WRITE_TIMEOUT)), answering);
    let mut connection = pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = presence.closed() => return,
        // The sender is dropped at shutdown; nothing is ever sent.
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            let looked = std::future::poll_fn(|context| Poll::Ready(connection.as_mut().poll(context))).await;
            match looked {
                Poll::Ready(result) => result,
                Poll::Pending if presence.is_busy() => connection.await,
                // Half a head, or none: nobody waits for an answer.
                Poll::Pending => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}

/// An answer's body; while it is there, its request is under way.
struct Answer {
    body: ResponseBody,
    _speaking: Speaking,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream whose other side has to take what is written.
struct Watched {
    stream: TcpStream,
    presence: Arc<Presence>,
    /// How long nothing may be taken.
    patience: Duration,
    /// Runs while nothing is taken.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    fn new(stream: TcpStream, presence: Arc<Presence>, patience: Duration) -> Self {
        Self { stream, presence, patience, stalled: None }
    }

    /// What came of an attempt to write, if not that it takes too long.
    fn watched<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.stalled.take().is_some() {
                self.presence.set_stalled(false);
            }
            return written;
        }
        if self.stalled.is_none() {
            self.presence.set_stalled(true);
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read its answer")))
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Watched").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.watched(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn who_takes_nothing_of_an_answer_is_cut_off_and_who_takes_it_slowly_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let presence = Presence::new();
        let mut watched = Watched::new(stream, Arc::clone(&presence), Duration::from_millis(200));
        let piece = [b'x'; 64 * 1024];
        let error = loop {
            if let Err(error) = watched.write_all(&piece).await {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(presence.is_busy());

        // Whoever takes some of it, is waited for again.
        let reading = tokio::spawn(async move {
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.unwrap();
        });
        watched.stalled = None;
        watched.write_all(&piece).await.unwrap();
        assert!(!presence.is_busy() || watched.stalled.is_none());
        drop(watched);
        reading.await.unwrap();
    }
}
