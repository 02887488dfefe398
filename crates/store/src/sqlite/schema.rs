//! The tables, as numbered migrations, and the numbers that stand for words in them.
//!
//! Lean: integer keys, short rows, few indexes. An execution that ends within its first turn is one row
//! of `executions`, its events in it. Later events go to `events`, in the order they came.

use engine::Status;

use crate::record::{MachineStatus, MachineType, Summary};

/// Marks a SQLite file as Stepwright's: `SWRT` in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x5357_5254;

/// What leads from each format to the next, beginning with the empty file. The format of a file, its
/// `user_version`, is how many of these it has seen. Never change one that was released; add one.
pub(super) const MIGRATIONS: &[&str] = &[FORMAT_1, FORMAT_2, FORMAT_3];

const FORMAT_1: &str = "
-- One row: which Stepwright wrote this format, and how often the writer was opened again after a failure.
CREATE TABLE format (written_by TEXT NOT NULL, reopened INTEGER NOT NULL);
INSERT INTO format VALUES ('', 0);

CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- AUTOINCREMENT keeps the greatest number ever used, deleted rows included.
CREATE TABLE state_machines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    arn TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    type INTEGER NOT NULL,          -- 0 STANDARD, 1 EXPRESS
    status INTEGER NOT NULL,        -- 0 ACTIVE, 1 DELETING
    definition INTEGER NOT NULL,
    created_at INTEGER NOT NULL,    -- this and all times: milliseconds since the epoch
    settings TEXT NOT NULL,         -- JSON
    tags TEXT NOT NULL              -- JSON
);

CREATE TABLE definitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state_machine_arn TEXT NOT NULL,
    text TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    revision_id TEXT,
    created_at INTEGER NOT NULL,
    settings TEXT NOT NULL          -- JSON
);

CREATE TABLE activities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    arn TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    settings TEXT NOT NULL,         -- JSON
    tags TEXT NOT NULL              -- JSON
);

-- The ARN of an execution up to and with its last colon: one row for each state machine name ever used.
CREATE TABLE arn_prefixes (id INTEGER PRIMARY KEY, prefix TEXT NOT NULL UNIQUE);

CREATE TABLE executions (
    id INTEGER PRIMARY KEY,
    arn_prefix INTEGER NOT NULL,
    arn_end TEXT NOT NULL,          -- the ARN after its last colon
    name TEXT,                      -- NULL where it is arn_end
    state_machine INTEGER NOT NULL,
    definition INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    status INTEGER NOT NULL,        -- 0 RUNNING, 1 SUCCEEDED, 2 FAILED, 3 TIMED_OUT, 4 ABORTED
    stopped_at INTEGER,
    wake_at INTEGER,
    recovery INTEGER NOT NULL,      -- 1: tasks are open, 2: cut off in mid-run
    trace_header TEXT,
    -- The first events, where they lie here; data is NULL where they lie in the table of events.
    event_count INTEGER NOT NULL,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    unpacked_size INTEGER NOT NULL, -- 0 where data is not compressed, else it is a zstd frame
    data BLOB
);
CREATE UNIQUE INDEX executions_arn ON executions (arn_prefix, arn_end);
CREATE INDEX executions_listing ON executions (state_machine, status);
CREATE INDEX executions_due ON executions (wake_at) WHERE status = 0 AND wake_at IS NOT NULL;
CREATE INDEX executions_unsettled ON executions (id) WHERE status = 0 AND recovery <> 0;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    execution INTEGER NOT NULL,
    first INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    unpacked_size INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX events_order ON events (execution, first, last_id);
";

// The columns that were added last lie after the events: where they are NULL, which is most of the time, SQLite need
// not go there to know it.
const FORMAT_2: &str = "
ALTER TABLE state_machines ADD COLUMN last_version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE versions (
    state_machine INTEGER NOT NULL,
    number INTEGER NOT NULL,
    definition INTEGER NOT NULL,
    description TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (state_machine, number)
) WITHOUT ROWID;

CREATE TABLE aliases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    state_machine INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    version INTEGER NOT NULL,
    weight INTEGER NOT NULL,        -- of 100
    second_version INTEGER,
    second_weight INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (state_machine, name)
);

