//! Takes in the bodies of requests: each within its own bound, all of them within one budget.
//!
//! Bytes are charged as they arrive. Where the budget is used up, a call is throttled; where it is half used, bodies
//! that have been under way for long make room, so that nobody keeps it by sending slowly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use runtime::{Runtime, Throttled};

use super::budget::{Budget, Charge, Exhausted};
use crate::deadline::Deadline;
use crate::error::ApiError;
use crate::response_body::BodyError;

/// How long a client may take to send a request's body.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take while the budget is pressed.
const PRESSED_TIMEOUT: Duration = Duration::from_secs(2);
/// How often a body that is awaited looks whether the budget is pressed.
const LOOK: Duration = Duration::from_millis(500);
/// How much of a body that is too large is read and thrown away, so that the client gets to read the answer, as a
/// multiple of what a body may have.
const DISCARD_FACTOR: usize = 8;
/// How long what a refused request still sends is read and thrown away.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);
/// Who sends nothing for so long waits for the answer.
const DISCARD_PAUSE: Duration = Duration::from_millis(500);

/// A request's whole body. What it takes up is given back when it is dropped.
pub(super) struct RequestBody {
    /// The bytes.
    pub(super) bytes: Bytes,
    _charge: Charge,
}

/// Why a body is not read.
#[derive(Debug)]
enum Unread {
    TooLarge,
    Slow,
    Throttled,
    Broken,
}

impl From<Exhausted> for Unread {
    fn from(_: Exhausted) -> Self {
        Self::Throttled
    }
}

impl From<BodyError> for Unread {
    fn from(error: BodyError) -> Self {
        if error.is::<LengthLimitError>() { Self::TooLarge } else { Self::Broken }
    }
}

/// Takes in bodies.
pub(super) struct RequestBodies {
    budget: Arc<Budget>,
    runtime: Runtime,
}

impl RequestBodies {
    /// Within the quotas of that runtime, which counts what is throttled.
    pub(super) fn new(runtime: Runtime) -> Self {
        Self { budget: Budget::new(runtime.quotas().bodies_bytes), runtime }
    }

    /// The whole body, of so many bytes at most.
    pub(super) async fn read<B>(&self, body: B, bytes_max: usize) -> Result<RequestBody, ApiError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        let mut body = Limited::new(body, bytes_max.saturating_mul(DISCARD_FACTOR));
        let read = match self.collect(&mut body, bytes_max).await {
            Err(unread @ (Unread::Throttled | Unread::TooLarge)) => {
                if matches!(unread, Unread::Throttled) {
                    self.runtime.count_throttled(Throttled::Body);
                }
                discard_rest(&mut body).await;
                Err(unread)
            }
            other => other,
        };
        read.map_err(|unread| refusal(&unread, bytes_max))
    }

    /// Reads what a client still sends, and throws it away: it reads no answer before it has sent what it has.
    pub(super) async fn discard<B>(&self, body: B)
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        let most = self.runtime.quotas().request_bytes.saturating_mul(DISCARD_FACTOR);
        discard_rest(&mut Limited::new(body, most)).await;
    }

    async fn collect<B>(&self, body: &mut Limited<B>, bytes_max: usize) -> Result<RequestBody, Unread>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        // Who says that it will be too much need not send it.
        if body.size_hint().lower() > bytes_max as u64 {
            return Err(Unread::TooLarge);
        }
        let (begun, deadline) = (Instant::now(), Deadline::within(Some(TIMEOUT)));
        let mut charge = self.budget.account();
        let Some(first) = self.next(body, begun, deadline).await? else {
            return Ok(RequestBody { bytes: Bytes::new(), _charge: charge });
        };
        charge.add(first.len())?;
        // Most requests come in one piece, which needs no copy.
        if body.is_end_stream() && first.len() <= bytes_max {
            return Ok(RequestBody { bytes: first, _charge: charge });
        }
        let expected = body.size_hint().exact().and_then(|rest| usize::try_from(rest).ok()).unwrap_or(0);
        let mut whole = Vec::with_capacity(first.len() + expected.min(bytes_max));
        whole.extend_from_slice(&first);
        drop(first);
        let mut total = whole.len();
        while let Some(data) = self.next(body, begun, deadline).await? {
            total += data.len();
            if total <= bytes_max {
                charge.add(data.len())?;
                whole.extend_from_slice(&data);
            } else {
                whole = Vec::new();
                charge.clear();
            }
        }
        if total > bytes_max {
            return Err(Unread::TooLarge);
        }
        Ok(RequestBody { bytes: Bytes::from(whole), _charge: charge })
    }

    /// The next piece of a body, `None` at its end. One that takes too long is given up.
    async fn next<B>(&self, body: &mut Limited<B>, begun: Instant, deadline: Deadline) -> Result<Option<Bytes>, Unread>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        loop {
            let patience = deadline.remaining().min(LOOK);
            if let Ok(frame) = tokio::time::timeout(patience, body.frame()).await {
                return Ok(frame.transpose()?.map(|frame| frame.into_data().unwrap_or_default()));
            }
            let is_late = begun.elapsed() > PRESSED_TIMEOUT && self.budget.is_pressed();
            if is_late || deadline.remaining().is_zero() {
                return Err(Unread::Slow);
            }
        }
    }
}

async fn discard_rest<B>(body: &mut Limited<B>)
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BodyError>,
{
    let all = async { while let Ok(Some(Ok(_))) = tokio::time::timeout(DISCARD_PAUSE, body.frame()).await {} };
    // Whoever takes longer, or sends more, finds the connection closed.
    let _ = tokio::time::timeout(DISCARD_TIMEOUT, all).await;
}

/// The answer to a body that is longer than it may be.
pub(crate) fn too_large(bytes_max: usize) -> ApiError {
    refusal(&Unread::TooLarge, bytes_max)
}

fn refusal(unread: &Unread, bytes_max: usize) -> ApiError {
    let with = |status, code, message: String| {
        let mut error = ApiError::new(code, message);
        error.status = status;
        error
    };
    match unread {
        Unread::TooLarge => with(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            format!("The request's body is larger than {bytes_max} bytes."),
        ),
        Unread::Slow => {
            with(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", "The request's body did not arrive in time.".to_owned())
        }
        Unread::Throttled => ApiError::throttled(),
        Unread::Broken => ApiError::serialization("The request's body could not be read."),
    }
}
