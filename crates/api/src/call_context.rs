//! What an operation knows of its call besides the members, and what it needs of the server.

use std::fmt::{self, Display};

use asl::Text;
use runtime::Runtime;

use crate::deadline::Deadline;
use crate::request_id::RequestId;
use crate::shapes::TRACE_HEADER_LENGTH_MAX;
use runtime::quotas::Quotas;

/// One call, as its operation sees it.
pub(crate) struct CallContext<'a> {
    /// Who calls.
    pub(crate) principal: Principal,
    /// The id in the answer and in the log.
    pub(crate) request_id: RequestId,
    /// The trace that the call is part of.
    pub(crate) trace: Option<TraceHeader>,
    /// When the caller must have an answer.
    pub(crate) deadline: Deadline,
    /// What does the work.
    pub(crate) runtime: &'a Runtime,
    /// The bounds of requests.
    pub(crate) quotas: &'a Quotas,
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Principal {
    /// Nobody looked: signatures are not checked.
    Anonymous,
}

impl Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

/// The header `X-Amzn-Trace-Id`, which AWS takes for StartExecution's `traceHeader`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceHeader(Text);

impl TraceHeader {
    /// The header's value. One that no `traceHeader` may have is as good as none: it is not the caller's word, but that
    /// of a library or a proxy between.
    pub(crate) fn of(header: &str) -> Option<Self> {
        let fits = (1..=TRACE_HEADER_LENGTH_MAX).contains(&header.len()) && header.is_ascii();
        fits.then(|| Self(header.into()))
    }

    /// Its text.
    pub(crate) fn text(&self) -> Text {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_no_trace_header_may_have_is_none() {
        assert_eq!(&*TraceHeader::of("Root=1-2-3;Sampled=1").unwrap().text(), "Root=1-2-3;Sampled=1");
        assert!(TraceHeader::of(&"x".repeat(256)).is_some());
        for bad in ["", "é", &"x".repeat(257)] {
            assert_eq!(TraceHeader::of(bad), None, "{bad}");
        }
    }
}
