//! What only the SQLite store must do.

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
fn a_second_server_is_refused_until_the_first_is_gone() {
    let mut temporary = Temporary::new();
    let text = refusal(Sqlite::open(temporary.directory.path())).to_string();
    assert!(text.contains("in use by another Stepwright"), "{text}");
    assert!(text.contains(&format!("(process {})", std::process::id())), "{text}");
    try_commit(&*temporary, &[meta("key", 1)]).expect("the first goes on");
    temporary.reopen().expect("opened again");
}

#[test]
fn a_missing_directory_is_made_with_its_parents() {
    let directory = tempfile::tempdir().expect("a directory");
    let deep = directory.path().join("a/b/c");
    drop(Sqlite::open(&deep).expect("a store"));
    assert!(deep.join("stepwright.db").is_file());
}

#[test]
fn a_directory_that_is_a_file_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("data");
    fs::write(&file, "x").expect("a file");
    for path in [file.clone(), file.join("below")] {
        let error = refusal(Sqlite::open(&path));
        assert!(matches!(&error, StoreError::Unusable(text) if text.contains("not a directory")), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn a_database_file_that_is_a_directory_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("stepwright.db")).expect("a directory");
    let error = refusal(Sqlite::open(directory.path()));
    assert!(matches!(&error, StoreError::Unusable(text) if text.contains("stepwright.db")), "{error}");
}

#[test]
fn a_newer_format_is_refused_by_the_name_of_its_writer_and_left_as_it_is() {
    let mut temporary = Temporary::new();
    temporary.close();
    tamper(&temporary, "PRAGMA user_version = 999; UPDATE format SET written_by = '9.8.7'");
    let before = fs::read(temporary.file("stepwright.db")).expect("the file");
    let error = refusal(Sqlite::open(temporary.directory.path()));
    let text = error.to_string();
    assert!(matches!(error, StoreError::Unusable(_)), "{text}");
    assert!(text.contains("format 999") && text.contains("Stepwright 9.8.7"), "{text}");
    assert_eq!(fs::read(temporary.file("stepwright.db")).expect("the file"), before);
    tamper(&temporary, "PRAGMA user_version = -1; DROP TABLE format");
    assert!(matches!(refusal(Sqlite::open(temporary.directory.path())), StoreError::Unusable(_)));
}

/// A file of format 1, as that format's Stepwright wrote it.
const FORMAT_1_FILE: &str = include_str!("tests/format_1.sql");

#[test]
fn a_file_of_format_1_opens_with_all_that_is_in_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = rusqlite::Connection::open(directory.path().join("stepwright.db")).expect("a connection");
    file.execute_batch(FORMAT_1_FILE).expect("the old file");
    drop(file);
    let store = Sqlite::open(directory.path()).expect("a store");

    let machine = state_machine(1);
    assert_eq!(store.state_machine(&machine.arn).expect("an answer"), Some(machine.clone()));
    assert_eq!(store.definition(DefinitionId(1)).expect("an answer"), Some(definition(1, &machine.arn)));
    assert_eq!(store.activity(&crate::suite::activity(1).arn).expect("an answer"), Some(crate::suite::activity(1)));
    assert_eq!(store.meta("key").expect("an answer"), Some(vec![7; 3]));
    let over = ExecutionRecord { summary: ended(engine::Status::Succeeded), ..execution(1, 1, "e1") };
    assert_eq!(store.execution(ExecutionId(1)).expect("an answer"), Some(over));
    let waiting =
        ExecutionRecord { trace_header: Some("Root=1".into()), summary: running(Some(5)), ..execution(2, 1, "e2") };
    assert_eq!(store.execution_by_arn(&waiting.arn).expect("an answer"), Some(waiting));
    assert_eq!(store.chunks(ExecutionId(1)).expect("the events"), [chunk(0, 1)]);
    assert_eq!(store.chunks(ExecutionId(2)).expect("the events"), [chunk(0, 1), chunk(1, 1)]);
    assert_eq!(
        (store.versions(machine.id).expect("none").len(), store.aliases(machine.id).expect("none").len()),
        (0, 0)
    );

    // It goes on as if it had always been of this format.
    let version = crate::suite::version(1, 1);
    let more = ExecutionRecord {
        version: Some(version.number),
        alias: Some("PROD".into()),
        profile: Some("case".into()),
        ..execution(3, 1, "e3")
    };
    let begin = Write::Begin { execution: more.clone(), chunk: chunk(0, 1), machine_revision: None };
    try_commit(&store, &[Write::Version(version.clone()), begin, append(2, 2, None)]).expect("committed");
    drop(store);
    let store = Sqlite::open(directory.path()).expect("opened again");
    assert_eq!(store.execution(ExecutionId(3)).expect("an answer"), Some(more));
    assert_eq!(store.versions(machine.id).expect("an answer"), [version]);
    assert_eq!(store.last_record_ids().expect("the numbers").definition, DefinitionId(1));
}

