//! Percentiles and medians.

use std::time::Duration;

/// Durations of single requests, gathered during a run.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds one.
    pub(crate) fn record(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// Adds those of another client.
    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest latency that at least that share (0 to 1) of all do not exceed; zero where there are none.
    pub(crate) fn percentile(&mut self, share: f64) -> Duration {
        if self.0.is_empty() {
            return Duration::ZERO;
        }
        let rank = (share * self.0.len() as f64).ceil() as usize;
        let index = rank.clamp(1, self.0.len()) - 1;
        *self.0.select_nth_unstable(index).1
    }
}

/// The middle of the values, the mean of the two middle ones where their number is even; zero where there are none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        length if length % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// Milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// A duration for each of so many units, in microseconds; zero where there are none.
pub(crate) fn microseconds_each(duration: Duration, units: u64) -> f64 {
    ratio(duration.as_secs_f64() * 1e6, units as f64)
}

/// So many units in that time, a second; zero where no time went by.
pub(crate) fn rate(units: u64, duration: Duration) -> f64 {
    ratio(units as f64, duration.as_secs_f64())
}

/// The quotient; zero where the divisor is zero.
pub(crate) fn ratio(dividend: f64, divisor: f64) -> f64 {
    if divisor == 0.0 { 0.0 } else { dividend / divisor }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latencies(milliseconds: &[u64]) -> Latencies {
        Latencies(milliseconds.iter().map(|value| Duration::from_millis(*value)).collect())
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hundred: Vec<u64> = (1..=100).rev().collect();
        let cases: [(&[u64], f64, u64); 7] = [
            (&hundred, 0.5, 50),
            (&hundred, 0.99, 99),
            (&hundred, 1.0, 100),
            (&hundred, 0.0, 1),
            (&[7], 0.5, 7),
            (&[3, 1, 2], 0.5, 2),
            (&[2, 1], 0.99, 2),
        ];
        for (values, share, expected) in cases {
            assert_eq!(latencies(values).percentile(share), Duration::from_millis(expected), "{share} of {values:?}");
        }
    }

    #[test]
    fn nothing_has_percentile_zero() {
        assert_eq!(Latencies::default().percentile(0.5), Duration::ZERO);
    }

    #[test]
    fn merging_keeps_all() {
        let mut all = latencies(&[1, 2]);
        all.merge(latencies(&[9]));
        assert_eq!(all.len(), 3);
        assert_eq!(all.percentile(1.0), Duration::from_millis(9));
    }

    #[test]
    fn medians_ignore_order() {
        let cases: [(&[f64], f64); 5] =
            [(&[], 0.0), (&[5.0], 5.0), (&[3.0, 1.0, 2.0], 2.0), (&[4.0, 1.0], 2.5), (&[4.0, 1.0, 3.0, 2.0], 2.5)];
        for (values, expected) in cases {
            assert!((median(values) - expected).abs() < 1e-9, "{values:?}");
        }
    }

    #[test]
    fn rates_without_time_or_units_are_zero() {
        assert!((rate(10, Duration::from_secs(2)) - 5.0).abs() < 1e-9);
        assert!(rate(10, Duration::ZERO) == 0.0);
        assert!((microseconds_each(Duration::from_millis(1), 4) - 250.0).abs() < 1e-9);
        assert!(microseconds_each(Duration::from_millis(1), 0) == 0.0);
    }
}
