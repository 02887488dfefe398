//! The answers that clients have not taken yet: all of them within one budget.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use hyper::body::{Body, Frame, SizeHint};
use runtime::{Runtime, Throttled};

use super::budget::{Budget, Charge};
use super::refused;
use crate::error::ApiError;
use crate::response_body::{BodyError, ResponseBody};

/// Bytes up to which an answer is not charged: as many as there may be connections are no danger. No quota: below it
/// counting costs more than what is counted.
const SMALL_BYTES: usize = 16 * 1024;
/// Bytes that an answer in pieces is charged: those of the pieces that are made ahead of the client. No quota.
const STREAM_BYTES: usize = 256 * 1024;

/// The answers under way.
pub(super) struct Answers {
    budget: Arc<Budget>,
    runtime: Runtime,
}

impl Answers {
    /// Within the quotas of that runtime, which counts what is throttled.
    pub(super) fn new(runtime: Runtime) -> Self {
        Self { budget: Budget::new(runtime.quotas().answers_bytes), runtime }
    }

    /// The answer, charged until the client has taken it. Throttled where there is no room for it.
    pub(super) fn charged(&self, response: Response<ResponseBody>) -> Response<ResponseBody> {
        let bytes = match response.body() {
            ResponseBody::Whole(whole) if whole.len() <= SMALL_BYTES => return response,
            ResponseBody::Whole(whole) => whole.len(),
            ResponseBody::Stream(_) => STREAM_BYTES,
        };
        let mut charge = self.budget.account();
        if charge.add(bytes).is_err() {
            self.runtime.count_throttled(Throttled::Answer);
            return refused(&ApiError::throttled());
        }
        response.map(|body| match body {
            ResponseBody::Whole(whole) => charge.held_by(whole).into(),
            ResponseBody::Stream(stream) => ResponseBody::stream(ChargedStream { stream, _charge: charge }),
        })
    }
}

/// A body in pieces that is charged while it is there.
struct ChargedStream<B> {
    stream: B,
    _charge: Charge,
}

impl<B: Body<Data = Bytes, Error = BodyError> + Unpin> Body for ChargedStream<B> {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Pin::new(&mut self.stream).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.stream.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use http_body_util::BodyExt;
    use runtime::quotas::Quotas;

    use super::*;
    use crate::tests::api_with;

    fn whole(bytes: usize) -> Response<ResponseBody> {
        Response::new(Bytes::from(vec![b'x'; bytes]).into())
    }

    fn stream() -> Response<ResponseBody> {
        Response::new(ResponseBody::pieces(std::iter::once(Bytes::from_static(b"x"))))
    }

    #[tokio::test]
    async fn answers_beyond_the_budget_are_throttled_until_others_are_taken() {
        let api = api_with(Quotas { answers_bytes: 300_000, ..Quotas::default() });
        let answers = Answers::new(api.runtime.clone());
        let first = answers.charged(whole(200_000));
        assert_eq!(first.status(), StatusCode::OK);
        for refused in [whole(200_000), stream()] {
            assert_eq!(answers.charged(refused).status(), StatusCode::BAD_REQUEST);
        }
        assert_eq!(answers.charged(whole(SMALL_BYTES)).status(), StatusCode::OK);
        // What the connection has taken is charged until it is sent.
        let taken = first.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(answers.charged(stream()).status(), StatusCode::BAD_REQUEST);
        drop(taken);
        let streamed = answers.charged(stream());
        assert_eq!(streamed.status(), StatusCode::OK);
        assert_eq!(answers.charged(whole(200_000)).status(), StatusCode::BAD_REQUEST);
        drop(streamed);
        assert_eq!(answers.charged(whole(200_000)).status(), StatusCode::OK);
    }
}
