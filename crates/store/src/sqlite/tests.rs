//! What only the SQLite store must do.

mod failures;
mod opening;
mod speed;

use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;
use crate::memory::MemoryStore;
use crate::partition::Partition;
use crate::record::VersionNumber;
use crate::suite::{
    Batches, chunk, definition, ended, everything, execution, put_activity, put_alias, put_machine, running,
    state_machine, try_commit,
};

/// A store in a directory of its own, which goes with it.
struct Temporary {
    store: Option<Sqlite>,
    directory: TempDir,
}

impl Temporary {
    fn new() -> Self {
        Self::paced(Pace::DEFAULT)
    }

    fn paced(pace: Pace) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let store = Sqlite::open_paced(directory.path(), None, pace).expect("a store");
        Self { store: Some(store), directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn close(&mut self) {
        self.store = None;
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        self.close();
        self.store = Some(Sqlite::open(self.directory.path())?);
        Ok(())
    }

    /// Opens what the disk holds now, as after a crash: the files without the process that has them open.
    fn after_a_crash(&self) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["stepwright.db", "stepwright.db-wal"] {
            fs::copy(self.file(name), directory.path().join(name)).expect("a copy");
        }
        let store = Sqlite::open(directory.path()).expect("a store");
        Self { store: Some(store), directory }
    }
}

impl Deref for Temporary {
    type Target = Sqlite;

    fn deref(&self) -> &Sqlite {
        self.store.as_ref().expect("an open store")
    }
}

crate::store_suite!(Temporary::new);

fn begin(id: i64) -> Write {
    Write::Begin { execution: execution(id, 1, &format!("e{id}")), chunk: chunk(0, 1), machine_revision: None }
}

fn append(id: i64, first: u64, summary: Option<Summary>) -> Write {
    Write::Append { execution: ExecutionId(id), chunk: chunk(first, 1), summary }
}

fn meta(name: &str, size: usize) -> Write {
    Write::Meta { name: name.into(), value: vec![7; size] }
}

#[track_caller]
fn refusal(opened: Result<Sqlite, StoreError>) -> StoreError {
    match opened {
        Ok(_) => panic!("the store was opened"),
        Err(error) => error,
    }
}

/// Does something to the file with a connection of its own, as another program would.
fn tamper(temporary: &Temporary, sql: &str) {
    let connection = rusqlite::Connection::open(temporary.file("stepwright.db")).expect("a connection");
    connection.execute_batch(sql).expect("the change");
}

fn with_writer<T>(store: &Sqlite, act: impl FnOnce(&rusqlite::Connection) -> T) -> T {
    act(lock(&store.writer).connection.as_ref().expect("a writer").connection())
}

#[test]
fn it_answers_as_the_memory_store_does_and_the_same_after_opening_again() {
    let mut refused = 0;
    for seed in 0..12 {
        let (memory, mut sqlite) = (MemoryStore::new(), Temporary::new());
        let mut batches = Batches::new(seed);
        for number in 0..60 {
            let (batch, otherwise) = batches.next_batch();
            let told = (try_commit(&memory, &batch), try_commit(&*sqlite, &batch));
            match told {
                (Ok(()), Ok(())) => {}
                (Err(StoreError::Stale(ours)), Err(StoreError::Stale(theirs))) => {
                    assert_eq!(ours, theirs, "seed {seed}, batch {number}");
                    batches = otherwise;
                }
                (Err(StoreError::Conflict(ours)), Err(StoreError::Conflict(theirs))) => {
                    assert_eq!(ours, theirs, "seed {seed}, batch {number}");
                    batches = otherwise;
                    refused += 1;
                }
                told => panic!("seed {seed}, batch {number}: {told:?}"),
            }
            if number % 10 == 9 {
                let expected = everything(&memory);
                assert_eq!(everything(&*sqlite), expected, "seed {seed}, batch {number}");
                sqlite.reopen().expect("opened again");
                assert_eq!(everything(&*sqlite), expected, "seed {seed}, batch {number}, opened again");
            }
        }
    }
    assert!((30..360).contains(&refused), "{refused} of 720 batches were refused");
}

#[test]
fn every_write_is_there_after_opening_again() {
    let mut temporary = Temporary::new();
    let machine = state_machine(1);
    let writes = [
        put_machine(machine.clone(), None),
        Write::Definition(definition(1, &machine.arn)),
        Write::Version(crate::suite::version(1, 1)),
        put_alias(crate::suite::alias(1, 1), None),
        put_activity(crate::suite::activity(1), None),
        meta("key", 32),
        begin(1),
        append(1, 1, None),
        append(1, 2, Some(ended(engine::Status::Failed))),
        begin(2),
        Write::DeleteActivity { id: crate::record::ActivityId(1), revision: 1 },
        Write::DeleteStateMachine { id: machine.id, revision: 1 },
        append(2, 1, Some(running(Some(5)))),
    ];
    for write in writes {
        try_commit(&*temporary, std::slice::from_ref(&write)).expect("committed");
        let before = everything(&*temporary);
        assert_eq!(everything(&*temporary.after_a_crash()), before, "{write:?}");
        temporary.reopen().expect("opened again");
        assert_eq!(everything(&*temporary), before, "{write:?}");
    }
}