ALTER TABLE executions ADD COLUMN version INTEGER;
ALTER TABLE executions ADD COLUMN alias TEXT;
ALTER TABLE executions ADD COLUMN test_case TEXT;
CREATE INDEX executions_of_version ON executions (state_machine, version, status) WHERE version IS NOT NULL;
CREATE INDEX executions_of_alias ON executions (state_machine, alias, status) WHERE alias IS NOT NULL;
";

// `partitions` of meta is written when the file is next opened: it is the configuration that says how many.
const FORMAT_3: &str = "
ALTER TABLE executions RENAME COLUMN test_case TO profile;

-- How often a record was written: what whoever changes it must have seen.
ALTER TABLE state_machines ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE aliases ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE activities ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- Recovery also reads executions that are over, where jobs are still to be cancelled.
DROP INDEX executions_unsettled;
CREATE INDEX executions_unsettled ON executions (id) WHERE recovery <> 0;

-- Names that say the execution's number are found without an index; they are blobs of 16 bytes.
DROP INDEX executions_arn;
CREATE UNIQUE INDEX executions_arn ON executions (arn_prefix, arn_end) WHERE typeof(arn_end) = 'text';

-- What each commit did to executions, until all that follow along have come past it; the last row stays.
CREATE TABLE commits (seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
";

/// The name of the value in `meta` that says how many partitions there are, in decimal.
pub(super) const PARTITIONS: &str = "partitions";

/// The number that stands for a status; the partial indexes name 0.
pub(super) fn status_code(status: Status) -> i64 {
    match status {
        Status::Running => 0,
        Status::Succeeded => 1,
        Status::Failed => 2,
        Status::TimedOut => 3,
        Status::Aborted => 4,
    }
}

/// How many statuses there are: their numbers are `0..STATUS_COUNT`.
pub(super) const STATUS_COUNT: i64 = 5;

/// The status a number stands for.
pub(super) fn status(code: i64) -> Option<Status> {
    match code {
        0 => Some(Status::Running),
        1 => Some(Status::Succeeded),
        2 => Some(Status::Failed),
        3 => Some(Status::TimedOut),
        4 => Some(Status::Aborted),
        _ => None,
    }
}

/// The number that stands for what recovery must do.
pub(super) fn recovery_code(summary: &Summary) -> i64 {
    i64::from(summary.open_tasks) | i64::from(summary.ready) << 1
}

/// Whether tasks are open, and whether work is ready.
pub(super) fn recovery(code: i64) -> Option<(bool, bool)> {
    (0..4).contains(&code).then_some((code & 1 != 0, code & 2 != 0))
}

/// The number that stands for a type.
pub(super) fn machine_type_code(machine_type: MachineType) -> i64 {
    match machine_type {
        MachineType::Standard => 0,
        MachineType::Express => 1,
    }
}

/// The type a number stands for.
pub(super) fn machine_type(code: i64) -> Option<MachineType> {
    match code {
        0 => Some(MachineType::Standard),
        1 => Some(MachineType::Express),
        _ => None,
    }
}

/// The number that stands for a state machine's status.
pub(super) fn machine_status_code(status: MachineStatus) -> i64 {
    match status {
        MachineStatus::Active => 0,
        MachineStatus::Deleting => 1,
    }
}

/// The state machine's status a number stands for.
pub(super) fn machine_status(code: i64) -> Option<MachineStatus> {
    match code {
        0 => Some(MachineStatus::Active),
        1 => Some(MachineStatus::Deleting),
        _ => None,
    }
}

/// An execution's ARN in two: up to and with its last colon, and the rest.
pub(super) fn split_arn(arn: &str) -> (&str, &str) {
    arn.split_at(arn.rfind(':').map_or(0, |colon| colon + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_reads_back() {
        for code in 0..STATUS_COUNT {
            assert_eq!(status(code).map(status_code), Some(code));
        }
        assert_eq!(status(STATUS_COUNT), None);
        for code in 0..2 {
            assert_eq!(machine_type(code).map(machine_type_code), Some(code));
            assert_eq!(machine_status(code).map(machine_status_code), Some(code));
        }
        assert_eq!((machine_type(2), machine_status(-1), recovery(4)), (None, None, None));
    }

    #[test]
    fn an_arn_is_split_after_its_last_colon() {
        let cases = [("a:b:c", ("a:b:", "c")), ("plain", ("", "plain")), ("a:", ("a:", "")), ("", ("", ""))];
        for (arn, parts) in cases {
            assert_eq!(split_arn(arn), parts);
        }
    }
}
