//! What opening must do: the directory, its lock, the format of the file and its partitions.

use super::*;

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

#[cfg(unix)]
#[test]
fn the_files_are_their_owners_alone_whatever_the_directory_allows() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let directory = tempfile::tempdir().expect("a directory");
    let open = directory.path().join("open");
    fs::create_dir(&open).expect("a directory");
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("allowed");
    allow(&open, 0o755);
    // What an earlier version left, too.
    for _ in 0..2 {
        let store = Sqlite::open(&open).expect("a store");
        try_commit(&store, &[meta("key", 1)]).expect("written");
        let files: Vec<_> =
            fs::read_dir(&open).expect("a directory").map(|file| file.expect("a file").path()).collect();
        assert!(files.len() >= 4, "{files:?}");
        files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{}", file.display()));
        drop(store);
        fs::read_dir(&open).expect("a directory").for_each(|file| allow(&file.expect("a file").path(), 0o644));
    }
    assert_eq!(mode(&open), 0o755);
    let made = directory.path().join("made");
    drop(Sqlite::open(&made).expect("a store"));
    assert_eq!(mode(&made), 0o700);
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
const FORMAT_1_FILE: &str = include_str!("format_1.sql");

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
const FORMAT_2_FILE: &[u8] = include_bytes!("format_2.db.zst");

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
    let old = PartitionSet::of(Partitions::default(), [Partition(2)]);
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
fn another_programs_database_is_refused() {
    let mut temporary = Temporary::new();
    temporary.close();
    fs::remove_file(temporary.file("stepwright.db")).expect("removed");
    tamper(&temporary, "CREATE TABLE theirs (id)");
    let error = refusal(Sqlite::open(temporary.directory.path()));
    assert!(matches!(&error, StoreError::Unusable(text) if text.contains("not one of Stepwright's")), "{error}");
}

/// The files as they are on disk now.
fn files_of(temporary: &Temporary) -> [Vec<u8>; 2] {
    ["stepwright.db", "stepwright.db-wal"].map(|name| fs::read(temporary.file(name)).unwrap_or_default())
}

fn opened(files: &[Vec<u8>; 2]) -> Result<Sqlite, StoreError> {
    let directory = tempfile::tempdir().expect("a directory").keep();
    for (name, bytes) in ["stepwright.db", "stepwright.db-wal"].into_iter().zip(files) {
        fs::write(directory.join(name), bytes).expect("written");
    }
    let opened = Sqlite::open(&directory);
    if opened.is_err() {
        let now = ["stepwright.db", "stepwright.db-wal"].map(|name| fs::read(directory.join(name)).unwrap_or_default());
        assert!(now == *files, "a database that is refused is left as it is");
    }
    opened
}

#[test]
fn what_a_crash_leaves_is_opened_whenever_it_comes() {
    // Short logs, so that they are moved and begun anew all the time; the files are copied between any two steps.
    for seed in 0..3 {
        let mut temporary = Temporary::paced(Pace { pages: 20, idle: Duration::from_secs(3_600) });
        let mut random = crate::fault::Random::new(seed);
        for number in 0..60 {
            let size = 1 + random.below(30_000) as usize;
            try_commit(&*temporary, &[meta(&format!("{}", random.below(10)), size)]).expect("committed");
            if random.below(10) == 0 {
                temporary.store = None;
                temporary.store = Some(
                    Sqlite::open_paced(
                        temporary.directory.path(),
                        None,
                        Pace { pages: 20, idle: Duration::from_secs(3_600) },
                    )
                    .expect("opened again"),
                );
            }
            // The log first, as it is never ahead of the file then: a page that is moved meanwhile is in both.
            let log = {
                let writing = lock(&temporary.writer);
                let files = files_of(&temporary);
                drop(writing);
                files
            };
            drop(opened(&log).unwrap_or_else(|error| panic!("seed {seed}, commit {number}: {error}")));
        }
    }
}

#[test]
fn a_database_without_one_of_its_tables_or_indexes_is_refused() {
    for (part, sql) in [
        ("table events", "DROP TABLE events"),
        ("table meta", "DROP TABLE meta"),
        ("index events_order", "DROP INDEX events_order"),
        ("index executions_due", "DROP INDEX executions_due"),
    ] {
        let mut temporary = Temporary::new();
        temporary.close();
        tamper(&temporary, sql);
        let error = refusal(Sqlite::open(temporary.directory.path()));
        assert!(matches!(&error, StoreError::Damaged(text) if text.contains(part)), "{error}");
    }
}

#[test]
fn examining_changes_nothing_and_excludes_servers() {
    let mut temporary = Temporary::new();
    try_commit(&*temporary, &[begin(1), begin(7)]).expect("committed");
    let crashed = temporary.after_a_crash();
    let error = refusal(Sqlite::open_to_examine(crashed.directory.path()));
    assert!(error.to_string().contains("in use"), "{error}");
    drop(crashed);

    let files = files_of(&temporary);
    let directory = tempfile::tempdir().expect("a directory");
    for (name, bytes) in ["stepwright.db", "stepwright.db-wal"].into_iter().zip(&files) {
        fs::write(directory.path().join(name), bytes).expect("written");
    }
    fs::write(directory.path().join("stepwright.lock"), "").expect("written");
    {
        let examined = Sqlite::open_to_examine(directory.path()).expect("a store");
        assert_eq!(examined.examine_file().expect("an answer"), Vec::<String>::new());
        let ids = examined.execution_ids(None, 10).expect("the numbers");
        assert_eq!(ids, [ExecutionId(1), ExecutionId(7)]);
        assert_eq!(examined.execution_ids(Some(ids[0]), 10).expect("the numbers"), [ExecutionId(7)]);
        assert!(matches!(try_commit(&examined, &[begin(9)]), Err(StoreError::Unusable(_))));
        assert!(matches!(Sqlite::open(directory.path()), Err(StoreError::Unusable(text)) if text.contains("in use")));
    }
    let left = ["stepwright.db", "stepwright.db-wal"].map(|name| fs::read(directory.path().join(name)).expect("it"));
    assert!(left == files);
    temporary.close();
    let nothing = tempfile::tempdir().expect("a directory");
    assert!(matches!(Sqlite::open_to_examine(nothing.path()), Err(StoreError::Unusable(_))));
}