/// A file of format 2, as that format's Stepwright wrote it. Never changed.
const FORMAT_2_FILE: &[u8] = include_bytes!("tests/format_2.db.zst");

#[test]
fn a_file_of_format_2_opens_with_all_that_is_in_it_and_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = zstd::stream::decode_all(FORMAT_2_FILE).expect("the old file");
    fs::write(directory.path().join("stepwright.db"), file).expect("written");
    let store = Sqlite::open(directory.path()).expect("a store");

    let machine = StateMachine { last_version: VersionNumber(1), ..state_machine(1) };
    assert_eq!(store.state_machine(&machine.arn).expect("an answer"), Some(machine.clone()));
    assert_eq!(store.state_machine(&state_machine(2).arn).expect("an answer"), None);
    assert_eq!(store.definition(DefinitionId(1)).expect("an answer"), Some(definition(1, &machine.arn)));
    assert_eq!(store.versions(machine.id).expect("an answer"), [crate::suite::version(1, 1)]);
    let aliases = [crate::suite::alias(1, 1), crate::suite::alias(2, 1)];
    assert_eq!(store.aliases(machine.id).expect("an answer"), aliases);
    let activity = crate::suite::activity(1);
    assert_eq!(store.activity(&activity.arn).expect("an answer"), Some(activity.clone()));
    assert_eq!(store.meta("key").expect("an answer"), Some(vec![7; 3]));
    assert_eq!(store.partitions().expect("an answer"), Partitions::default());
    let over = ExecutionRecord {
        version: Some(VersionNumber(1)),
        alias: Some("alias-1".into()),
        summary: ended(engine::Status::Succeeded),
        ..execution(1, 1, "e1")
    };
    let waiting = ExecutionRecord {
        trace_header: Some("Root=1".into()),
        profile: Some("case".into()),
        summary: running(Some(5)),
        ..execution(2, 1, "e2")
    };
    let records = store.executions(&[ExecutionId(1), ExecutionId(2)]).expect("an answer");
    assert_eq!(records, [Some(over), Some(waiting)]);
    let great = Chunk { events: vec![1; 5_000], ..chunk(1, 3) };
    let chunks = store.chunks_of(&[ExecutionId(1), ExecutionId(2)]).expect("the events");
    assert_eq!(chunks, [vec![chunk(0, 1)], vec![chunk(0, 1), great]]);
    let old = PartitionSet::of(Partitions::default(), [Partition(0)]);
    let due = store.due(&old, Timestamp(i64::MAX), None, 10).expect("an answer");
    assert_eq!(due, [(Timestamp(5), ExecutionId(2))]);

    // It goes on as if it had always been of this format.
    let now = ExecutionId::new(Timestamp(1_800_000_000_000), Partition(7), 0);
    let more = ExecutionRecord { id: now, ..execution(3, 1, "e3") };
    let writes = [
        put_machine(machine.clone(), Some(1)),
        put_alias(aliases[1].clone(), Some(1)),
        put_activity(activity, Some(1)),
        Write::DeleteAlias { id: aliases[0].id, revision: 1 },
        append(2, 4, Some(ended(engine::Status::Failed))),
        Write::Begin { execution: more.clone(), chunk: chunk(0, 1), machine_revision: Some(1) },
    ];
    try_commit(&store, &writes).expect("committed");
    drop(store);
    let store = Sqlite::open(directory.path()).expect("opened again");
    assert_eq!(store.execution(now).expect("an answer"), Some(more));
    assert_eq!(store.last_execution_id(&PartitionSet::All).expect("a number"), now);
    assert_eq!(store.last_execution_id(&old).expect("a number"), ExecutionId(2));
    assert_eq!(store.state_machine(&machine.arn).expect("an answer").map(|machine| machine.revision), Some(2));
    assert_eq!(store.aliases(machine.id).expect("an answer").len(), 1);
    assert_eq!(store.last_record_ids().expect("the numbers").state_machine, StateMachineId(2));
}

