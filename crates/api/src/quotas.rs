//! Every bound of requests that is one of AWS's quotas.

use std::time::Duration;

/// Seconds of a day.
pub const DAY_SECONDS: u64 = 24 * 60 * 60;

/// Bounds of requests. Each is a setting, whose default is AWS's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Bytes a request's body may have ("Maximum request size", 1 MB; AWS raises it for nobody).
    pub request_bytes: usize,
    /// Items of a page where a request asks for no number (`maxResults`: 100). At most 1,000 can be asked for.
    pub page_items: usize,
    /// How long GetActivityTask waits for a task ("Idle time of a GetActivityTask": 60 s).
    pub activity_poll: Duration,
    /// How long the test of a state may take (TestState: 5 minutes).
    pub state_test: Duration,
    /// How long after its end an execution may be redriven ("Redrivable period": 14 days).
    pub redrivable_period: Duration,
    /// How long after its beginning an execution may be redriven ("Maximum execution time": 1 year).
    pub redrivable_age: Duration,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            request_bytes: 1_048_576,
            page_items: 100,
            activity_poll: Duration::from_secs(60),
            state_test: Duration::from_secs(300),
            redrivable_period: Duration::from_secs(14 * DAY_SECONDS),
            redrivable_age: Duration::from_secs(365 * DAY_SECONDS),
        }
    }
}
