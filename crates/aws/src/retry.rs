//! When a failed request is sent again, and after what delay.
//!
//! Source: "Retry behavior" in the AWS SDKs and Tools Reference Guide, the standard mode: three attempts, exponential
//! backoff with full jitter up to 20 seconds, for throttling, for servers' faults and for broken connections.

use std::time::Duration;

use crate::ServiceError;

/// The longest backoff that is not asked for by the service.
const MAX_BACKOFF: Duration = Duration::from_secs(20);

/// The codes that say: too many requests.
const THROTTLING: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// The codes that say: it may go better the next time.
const TRANSIENT: &[&str] = &["RequestTimeout", "RequestTimeoutException"];

/// How often and how fast.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    /// How often a request is sent at most, at least 1.
    pub(crate) attempts: u32,
    /// What the first delay is drawn from; each later one from twice as much.
    pub(crate) base: Duration,
}

impl Retry {
    /// The delay after so many attempts. `asked` is what the service asks for.
    pub(crate) fn delay(&self, attempts: u32, asked: Option<Duration>) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        // Without a system that gives random numbers the delay is the longest, which is safe.
        let dice = getrandom::u32().unwrap_or(u32::MAX);
        Some(asked.unwrap_or_else(|| self.backoff(attempts, f64::from(dice) / f64::from(u32::MAX))))
    }

    /// `dice` is from 0 to 1.
    fn backoff(&self, attempts: u32, dice: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.base.saturating_mul(doubled).min(MAX_BACKOFF).mul_f64(dice)
    }
}

impl ServiceError {
    /// Whether the service says that it is asked too often.
    pub fn is_throttling(&self) -> bool {
        self.status == 429 || THROTTLING.contains(&self.code.as_str())
    }
}

/// Whether a refusal may be none the next time.
pub(crate) fn is_transient(error: &ServiceError) -> bool {
    error.is_throttling() || TRANSIENT.contains(&error.code.as_str()) || matches!(error.status, 500 | 502 | 503 | 504)
}

/// The delay that an answer's headers ask for: `x-amz-retry-after` in milliseconds, `Retry-After` in seconds. A date in
/// `Retry-After` is not read.
pub(crate) fn asked(headers: &[(String, String)]) -> Option<Duration> {
    let value = |name: &str| {
        let (_, value) = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        value.trim().parse::<u32>().ok().map(u64::from)
    };
    let milliseconds = value("x-amz-retry-after").map(Duration::from_millis);
    milliseconds.or_else(|| value("retry-after").map(Duration::from_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_limit_and_end_with_the_attempts() {
        let retry = Retry { attempts: 60, base: Duration::from_secs(1) };
        let seconds: Vec<_> = (1..=7).map(|attempts| retry.backoff(attempts, 1.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 20, 20]);
        assert_eq!(retry.backoff(59, 0.5), Duration::from_secs(10));
        assert_eq!(retry.backoff(3, 0.0), Duration::ZERO);
        assert!(retry.delay(59, None).is_some());
        assert_eq!(retry.delay(60, Some(Duration::ZERO)), None);
        assert_eq!(retry.delay(1, Some(Duration::from_secs(90))), Some(Duration::from_secs(90)));
    }

    #[test]
    fn throttling_and_servers_faults_are_transient() {
        let error = |code: &str, status| ServiceError {
            code: code.to_owned(),
            shape: None,
            message: String::new(),
            status,
            request_id: None,
            extended_request_id: None,
            attempts: 1,
        };
        let table = [
            ("ThrottlingException", 400, true),
            ("RequestTimeout", 400, true),
            ("Unknown", 503, true),
            ("Unknown", 429, true),
            ("ValidationException", 400, false),
            ("Unknown", 501, false),
            ("NoSuchKey", 404, false),
        ];
        for (code, status, expected) in table {
            assert_eq!(is_transient(&error(code, status)), expected, "{code} {status}");
        }
    }

    #[test]
    fn the_service_may_ask_for_a_delay() {
        let headers = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(asked(&headers(&[("Retry-After", "2")])), Some(Duration::from_secs(2)));
        let both = headers(&[("Retry-After", "2"), ("x-amz-retry-after", "1500")]);
        assert_eq!(asked(&both), Some(Duration::from_millis(1500)));
        assert_eq!(asked(&headers(&[("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")])), None);
        assert_eq!(asked(&[]), None);
    }
}
