//! How fast the executions of one state machine may start others.
//!
//! A state machine that starts itself twice would grow without end, and as fast as the machine can. Beyond its rate a
//! start waits for its turn: it is delayed, it does not fail. AWS bounds the rate of StartExecution for an account.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use asl::Text;
use asl::resource::Service;
use integrations::Target;

use crate::sync::lock;

/// So much of the rate may come at once.
const BURST: Duration = Duration::from_secs(1);

/// State machines after which those are forgotten that start nothing any more.
/// No quota: when it is tidied up.
const TIDY_FROM: usize = 1_024;

/// The starts of all state machines.
pub(super) struct NestedStarts {
    /// Time from one start to the next.
    interval: Duration,
    /// When the next start of each would be due at its rate.
    due: Mutex<HashMap<Text, Instant>>,
}

impl NestedStarts {
    /// So many a second for each state machine; 0 for as many as there are.
    pub(super) fn a_second(count: u64) -> Self {
        let interval = Duration::from_secs(1).checked_div(u32::try_from(count).unwrap_or(u32::MAX)).unwrap_or_default();
        Self { interval, due: Mutex::default() }
    }

    /// How long a start by an execution of that state machine is to wait. It counts as begun then.
    pub(super) fn wait(&self, state_machine_arn: &Text, now: Instant) -> Duration {
        if self.interval.is_zero() {
            return Duration::ZERO;
        }
        let mut due = lock(&self.due);
        if due.len() >= TIDY_FROM {
            due.retain(|_, due| *due > now);
        }
        // What was not started lately may be started at once, up to the burst.
        let turn = due.get(state_machine_arn).copied().unwrap_or(now).max(now);
        let wait = turn.saturating_duration_since(now).saturating_sub(BURST);
        due.insert(state_machine_arn.clone(), turn + self.interval);
        wait
    }
}

/// How what is called starts an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Answered when it has begun.
    Begins,
    /// Answered when it has ended.
    Ends,
}

impl Start {
    /// `None` where what is called starts none.
    pub(super) fn by(target: &Target) -> Option<Self> {
        let Target::Integration(integration) = target else { return None };
        match (integration.service(), integration.action()) {
            (Service::Optimized("states") | Service::AwsSdk("sfn"), "startExecution") => Some(Self::Begins),
            (Service::AwsSdk("sfn"), "startSyncExecution") => Some(Self::Ends),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use asl::resource::Resource;

    use super::*;

    #[test]
    fn beyond_a_burst_starts_wait_for_their_turn_each_state_machine_for_its_own() {
        let (starts, now) = (NestedStarts::a_second(100), Instant::now());
        let (fork, other) = (Text::from("fork"), Text::from("other"));
        for _ in 0..=100 {
            assert_eq!(starts.wait(&fork, now), Duration::ZERO);
        }
        for turn in 1..=50 {
            assert_eq!(starts.wait(&fork, now), Duration::from_millis(10 * turn));
        }
        assert_eq!(starts.wait(&other, now), Duration::ZERO);
        let later = now + BURST * 3;
        assert_eq!(starts.wait(&fork, later), Duration::ZERO);
    }

    #[test]
    fn without_a_rate_nobody_waits() {
        let (starts, now) = (NestedStarts::a_second(0), Instant::now());
        assert!((0..100_000).all(|_| starts.wait(&"fork".into(), now).is_zero()));
        assert!(lock(&starts.due).is_empty());
    }

    #[test]
    fn those_that_start_nothing_any_more_are_forgotten() {
        let (starts, now) = (NestedStarts::a_second(1_000), Instant::now());
        for machine in 0..TIDY_FROM {
            starts.wait(&format!("m{machine}").into(), now);
        }
        starts.wait(&"late".into(), now + BURST);
        assert_eq!(lock(&starts.due).len(), 1);
    }

    #[test]
    fn what_starts_executions_is_known_by_any_of_its_names() {
        let start = |arn: &str| Start::by(&Target::of(&Resource::parse(&arn.into()).unwrap()).unwrap());
        for (arn, expected) in [
            ("arn:aws:states:::states:startExecution", Some(Start::Begins)),
            ("arn:aws:states:::states:startExecution.sync:2", Some(Start::Begins)),
            ("arn:aws:states:::aws-sdk:sfn:startExecution", Some(Start::Begins)),
            ("arn:aws:states:::aws-sdk:sfn:startSyncExecution", Some(Start::Ends)),
            ("arn:aws:states:::sqs:sendMessage", None),
            ("arn:aws:states:::aws-sdk:sfn:stopExecution", None),
            ("arn:aws:lambda:us-east-1:123456789012:function:startExecution", None),
        ] {
            assert_eq!(start(arn), expected, "{arn}");
        }
    }
}
