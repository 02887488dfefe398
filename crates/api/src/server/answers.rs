//! The answers that clients have not taken yet: all of them within one budget.
//!
//! Where there is no room for an answer, the call is throttled. One that must not be done twice is throttled before it is
//! done, and once done it is answered: a client repeats what was throttled.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use hyper::body::{Body, Frame, SizeHint};
use runtime::{Runtime, Throttled};

use super::budget::{Budget, Charge};
use super::{AMZ_TARGET, refused};
use crate::error::ApiError;
use crate::response_body::{BodyError, ResponseBody};

/// Bytes up to which an answer is not charged: as many as there may be connections are no danger. No quota: below it
/// counting costs more than what is counted.
const SMALL_BYTES: usize = 16 * 1024;
/// Bytes that an answer in pieces is charged: those of the pieces that are made ahead of the client. No quota.
const STREAM_BYTES: usize = 256 * 1024;

/// Whether a call may be repeated without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeatable {
    /// It reads, or what it does is done once however often it is asked for, or its answer is small.
    Yes,
    /// It runs something each time, and answers what came of it.
    No,
}

impl Repeatable {
    /// That of a request, by its head.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        const RUNS: [&[u8]; 2] = [b".StartSyncExecution", b".TestState"];
        let is_aws_json = request.uri().path() == "/";
        let target = request.headers().get(&AMZ_TARGET).map(HeaderValue::as_bytes).unwrap_or_default();
        let invokes = !is_aws_json && request.method() == Method::POST;
        if invokes || RUNS.iter().any(|operation| target.ends_with(operation)) { Self::No } else { Self::Yes }
    }
}

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

    /// Whether a call may begin. One that may be repeated always may.
    pub(super) fn admit(&self, repeatable: Repeatable) -> Result<(), ApiError> {
        if repeatable == Repeatable::Yes || !self.budget.is_exhausted() {
            return Ok(());
        }
        self.runtime.count_throttled(Throttled::Answer);
        Err(ApiError::throttled())
    }

    /// The answer, charged until the client has taken it. Throttled where there is no room for it.
    pub(super) fn charged(&self, response: Response<ResponseBody>, repeatable: Repeatable) -> Response<ResponseBody> {
        let bytes = match response.body() {
            ResponseBody::Whole(whole) if whole.len() <= SMALL_BYTES => return response,
            ResponseBody::Whole(whole) => whole.len(),
            ResponseBody::Stream(_) => STREAM_BYTES,
        };
        let mut charge = self.budget.account();
        if repeatable == Repeatable::No {
            charge.overdraw(bytes);
        } else if charge.add(bytes).is_err() {
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
        let answers = Answers::new(api.runtime);
        let first = answers.charged(whole(200_000), Repeatable::Yes);
        assert_eq!(first.status(), StatusCode::OK);
        for refused in [whole(200_000), stream()] {
            assert_eq!(answers.charged(refused, Repeatable::Yes).status(), StatusCode::BAD_REQUEST);
        }
        assert_eq!(answers.charged(whole(SMALL_BYTES), Repeatable::Yes).status(), StatusCode::OK);
        // What the connection has taken is charged until it is sent.
        let taken = first.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(answers.charged(stream(), Repeatable::Yes).status(), StatusCode::BAD_REQUEST);
        drop(taken);
        let streamed = answers.charged(stream(), Repeatable::Yes);
        assert_eq!(streamed.status(), StatusCode::OK);
        assert_eq!(answers.charged(whole(200_000), Repeatable::Yes).status(), StatusCode::BAD_REQUEST);
        drop(streamed);
        assert_eq!(answers.charged(whole(200_000), Repeatable::Yes).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn what_must_not_be_done_twice_is_refused_before_and_answered_after() {
        let api = api_with(Quotas { answers_bytes: 300_000, ..Quotas::default() });
        let answers = Answers::new(api.runtime);
        assert!(answers.admit(Repeatable::No).is_ok());
        let done = [200_000, 200_000].map(|bytes| answers.charged(whole(bytes), Repeatable::No));
        assert_eq!(done.each_ref().map(Response::status), [StatusCode::OK; 2]);
        assert!(answers.admit(Repeatable::No).is_err() && answers.admit(Repeatable::Yes).is_ok());
        drop(done);
        assert!(answers.admit(Repeatable::No).is_ok());
    }

    #[test]
    fn a_call_is_known_by_its_head() {
        let of = |path: &str, target: &str| {
            Repeatable::of(&Request::post(path).header(AMZ_TARGET, target).body(()).unwrap())
        };
        for (path, target, expected) in [
            ("/", "AWSStepFunctions.DescribeExecution", Repeatable::Yes),
            ("/", "AWSStepFunctions.StartExecution", Repeatable::Yes),
            ("/", "", Repeatable::Yes),
            ("/", "AWSStepFunctions.StartSyncExecution", Repeatable::No),
            ("/", "AWSStepFunctions.TestState", Repeatable::No),
            ("/2015-03-31/functions/f/invocations", "", Repeatable::No),
        ] {
            assert_eq!(of(path, target), expected, "{path} {target}");
        }
    }
}
