//! Chooses the delay before a retry.

use asl::program::{JitterStrategy, Retrier};

/// Seconds before the next attempt, when the retrier took `attempts` errors in this visit already; `None`
/// once its attempts are spent.
pub(crate) fn delay_seconds(retrier: &Retrier, attempts: u64, draw: impl FnOnce() -> f64) -> Option<f64> {
    if attempts >= retrier.max_attempts {
        return None;
    }
    let exponent = i32::try_from(attempts).unwrap_or(i32::MAX);
    let backoff = retrier.interval_seconds as f64 * retrier.backoff_rate.powi(exponent);
    let capped = retrier.max_delay_seconds.map_or(backoff, |max| backoff.min(max as f64));
    Some(match retrier.jitter {
        JitterStrategy::None => capped,
        JitterStrategy::Full => capped * draw(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier() -> Retrier {
        Retrier {
            error_equals: vec!["States.ALL".into()],
            interval_seconds: 3,
            max_attempts: 4,
            backoff_rate: 2.0,
            max_delay_seconds: None,
            jitter: JitterStrategy::None,
        }
    }

    fn delays(retrier: &Retrier) -> Vec<Option<f64>> {
        (0..5).map(|attempts| delay_seconds(retrier, attempts, || 0.5)).collect()
    }

    #[test]
    fn the_delay_grows_by_the_backoff_rate_until_the_attempts_are_spent() {
        assert_eq!(delays(&retrier()), [Some(3.0), Some(6.0), Some(12.0), Some(24.0), None]);
    }

    #[test]
    fn the_delay_stops_at_the_maximum() {
        let retrier = Retrier { max_delay_seconds: Some(10), ..retrier() };
        assert_eq!(delays(&retrier), [Some(3.0), Some(6.0), Some(10.0), Some(10.0), None]);
    }

    #[test]
    fn full_jitter_draws_below_the_capped_delay() {
        let retrier = Retrier { jitter: JitterStrategy::Full, max_delay_seconds: Some(10), ..retrier() };
        assert_eq!(delays(&retrier), [Some(1.5), Some(3.0), Some(5.0), Some(5.0), None]);
    }

    #[test]
    fn endless_attempts_never_overflow() {
        let retrier = Retrier { max_attempts: u64::MAX, ..retrier() };
        assert!(delay_seconds(&retrier, u64::MAX - 1, || 0.0).is_some());
    }
}