#[test]
fn the_number_of_partitions_is_given_once() {
    let few = Partitions::new(16).expect("a count");
    let directory = tempfile::tempdir().expect("a directory");
    let open = || Sqlite::open(directory.path());
    let open_with = |partitions| Sqlite::open_with_partitions(directory.path(), partitions);
    assert_eq!(open_with(few).expect("a store").partitions().expect("a count"), few);
    assert_eq!(open().expect("a store").partitions().expect("a count"), few);
    assert_eq!(open_with(few).expect("a store").partitions().expect("a count"), few);
    let refused = refusal(open_with(Partitions::default()));
    let text = refused.to_string();
    assert!(matches!(refused, StoreError::Unusable(_)), "{text}");
    assert!(text.contains("has 16 partitions") && text.contains("configure 16"), "{text}");
    let store = open().expect("a store");
    for damaged in ["0", "4097", "many"] {
        with_writer(&store, |connection| {
            connection.execute("UPDATE meta SET value = CAST(?1 AS BLOB) WHERE name = 'partitions'", [damaged])
        })
        .expect("changed");
        let told = with_writer(&store, |connection| open::partitions(connection, None, &store.file));
        assert!(matches!(told, Err(StoreError::Damaged(_))), "{damaged}: {told:?}");
    }
}

#[test]
fn a_commit_in_doubt_is_looked_for_in_the_file() {
    let temporary = Temporary::new();
    let session = SessionId(5);
    let mut ticket = temporary.open_lane(session, 0).expect("a lane").next();
    let machine = state_machine(1);
    let batches: [&[Write]; 8] = [
        &[begin(1), meta("key", 3)],
        &[meta("key", 4), append(1, 1, None)],
        &[put_machine(machine.clone(), None), Write::Definition(definition(1, &machine.arn))],
        &[put_machine(machine.clone(), Some(1)), Write::Version(crate::suite::version(1, 1))],
        &[put_activity(crate::suite::activity(1), None)],
        &[put_alias(crate::suite::alias(1, 1), None)],
        &[Write::Version(crate::suite::version(1, 2))],
        &[Write::DeleteActivity { id: crate::record::ActivityId(1), revision: 1 }],
    ];
    let lose = |ticket, batch: &[Write]| {
        let mut writing = lock(&temporary.writer);
        writing.connection = None;
        writing.doubt = Some(Doubt { ticket, evidence: Evidence::of(batch) });
    };
    for batch in batches {
        // It did not happen.
        lose(ticket, batch);
        let settled = temporary.settle(session, 0).expect("settled");
        assert_eq!(settled.next(), ticket, "{batch:?}");
        // It happened, and the lane does not know.
        temporary.commit(&ticket, batch).expect("committed");
        lock(&temporary.writer).lanes = Lanes::default();
        temporary.open_lane(session, 0).expect("a lane");
        lose(ticket, batch);
        assert_eq!(temporary.settle(session, 0).expect("settled"), ticket, "{batch:?}");
        // Without asking, the next commit finds it out.
        lose(ticket, batch);
        let again = temporary.commit(&ticket, batch);
        assert!(matches!(again, Err(StoreError::Fenced)), "{again:?}");
        ticket = ticket.next();
    }
    // What nothing tells of may be done again.
    lose(ticket, &[meta("key", 4)]);
    assert_eq!(temporary.settle(session, 0).expect("settled").next(), ticket);
}

