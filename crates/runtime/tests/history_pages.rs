//! GetExecutionHistory over long histories: pages end by events and by bytes, and are read no further than they go.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use asl::{Text, Value};
use engine::EventId;
use engine::history::HistoryEvent;
use runtime::calls::{CreateStateMachine, GetExecutionHistory, HistoryPage, StartExecution};
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::tasks::no_tasks;
use runtime::{Runtime, RuntimeOptions};
use store::fault::{Fate, Faulty};
use store::memory::MemoryStore;
use store::record::MachineType;
use store::{Executions, Store};

/// What each of the states gives.
const PAYLOAD: usize = 1_000;
const STATES: usize = 30;
/// Each state is entered and left; the start, the end.
const EVENTS: u64 = 2 * STATES as u64 + 2;

struct Bench {
    store: Arc<Faulty<MemoryStore>>,
    runtime: Runtime,
    execution: Text,
}

/// A server whose pages have so many bytes, with an execution that is over.
async fn bench(page_bytes: usize) -> Bench {
    let state = |number: usize| {
        let next =
            if number + 1 < STATES { format!(r#""Next":"S{}""#, number + 1) } else { r#""End":true"#.to_owned() };
        format!(r#""S{number}":{{"Type":"Pass","Result":"{}",{next}}}"#, "x".repeat(PAYLOAD))
    };
    execution(page_bytes, &(0..STATES).map(state).collect::<Vec<_>>().join(","), Value::Null).await
}

/// The same of an execution that begins with the state `S0` of these.
async fn execution(page_bytes: usize, states: &str, input: Value) -> Bench {
    let store = Arc::new(Faulty::new(Arc::new(MemoryStore::new()), |_, _| Fate::Pass));
    let quotas = Quotas { page_bytes, ..Quotas::default() };
    let options = RuntimeOptions { region: "us-east-1".into(), account: "123456789012".into(), quotas, shards: 1 };
    let shared = Arc::clone(&store) as Arc<dyn Store>;
    let runtime = Runtime::open(shared, Arc::new(WallClock), options, no_tasks).unwrap();
    let machine = CreateStateMachine {
        name: "m".into(),
        definition: format!(r#"{{"StartAt":"S0","States":{{{states}}}}}"#).into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine_type: MachineType::Standard,
        settings: Value::empty_object(),
        tags: Value::empty_object(),
        publish: None,
    };
    let state_machine_arn = runtime.create_state_machine(machine).await.unwrap().arn;
    let start =
        StartExecution { state_machine_arn, name: None, input, input_text: None, trace_header: None, profile: None };
    let execution = runtime.start_execution(start).await.unwrap().arn;
    Bench { store, runtime, execution }
}

impl Bench {
    async fn pages(&self, limit: usize, reverse: bool) -> Vec<HistoryPage> {
        let mut request =
            GetExecutionHistory { arn: self.execution.clone(), limit, reverse, from: None, include_data: true };
        let mut pages = Vec::new();
        loop {
            let page = self.runtime.get_execution_history(request.clone()).await.unwrap();
            request.from = page.next;
            pages.push(page);
            if request.from.is_none() {
                return pages;
            }
        }
    }
}

fn bytes(page: &HistoryPage) -> usize {
    page.events.iter().map(HistoryEvent::text_bytes).sum()
}

#[tokio::test]
async fn pages_end_by_bytes_and_go_on_exactly_where_they_ended() {
    for (page_bytes, limit) in [(1, 1_000), (1_500, 1_000), (5_000, 1_000), (5_000, 3), (20_000, 7), (1 << 20, 1_000)] {
        let bench = bench(page_bytes).await;
        for reverse in [false, true] {
            let pages = bench.pages(limit, reverse).await;
            let mut ids: Vec<u64> = pages.iter().flat_map(|page| page.events.iter().map(|event| event.id.0)).collect();
            if reverse {
                ids.reverse();
            }
            assert!(ids.iter().copied().eq(1..=EVENTS), "{page_bytes} bytes, {limit} events: {ids:?}");
            for (page, next) in pages.iter().zip(pages.iter().skip(1).map(|next| next.events[0].id).map(Some)) {
                assert_eq!(page.next, next);
                // Full: by events, or because the next event would be too much.
                assert!(page.events.len() == limit || bytes(page) + PAYLOAD + 400 > page_bytes);
            }
            for page in &pages {
                let is_alone = page.events.len() == 1;
                assert!(page.events.len() <= limit && (is_alone || bytes(page) <= page_bytes), "{page_bytes}");
            }
        }
        bench.runtime.shut_down().await;
    }
}

#[tokio::test]
async fn an_event_without_its_data_takes_no_room() {
    let bench = bench(40_000).await;
    let mut request = GetExecutionHistory {
        arn: bench.execution.clone(),
        limit: 1_000,
        reverse: false,
        from: None,
        include_data: false,
    };
    let page = bench.runtime.get_execution_history(request.clone()).await.unwrap();
    assert_eq!((page.events.len() as u64, page.next), (EVENTS, None));
    request.include_data = true;
    let page = bench.runtime.get_execution_history(request).await.unwrap();
    assert!((page.events.len() as u64) < EVENTS && page.next.is_some());
    bench.runtime.shut_down().await;
}

#[tokio::test]
async fn the_history_behind_the_end_has_no_page() {
    let bench = bench(5_000).await;
    let request = GetExecutionHistory {
        arn: bench.execution.clone(),
        limit: 10,
        reverse: false,
        from: Some(EventId(EVENTS + 1)),
        include_data: true,
    };
    let page = bench.runtime.get_execution_history(request).await.unwrap();
    assert_eq!((page.events.len(), page.next), (0, None));
    bench.runtime.shut_down().await;
}

#[tokio::test]
async fn a_page_is_read_no_further_than_it_goes() {
    const LARGE: usize = 200_000;
    let state = |next: &str| format!(r#"{{"Type":"Pass","Parameters":{{"a.$":"$.a"}},{next}}}"#);
    let states = (0..STATES).map(|number| match number + 1 {
        STATES => format!(r#""S{number}":{}"#, state(r#""End":true"#)),
        next => format!(r#""S{number}":{}"#, state(&format!(r#""Next":"S{next}""#))),
    });
    let input = Value::object([("a", Value::string("x".repeat(LARGE)))]);
    let bench = execution(1 << 20, &states.collect::<Vec<_>>().join(","), input).await;
    let last = || async {
        let request = GetExecutionHistory {
            arn: bench.execution.clone(),
            limit: 1,
            reverse: true,
            from: None,
            include_data: false,
        };
        bench.runtime.get_execution_history(request).await.unwrap().events[0].event_type == "ExecutionSucceeded"
    };
    while !last().await {
        tokio::task::yield_now().await;
    }
    let stored = bench.store.execution_by_arn(&bench.execution).unwrap().unwrap().id;
    // How many there are depends on how much was done in a turn.
    let stored = bench.store.chunks(stored).unwrap().len() as u64;
    for reverse in [false, true] {
        bench.store.take_reads();
        let pages = bench.pages(1_000, reverse).await;
        let (_, chunks) = bench.store.take_reads();
        assert!(pages.len() > 10 && pages.iter().all(|page| bytes(page) <= 1 << 20));
        assert_eq!(pages.iter().map(|page| page.events.len() as u64).sum::<u64>(), EVENTS);
        // Each page reads the chunks it shows, the one it ends in, and perhaps one beside it.
        assert!(chunks <= stored + 2 * pages.len() as u64, "{chunks} of {stored} chunks for {} pages", pages.len());
    }
    bench.runtime.shut_down().await;
}
