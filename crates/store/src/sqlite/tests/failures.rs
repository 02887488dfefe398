//! What a damaged file, a full disk and a commit that failed badly must lead to.

use super::*;

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
fn errors_of_the_disk_leave_the_outcome_of_a_commit_uncertain() {
    let failure = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
    let uncertain = |code| matches!(Refused::from(failure(code)), Refused::Database { uncertain: true, .. });
    assert!(uncertain(rusqlite::ffi::SQLITE_IOERR_FSYNC));
    assert!(!uncertain(rusqlite::ffi::SQLITE_FULL));
    assert!(!uncertain(rusqlite::ffi::SQLITE_TOOBIG));
}
