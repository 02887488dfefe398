//! What the log writes, it reads back; what it did not write, it refuses.

use asl::Value;
use asl::resource::Integration;

use super::*;
use crate::event::{Event, EventId, EventKind, FrameId, Numbered, StateType, TaskFamily, Timestamp};

fn value(text: &str) -> Value {
    asl::json::parse(text.as_bytes()).unwrap()
}

/// One event of every kind, shown ones numbered from 7.
fn one_of_each() -> Vec<Event> {
    one_of_each_with(Numbered::Written(vec![FrameId(1), FrameId(300)]), Numbered::Written(FrameId(2)))
}

/// One event of every kind, with these numbers of the frames that they begin.
fn one_of_each_with(frames: Numbered<Vec<FrameId>>, child: Numbered<FrameId>) -> Vec<Event> {
    let shared = value(r#"{"a":[1,2.50,"x"]}"#);
    let text = |text: &str| -> asl::Text { text.into() };
    let integration = TaskFamily::Integration(Integration::parse(text("sqs"), text("sendMessage")).unwrap());
    let scheduled = |family| EventKind::TaskScheduled {
        family,
        resource: text("arn"),
        parameters: value("5"),
        timeout_seconds: Some(300),
        heartbeat_seconds: None,
        credentials: Some(text("role")),
    };
    let kinds = vec![
        EventKind::ExecutionStarted { input: shared.clone(), input_text: Some(text("{ }")), role_arn: text("role") },
        EventKind::StateEntered {
            name: text("A"),
            state_type: StateType::Wait,
            input: shared.clone(),
            input_text: None,
        },
        EventKind::WaitScheduled { due: Timestamp(-5) },
        EventKind::StateExited {
            name: text("A"),
            state_type: StateType::Choice,
            output: shared.clone(),
            assigned: Some(value(r#"{"v":1}"#)),
            next: Some(text("B")),
        },
        EventKind::StateAborted { state_type: StateType::Map },
        scheduled(TaskFamily::Activity),
        scheduled(TaskFamily::LambdaFunction),
        scheduled(integration),
        EventKind::TaskStarted { family: TaskFamily::Activity, worker: Some(text("w")) },
        EventKind::TaskSubmitted { family: TaskFamily::Activity, output: value("null") },
        EventKind::TaskHeartbeat,
        EventKind::TaskSucceeded { family: TaskFamily::Activity, output: shared.clone() },
        EventKind::TaskFailed { family: TaskFamily::Activity, error: None, cause: Some(text("c")) },
        EventKind::TaskTimedOut {
            family: TaskFamily::Activity,
            error: text("States.Timeout"),
            cause: None,
            heartbeat: true,
        },
        EventKind::RetryScheduled { retrier: 2, due: Timestamp(1_700_000_000_000) },
        EventKind::ParallelStateStarted { input: shared.clone(), frames },
        EventKind::BranchSucceeded { output: shared.clone() },
        EventKind::ParallelStateSucceeded,
        EventKind::ParallelStateFailed,
        EventKind::MapStateStarted { items: value("[1,2]"), max_concurrency: 40, tolerated_failures: 1 },
        EventKind::MapIterationStarted { name: text("M"), index: 0, input: value("1"), child },
        EventKind::MapIterationSucceeded { name: text("M"), index: 300, output: value("\"o\"") },
        EventKind::MapIterationFailed { name: text("M"), index: 1 },
        EventKind::MapIterationAborted { name: text("M"), index: 1 },
        EventKind::MapStateSucceeded,
        EventKind::MapStateFailed,
        EventKind::EvaluationFailed {
            state: text("A"),
            error: text("States.QueryEvaluationError"),
            cause: text("c"),
            location: Some(text("Output")),
        },
        EventKind::ExecutionFailed { error: Some(text("e")), cause: None },
        EventKind::ExecutionAborted { error: None, cause: None },
        EventKind::ExecutionTimedOut,
        EventKind::ExecutionSucceeded { output: shared },
        EventKind::TaskCancelSettled { scheduled: EventId(12) },
    ];
    let mut next = 7;
    kinds
        .into_iter()
        .enumerate()
        .map(|(i, kind)| {
            next += u64::from(kind.is_shown());
            Event {
                id: EventId(next - 1),
                previous: EventId(if i % 3 == 0 { 0 } else { next - 2 }),
                at: Timestamp(1_700_000_000_000 + (i as i64 * 37) % 11),
                frame: FrameId(i as u32 % 5),
                kind,
            }
        })
        .collect()
}

fn encoded(events: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(events, &mut bytes);
    bytes
}

#[test]
fn what_is_written_is_read_again() {
    let events = one_of_each();
    assert_eq!(decode(&encoded(&events)).unwrap(), events);
    // A chunk of hidden events only has no number of its own to begin with.
    let hidden = vec![events[2].clone()];
    assert_eq!(decode(&encoded(&hidden)).unwrap(), hidden);
    let unnumbered = one_of_each_with(Numbered::ByOldRule, Numbered::ByOldRule);
    assert_eq!(decode(&encoded(&unnumbered)).unwrap(), unnumbered);
}

#[test]
fn a_shared_payload_is_written_once() {
    let payload = value(&format!("{{\"x\":\"{}\"}}", "y".repeat(1000)));
    let entered = |i: u64| Event {
        id: EventId(i),
        previous: EventId(i - 1),
        at: Timestamp(0),
        frame: FrameId::ROOT,
        kind: EventKind::StateEntered {
            name: "A".into(),
            state_type: StateType::Pass,
            input: payload.clone(),
            input_text: None,
        },
    };
    let bytes = encoded(&(1..=50).map(entered).collect::<Vec<_>>());
    assert!(bytes.len() < 1500, "{} bytes", bytes.len());
}

#[test]
fn damaged_bytes_are_refused_wherever_they_are() {
    let bytes = encoded(&one_of_each());
    for end in 0..bytes.len() {
        assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0xFF;
        // It may still be events, but it must not panic.
        let _ = decode(&changed);
    }
}

#[test]
fn a_newer_format_is_named() {
    let mut bytes = encoded(&one_of_each());
    bytes[0] = VERSION + 1;
    assert_eq!(decode(&bytes), Err(DecodeError::NewerFormat { found: VERSION + 1 }));
}

/// Chunks that earlier versions wrote, kept for ever: new ones are added, none is made again.
#[test]
fn a_chunk_of_an_earlier_version_is_read() {
    let mut of_version_1 = one_of_each_with(Numbered::ByOldRule, Numbered::ByOldRule);
    of_version_1.truncate(31);
    assert_eq!(decode(include_bytes!("tests/v1.bin")).unwrap(), of_version_1);
    assert_eq!(decode(include_bytes!("tests/v2.bin")).unwrap(), one_of_each());
}