#[test]
fn an_execution_that_ended_at_once_is_one_row() {
    let temporary = Temporary::new();
    let great = Chunk { events: vec![1; 100_000], ..chunk(0, 4) };
    let mut record = execution(1, 1, "a");
    record.summary = ended(engine::Status::Succeeded);
    try_commit(&*temporary, &[Write::Begin { execution: record, chunk: great.clone(), machine_revision: None }])
        .expect("committed");
    let rows = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        with_writer(&temporary, |connection| connection.query_row(&sql, [], |row| row.get(0))).expect("a count")
    };
    assert_eq!((rows("executions"), rows("events")), (1, 0));
    assert_eq!(temporary.chunks(ExecutionId(1)).expect("the events"), [great]);
}

#[test]
fn no_question_reads_a_whole_table() {
    let temporary = Temporary::new();
    let questions = [
        read::EXECUTION_BY_ID,
        read::EXECUTION_BY_ARN,
        read::FIRST_CHUNK,
        read::CHUNKS,
        read::CHUNKS_BACKWARD,
        read::FIRST_OF_CHUNK,
        read::LAST_CHUNK,
        read::LISTED_IDS,
        read::LISTED_IDS_OF_VERSION,
        read::LISTED_IDS_OF_ALIAS,
        read::COUNT_RUNNING,
        read::DUE,
        read::UNSETTLED,
        read::STATE_MACHINE,
        read::STATE_MACHINES,
        read::DEFINITION,
        read::VERSIONS,
        read::ALIASES,
        read::ACTIVITY,
        read::ACTIVITIES,
        read::COMMITTED_AFTER,
        read::META,
    ];
    let reader = ReadConnection::new(open::reader(&temporary.file).expect("a connection")).expect("a reader");
    for sql in questions {
        let mut statement = reader.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("a plan");
        for at in 1..=statement.parameter_count() {
            statement.raw_bind_parameter(at, 1).expect("bound");
        }
        let mut steps = statement.raw_query();
        while let Some(step) = steps.next().expect("a step") {
            let step: String = step.get(3).expect("its text");
            assert!(!step.contains("SCAN") && !step.contains("TEMP B-TREE"), "{sql}: {step}");
            if sql == read::FIRST_OF_CHUNK || sql.starts_with("SELECT id FROM") {
                assert!(step.contains("COVERING INDEX"), "{sql}: {step}");
            }
        }
    }
}

#[test]
fn a_long_log_is_moved_and_begun_anew() {
    // The store's own thread never finds the log long enough: two that move it at once leave more of it.
    let temporary = Temporary::paced(Pace { pages: u32::MAX, idle: Duration::from_secs(3_600) });
    let connection = open::checkpointer(&temporary.file).expect("a connection");
    let log_bytes = || fs::metadata(temporary.file("stepwright.db-wal")).expect("the log").len();
    for round in 0..10 {
        for id in 0..20 {
            try_commit(&*temporary, &[meta(&format!("{round} {id}"), 20_000)]).expect("committed");
        }
        checkpoint::move_log(&temporary.log, &connection, || lock(&temporary.writer)).expect("moved");
    }
    // Ten rounds write about 1,200 pages; a log that is begun anew never holds much more than one round.
    assert!(log_bytes() < 300 * 4_200, "{} bytes", log_bytes());
    checkpoint::empty_log(&temporary.log, &connection, || lock(&temporary.writer)).expect("emptied");
    assert_eq!(log_bytes(), 0);
    assert_eq!(temporary.meta("9 19").expect("a value").map(|value| value.len()), Some(20_000));
}

#[test]
fn the_checkpoint_thread_moves_a_long_log_and_empties_an_idle_one() {
    let temporary = Temporary::paced(Pace { pages: 50, idle: Duration::from_millis(20) });
    for id in 0..100 {
        try_commit(&*temporary, &[meta(&format!("{id}"), 20_000)]).expect("committed");
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while fs::metadata(temporary.file("stepwright.db-wal")).expect("the log").len() > 0 {
        assert!(Instant::now() < deadline, "the log was not emptied");
        std::thread::yield_now();
    }
    try_commit(&*temporary, &[meta("last", 10)]).expect("committed");
    assert!(temporary.meta("last").expect("a value").is_some());
}

#[test]
fn readers_and_the_writer_do_not_disturb_each_other() {
    let temporary = Temporary::paced(Pace { pages: 40, idle: Duration::from_millis(5) });
    let store: &Sqlite = &temporary;
    let deadline = Instant::now() + Duration::from_secs(60);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in 1..=300 {
                try_commit(store, &[begin(id), append(id, 1, Some(ended(engine::Status::Succeeded)))])
                    .expect("committed");
            }
        });
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = 0;
                while last < 300 {
                    assert!(Instant::now() < deadline, "the writer did not get to its end");
                    let seen = store.last_execution_id(&PartitionSet::All).expect("a number").0;
                    assert!(seen >= last, "{seen} after {last}");
                    last = seen;
                    let page = Page { limit: 500, after: None };
                    let filter = ExecutionFilter { state_machine: StateMachineId(1), status: None, started_with: None };
                    let listed = store.list_executions(&filter, &page).expect("a listing").items;
                    assert!(listed.len() as i64 >= last && listed.is_sorted_by(|a, b| a.id > b.id));
                }
            });
        }
    });
}