#[test]
fn another_programs_database_is_refused() {
    let mut temporary = Temporary::new();
    temporary.close();
    fs::remove_file(temporary.file("stepwright.db")).expect("removed");
    tamper(&temporary, "CREATE TABLE theirs (id)");
    let error = refusal(Sqlite::open(temporary.directory.path()));
    assert!(matches!(&error, StoreError::Unusable(text) if text.contains("not one of Stepwright's")), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let mut temporary = Temporary::new();
    temporary.close();
    let text = "this is no database ".repeat(500);
    fs::write(temporary.file("stepwright.db"), &text).expect("written");
    let error = refusal(Sqlite::open(temporary.directory.path()));
    let told = error.to_string();
    assert!(matches!(error, StoreError::Damaged(_)), "{told}");
    assert!(told.contains("stepwright.db") && told.contains("backup"), "{told}");
    assert_eq!(fs::read_to_string(temporary.file("stepwright.db")).expect("the file"), text);
}

#[test]
fn damage_is_told_and_never_panics() {
    let mut temporary = Temporary::new();
    let batch: Vec<Write> = (1..=200).map(begin).collect();
    try_commit(&*temporary, &batch).expect("committed");
    temporary.close();
    let path = temporary.file("stepwright.db");
    let whole = fs::read(&path).expect("the file");
    let mut random = crate::fault::Random::new(1);
    let mut told = 0;
    for round in 0..60 {
        let mut bytes = whole.clone();
        for _ in 0..1 + round * 4 {
            let at = 100 + random.below(bytes.len() as u64 - 100) as usize;
            bytes[at] = random.below(256) as u8;
        }
        if round % 3 == 0 {
            bytes.truncate(4096 * (1 + random.below(5) as usize));
        }
        fs::write(&path, &bytes).expect("written");
        let Ok(store) = Sqlite::open(temporary.directory.path()) else {
            told += 1;
            continue;
        };
        for id in 1..=200 {
            told += usize::from(matches!(store.execution(ExecutionId(id)), Err(StoreError::Damaged(_))));
            told += usize::from(matches!(store.chunks(ExecutionId(id)), Err(StoreError::Damaged(_))));
        }
        // Any answer will do; it is the panic that would fail here.
        drop((
            store.due(&PartitionSet::All, Timestamp(i64::MAX), None, 10),
            store.unsettled(&PartitionSet::All, None, 10),
            store.last_execution_id(&PartitionSet::All),
        ));
        drop((try_commit(&store, &[append(3, 1, None)]), try_commit(&store, &[begin(999)])));
    }
    assert!(told > 20, "only {told} answers told of damage");
}

#[test]
fn a_damaged_row_names_the_file() {
    let temporary = Temporary::new();
    let great = Chunk { events: vec![1; 5_000], ..chunk(0, 1) };
    try_commit(
        &*temporary,
        &[Write::Begin { execution: execution(1, 1, "a"), chunk: great, machine_revision: None }, begin(2)],
    )
    .expect("committed");
    with_writer(&temporary, |connection| {
        connection.execute_batch(
            "UPDATE executions SET data = x'0102' WHERE id = 1; UPDATE executions SET status = 9 WHERE id = 2",
        )
    })
    .expect("changed");
    let errors = [temporary.chunks(ExecutionId(1)).err(), temporary.execution(ExecutionId(2)).err()];
    for error in errors {
        assert!(matches!(&error, Some(StoreError::Damaged(text)) if text.contains("stepwright.db")), "{error:?}");
    }
}

#[test]
fn a_full_disk_refuses_the_batch_and_nothing_else() {
    let temporary = Temporary::new();
    try_commit(&*temporary, &[begin(1)]).expect("committed");
    let pages: i64 = with_writer(&temporary, |connection| {
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).expect("a count");
        connection.query_row(&format!("PRAGMA max_page_count = {}", pages + 4), [], |row| row.get(0)).expect("a bound")
    });
    let before = everything(&*temporary);
    let batch = [append(1, 1, None), begin(2), meta("key", pages as usize * 4096)];
    assert!(matches!(try_commit(&*temporary, &batch), Err(StoreError::Full)));
    assert_eq!(everything(&*temporary), before);
    try_commit(&*temporary, &[append(1, 1, None)]).expect("a small one fits");
    with_writer(&temporary, |connection| {
        connection.query_row("PRAGMA max_page_count = 1000000", [], |row| row.get::<_, i64>(0)).expect("room")
    });
    try_commit(&*temporary, &[begin(2), meta("key", pages as usize * 4096)]).expect("there is room again");
}

