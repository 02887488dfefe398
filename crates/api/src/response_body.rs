//! The body of an answer: whole, or in pieces that are made while it is sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, SizeHint};

/// Why a body ends before its end; the connection ends with it.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer.
pub enum ResponseBody {
    /// All of it, as nearly every answer is: no box, no copy.
    Whole(Bytes),
    /// As it comes. Its length is not known before its end.
    Stream(UnsyncBoxBody<Bytes, BodyError>),
}

impl ResponseBody {
    /// `{}`, the answer of calls that tell nothing.
    pub(crate) fn empty_object() -> Self {
        Bytes::from_static(b"{}").into()
    }

    /// A body that comes as it comes.
    pub(crate) fn stream(body: impl Body<Data = Bytes, Error = BodyError> + Send + 'static) -> Self {
        Self::Stream(body.boxed_unsync())
    }

    /// A body in pieces. The next one is made when the connection has room for it.
    pub(crate) fn pieces(pieces: impl Iterator<Item = Bytes> + Send + Unpin + 'static) -> Self {
        Self::stream(Pieces(pieces))
    }
}

impl From<Bytes> for ResponseBody {
    fn from(whole: Bytes) -> Self {
        Self::Whole(whole)
    }
}

impl From<String> for ResponseBody {
    fn from(whole: String) -> Self {
        Bytes::from(whole).into()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self.get_mut() {
            Self::Whole(body) if body.is_empty() => Poll::Ready(None),
            Self::Whole(body) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(body))))),
            Self::Stream(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_empty(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.len() as u64),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

/// The pieces of a body that are ready whenever they are asked for.
struct Pieces<I>(I);

impl<I: Iterator<Item = Bytes> + Unpin> Body for Pieces<I> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Ready(self.get_mut().0.next().map(|piece| Ok(Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(body: ResponseBody) -> Bytes {
        body.collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_whole_body_tells_its_length_and_pieces_do_not() {
        let whole = ResponseBody::from("whole".to_owned());
        assert_eq!(whole.size_hint().exact(), Some(5));
        assert_eq!(text(whole).await, "whole");

        let pieces = ResponseBody::pieces(["in ", "", "pieces"].map(Bytes::from).into_iter());
        assert_eq!(pieces.size_hint().exact(), None);
        assert_eq!(text(pieces).await, "in pieces");
    }

    #[tokio::test]
    async fn pieces_are_made_when_they_are_asked_for() {
        let made = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = std::sync::Arc::clone(&made);
        let count = move || counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut body = ResponseBody::pieces((0..3).map(move |_| {
            count();
            Bytes::from("x")
        }));
        for asked in 0..3 {
            assert_eq!(made.load(std::sync::atomic::Ordering::Relaxed), asked);
            body.frame().await.unwrap().unwrap();
        }
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_that_breaks_off_says_so() {
        struct Broken;
        impl Body for Broken {
            type Data = Bytes;
            type Error = BodyError;

            fn poll_frame(
                self: Pin<&mut Self>,
                _context: &mut Context<'_>,
            ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
                Poll::Ready(Some(Err("broken".into())))
            }
        }
        let error = ResponseBody::stream(Broken).collect().await.unwrap_err();
        assert_eq!(error.to_string(), "broken");
    }
}
