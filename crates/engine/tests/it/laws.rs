//! The laws: live state is the fold of the events, and a crash after any turn changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::run::{AllButMissing, info, json, program};
use engine::{Command, Event, EventId, EventKind, Execution, Fault, Limits, Outstanding, Status, Timestamp, Turn, log};
use proptest::prelude::*;

/// One of each pattern.
const RESOURCES: [&str; 4] = [
    "arn:aws:states:us-east-1:123456789012:activity:work",
    "arn:aws:lambda:us-east-1:123456789012:function:f",
    "arn:aws:states:::batch:submitJob.sync",
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
];

/// A state's body, without its transition.
#[derive(Clone, Debug)]
enum Body {
    Pass,
    Wait(u8),
    Task { resource: &'static str, retry: bool, catch: bool, timeout: bool },
    Fail,
    Parallel { branches: Vec<Vec<Body>>, retry: bool, catch: bool },
    Map { states: Vec<Body>, concurrency: u8, catch: bool },
}

fn body() -> impl Strategy<Value = Body> {
    let leaf = prop_oneof![
        4 => Just(Body::Pass),
        2 => (0..5u8).prop_map(Body::Wait),
        3 => (prop::sample::select(&RESOURCES), any::<(bool, bool, bool)>())
            .prop_map(|(resource, (retry, catch, timeout))| Body::Task { resource, retry, catch, timeout }),
        1 => Just(Body::Fail),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let states = prop::collection::vec(inner, 1..4);
        prop_oneof![
            (prop::collection::vec(states.clone(), 1..4), any::<bool>(), any::<bool>())
                .prop_map(|(branches, retry, catch)| Body::Parallel { branches, retry, catch }),
            (states, 0..3u8, any::<bool>()).prop_map(|(states, concurrency, catch)| Body::Map {
                states,
                concurrency,
                catch
            }),
        ]
    })
}