#[test]
fn the_writer_is_opened_again_after_a_commit_of_uncertain_outcome() {
    let temporary = Temporary::new();
    try_commit(&*temporary, &[begin(1)]).expect("committed");
    lock(&temporary.writer).connection = None;
    assert_eq!(temporary.last_execution_id(&PartitionSet::All).expect("readers go on"), ExecutionId(1));
    try_commit(&*temporary, &[append(1, 1, None), begin(2)]).expect("committed again");
    let reopened: i64 = with_writer(&temporary, |connection| {
        connection.query_row("SELECT reopened FROM format", [], |row| row.get(0)).expect("a count")
    });
    assert_eq!(reopened, 1);
    let before = everything(&*temporary);
    assert_eq!(everything(&*temporary.after_a_crash()), before);
}

#[test]
fn errors_of_the_disk_leave_the_outcome_of_a_commit_uncertain() {
    let failure = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
    let uncertain = |code| matches!(Refused::from(failure(code)), Refused::Database { uncertain: true, .. });
    assert!(uncertain(rusqlite::ffi::SQLITE_IOERR_FSYNC));
    assert!(!uncertain(rusqlite::ffi::SQLITE_FULL));
    assert!(!uncertain(rusqlite::ffi::SQLITE_TOOBIG));
}

#[test]
fn a_long_log_is_moved_and_begun_anew() {
    let temporary = Temporary::paced(Pace { pages: 100, idle: Duration::from_secs(3_600) });
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

#[test]
#[ignore = "a measurement: run it in release"]
fn writes_each_second() {
    let temporary = Temporary::new();
    let json = |id: i64, size: usize| -> Vec<u8> {
        (0..)
            .flat_map(|at| {
                format!("{{\"orderId\":\"{}\",\"item\":{at},\"total\":{}}},", id * 7_919, id % 97).into_bytes()
            })
            .take(size)
            .collect()
    };
    with_writer(&temporary, |connection| connection.execute_batch("PRAGMA synchronous = OFF")).expect("set");
    for (size, over) in [(300, true), (500, true), (1_500, true), (300, false), (1_500, false)] {
        let writes: Vec<Write> = (0..60_000)
            .map(|at| {
                let id = temporary.last_execution_id(&PartitionSet::All).expect("a number").0 + 1 + at;
                let mut record = execution(id, 1 + id % 3, &format!("0197{id:08x}-7000-8000-9000-aabbccddeeff"));
                record.summary = if over { ended(engine::Status::Succeeded) } else { running(Some(id)) };
                Write::Begin {
                    execution: record,
                    chunk: Chunk { events: json(id, size), ..chunk(0, 5) },
                    machine_revision: None,
                }
            })
            .collect();
        let ids: Vec<i64> = writes
            .iter()
            .filter_map(|write| match write {
                Write::Begin { execution, .. } => Some(execution.id.0),
                _ => None,
            })
            .collect();
        measure(&temporary, &format!("begin, {size} bytes, over: {over}"), &writes);
        if over {
            continue;
        }
        let appends = |first: u64, summary: Option<Summary>| -> Vec<Write> {
            let chunk = |id| Chunk { events: json(id, size), ..chunk(first, 5) };
            ids.iter().map(|id| Write::Append { execution: ExecutionId(*id), chunk: chunk(*id), summary }).collect()
        };
        measure(&temporary, &format!("append, {size} bytes, no summary"), &appends(5, None));
        let end = Some(ended(engine::Status::Succeeded));
        measure(&temporary, &format!("append, {size} bytes, the end"), &appends(10, end));
    }
}

#[allow(clippy::print_stderr, reason = "a measurement is to be seen")]
fn measure(store: &Sqlite, what: &str, writes: &[Write]) {
    let (begun, begun_cpu) = (Instant::now(), cpu_micros());
    for batch in writes.chunks(64) {
        try_commit(store, batch).expect("committed");
    }
    let each = |micros: f64| micros / writes.len() as f64;
    let (wall, cpu) = (each(begun.elapsed().as_secs_f64() * 1e6), each(cpu_micros() - begun_cpu));
    eprintln!("{what}: {cpu:.1} us of CPU and {wall:.1} us a write, {:.0} writes a second", 1e6 / wall);
}

/// What this thread has used of a processor, on Linux; elsewhere 0.
fn cpu_micros() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}