/// The `StartAt` and `States` of a chain of states, with names no other chain has.
fn chain(bodies: &[Body], next_name: &mut u32) -> String {
    let names: Vec<String> = bodies
        .iter()
        .map(|_| {
            *next_name += 1;
            format!("S{next_name}")
        })
        .collect();
    // A Fail state ends its chain: what follows would not be reachable.
    let end = bodies.iter().position(|body| matches!(body, Body::Fail)).map_or(bodies.len(), |at| at + 1);
    let states = (0..end).map(|at| {
        let transition = match names.get(at + 1) {
            Some(next) if at + 1 < end => format!(r#""Next":"{next}""#),
            _ => r#""End":true"#.to_owned(),
        };
        let caught = match names.get(at + 1) {
            Some(next) if at + 1 < end => {
                format!(r#","Catch":[{{"ErrorEquals":["States.ALL"],"Next":"{next}","ResultPath":null}}]"#)
            }
            _ => String::new(),
        };
        format!(r#""{}":{}"#, names[at], state(&bodies[at], &transition, &caught, next_name))
    });
    let states = states.collect::<Vec<_>>().join(",");
    format!(r#"{{"StartAt":"{}","States":{{{states}}}}}"#, names[0])
}

fn state(body: &Body, transition: &str, caught: &str, next_name: &mut u32) -> String {
    const RETRY: &str = r#","Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":2,"JitterStrategy":"FULL"}]"#;
    let when = |on: bool, text: &'static str| if on { text } else { "" };
    let caught = |on: bool| if on { caught } else { "" };
    match body {
        Body::Pass => format!(r#"{{"Type":"Pass",{transition}}}"#),
        Body::Wait(seconds) => format!(r#"{{"Type":"Wait","Seconds":{seconds},{transition}}}"#),
        Body::Fail => r#"{"Type":"Fail","Error":"E","Cause":"c"}"#.to_owned(),
        Body::Task { resource, retry, catch, timeout } => format!(
            r#"{{"Type":"Task","Resource":"{resource}","ResultPath":null{}{}{},{transition}}}"#,
            when(*timeout, r#","TimeoutSeconds":20,"HeartbeatSeconds":3"#),
            when(*retry, RETRY),
            caught(*catch),
        ),
        Body::Parallel { branches, retry, catch } => {
            let branches: Vec<_> = branches.iter().map(|branch| chain(branch, next_name)).collect();
            format!(
                r#"{{"Type":"Parallel","Branches":[{}],"ResultPath":null{}{},{transition}}}"#,
                branches.join(","),
                when(*retry, RETRY),
                caught(*catch),
            )
        }
        Body::Map { states, concurrency, catch } => format!(
            r#"{{"Type":"Map","ItemsPath":"$.items","ItemSelector":{{"items.$":"$.items","item.$":"$$.Map.Item.Value"}},"MaxConcurrency":{concurrency},"ItemProcessor":{},"ResultPath":null{},{transition}}}"#,
            chain(states, next_name),
            caught(*catch),
        ),
    }
}

/// What the world does next; the numbers choose among what is open.
#[derive(Clone, Copy, Debug)]
enum Act {
    Tick,
    Take(usize),
    Submit(usize),
    Succeed(usize),
    Fail(usize),
    Heartbeat(usize),
    /// The job of a task that was given up is cancelled.
    Cancel(usize),
    /// A result for a task that never was.
    Stray,
    Stop,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Tick),
        4 => any::<usize>().prop_map(Act::Take),
        3 => any::<usize>().prop_map(Act::Submit),
        4 => any::<usize>().prop_map(Act::Succeed),
        2 => any::<usize>().prop_map(Act::Fail),
        2 => any::<usize>().prop_map(Act::Heartbeat),
        2 => any::<usize>().prop_map(Act::Cancel),
        1 => Just(Act::Stray),
        1 => any::<u8>().prop_map(|n| if n < 20 { Act::Stop } else { Act::Tick }),
    ]
}

fn commands(execution: &Execution, act: Act, now: &mut Timestamp) -> Option<Command> {
    let tasks: Vec<EventId> = execution
        .outstanding()
        .into_iter()
        .filter_map(|outstanding| match outstanding {
            Outstanding::Task(task) => Some(task.scheduled),
            Outstanding::Timer { .. } | Outstanding::Ready | Outstanding::Cancel(_) => None,
        })
        .collect();
    let cancels: Vec<EventId> = execution.cancels().map(|task| task.scheduled).collect();
    let pick_of = |open: &[EventId], n: usize| (!open.is_empty()).then(|| open[n % open.len()]);
    let pick = |n| pick_of(&tasks, n);
    Some(match act {
        Act::Tick => {
            *now = Timestamp(execution.next_due()?.0.max(now.0));
            Command::Tick
        }
        Act::Take(n) => Command::TaskStarted { scheduled: pick(n)?, worker: None },
        Act::Submit(n) => Command::TaskSubmitted { scheduled: pick(n)?, output: json(r#"{"id":1}"#) },
        Act::Cancel(n) => Command::CancelSettled { scheduled: pick_of(&cancels, n)? },
        Act::Succeed(n) => Command::TaskSucceeded { scheduled: pick(n)?, output: json("[1]") },
        Act::Fail(n) => Command::TaskFailed { scheduled: pick(n)?, error: Some("E".into()), cause: None },
        Act::Heartbeat(n) => Command::TaskHeartbeat { scheduled: pick(n)? },
        Act::Stray => Command::TaskSucceeded { scheduled: EventId(77_777), output: json("1") },
        Act::Stop => Command::Stop { error: None, cause: None },
    })
}

fn turn(now: Timestamp, seed: u128, limits: &Limits) -> Turn<'_> {
    Turn {
        now,
        seed,
        limits,
        resources: &AllButMissing,
        budget: 25,
        bytes: usize::MAX,
        time: engine::TurnTime::UNBOUNDED,
    }
}

/// The jobs that run, or may run, of tasks that are over and did not end by themselves: what is to be cancelled.
fn jobs_given_up(history: &[Event], execution: &Execution) -> BTreeSet<EventId> {
    let (mut jobs, mut latest) = (BTreeSet::new(), BTreeMap::new());
    for event in history {
        match &event.kind {
            EventKind::TaskScheduled { family, .. } => {
                latest.insert(event.frame, event.id);
                jobs.extend(family.is_job().then_some(event.id));
            }
            EventKind::TaskSucceeded { .. } | EventKind::TaskFailed { .. } => {
                jobs.remove(&latest[&event.frame]);
            }
            EventKind::TaskCancelSettled { scheduled } => {
                assert!(jobs.remove(scheduled), "{scheduled} was cancelled and not given up");
            }
            _ => {}
        }
    }
    jobs.retain(|scheduled| execution.open_task(*scheduled).is_none());
    jobs
}

/// What recovery does: decode the stored chunks and fold them.
fn recovered(program: &Arc<asl::Program>, chunks: &[Vec<u8>]) -> Execution {
    let mut execution = Execution::new(Arc::clone(program), info());
    for event in chunks.iter().flat_map(|chunk| log::decode(chunk).unwrap()) {
        execution.apply(&event).unwrap();
    }
    execution
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// After every turn: the fold of what a store would hold equals the live state, shown events are numbered
    /// without a gap, each names an earlier one, nothing but cancellations follows the end, and every job that was
    /// given up is to be cancelled until it is. Going on from the fold instead of
    /// the live state, as after a crash at that very point, gives the same events.
    #[test]
    fn live_state_is_the_fold_of_the_events(
        bodies in prop::collection::vec(body(), 1..5),
        acts in prop::collection::vec(act(), 0..60),
        crashes in any::<u64>(),
    ) {
        let program = program(&chain(&bodies, &mut 0));
        let limits = Limits::default();
        let mut execution = Execution::new(Arc::clone(&program), info());
        let (mut now, mut chunks, mut history) = (Timestamp(0), Vec::new(), Vec::<Event>::new());
        let start = Command::Start { input: json(r#"{"items":[1,2,3]}"#), input_text: Some("{ \"items\": [1,2,3] }".into()) };
        let mut queue = vec![start];
        for (step, act) in acts.into_iter().enumerate() {
            // A turn whose budget was spent goes on before anything else.
            let command = match queue.pop() {
                Some(command) => Some(command),
                None if execution.is_ready() => Some(Command::Continue),
                None => commands(&execution, act, &mut now),
            };
            let Some(command) = command else { continue };
            let mut events = Vec::new();
            match execution.advance(command, &turn(now, step as u128, &limits), &mut events) {
                Ok(_) => {}
                Err(Fault::Ignored(_)) => prop_assert!(events.is_empty()),
                Err(fault) => return Err(TestCaseError::fail(format!("{fault:?}"))),
            }
            if events.is_empty() {
                continue;
            }
            let mut bytes = Vec::new();
            log::encode(&events, &mut bytes);
            chunks.push(bytes);
            history.extend(events);
            let folded = recovered(&program, &chunks);
            prop_assert_eq!(&folded, &execution);
            let cancels: BTreeSet<_> = execution.cancels().map(|task| task.scheduled).collect();
            prop_assert_eq!(cancels, jobs_given_up(&history, &execution));
            let is_to_hand_out = execution.outstanding().iter().any(|outstanding| match outstanding {
                Outstanding::Task(task) => task.is_to_hand_out(),
                Outstanding::Cancel(_) => true,
                Outstanding::Timer { .. } | Outstanding::Ready => false,
            });
            prop_assert_eq!(execution.is_to_hand_out(), is_to_hand_out);
            if crashes >> (step % 64) & 1 == 1 {
                execution = folded;
            }
        }
        audit(&history, &execution)?;
    }

    /// Damaged or foreign bytes are refused or read, never survived by luck.
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(events) = log::decode(&bytes) {
            let mut execution = Execution::new(program(&chain(&[Body::Pass], &mut 0)), info());
            let _ = events.iter().try_for_each(|event| execution.apply(event));
        }
    }
}

fn audit(history: &[Event], execution: &Execution) -> Result<(), TestCaseError> {
    let shown: Vec<&Event> = history.iter().filter(|event| event.kind.is_shown()).collect();
    for (at, event) in shown.iter().enumerate() {
        prop_assert_eq!(event.id.0, at as u64 + 1);
        prop_assert!(event.previous < event.id);
    }
    let ends = history.iter().filter(|event| event.kind.is_end()).count();
    prop_assert_eq!(ends, usize::from(execution.status() != Status::Running));
    if ends == 1 {
        let is_settling = |event: &Event| matches!(event.kind, EventKind::TaskCancelSettled { .. });
        let mut after = history.iter().skip_while(|event| !event.kind.is_end()).skip(1);
        prop_assert!(after.all(is_settling), "something follows the end");
        let is_cancel = |open: &Outstanding| matches!(open, Outstanding::Cancel(_));
        prop_assert!(execution.outstanding().iter().all(is_cancel), "an execution that is over waits");
    }
    // An execution that began and is not over waits for something.
    if ends == 0 && !history.is_empty() {
        prop_assert!(!execution.outstanding().is_empty());
    }
    Ok(())
}
