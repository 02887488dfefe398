-- A data directory's file as format 1 wrote it: the schema and a few rows of every table. Never changed.
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

PRAGMA application_id = 0x53575254;
PRAGMA user_version = 1;
UPDATE format SET written_by = '0.1.0';
INSERT INTO meta VALUES ('key', x'070707');
INSERT INTO state_machines VALUES (1, 'arn:aws:states:us-east-1:123456789012:stateMachine:machine-1', 'machine-1', 0, 0, 1,
    501, '{"loggingConfiguration":{"level":"OFF"}}', '{}');
INSERT INTO definitions VALUES (1, 'arn:aws:states:us-east-1:123456789012:stateMachine:machine-1',
    '{ "StartAt":' || char(9) || '"Ä" }', 'arn:aws:iam::123456789012:role/r', NULL, 601, '{"number":1}');
INSERT INTO activities VALUES (1, 'arn:aws:states:us-east-1:123456789012:activity:activity-1', 'activity-1', 701, '{}',
    '{"team":"ä\"\n"}');
INSERT INTO arn_prefixes VALUES (1, 'arn:aws:states:us-east-1:123456789012:execution:machine-1:');
INSERT INTO executions VALUES (1, 1, 'e1', NULL, 1, 1, 1001, 1, 9000, NULL, 0, NULL, 1, 1, 1, 0, CAST('events 0+1' AS BLOB));
INSERT INTO executions VALUES (2, 1, 'e2', NULL, 1, 1, 1002, 0, NULL, 5, 0, 'Root=1', 1, 1, 1, 0,
    CAST('events 0+1' AS BLOB));
INSERT INTO events VALUES (1, 2, 1, 1, 2, 2, 0, CAST('events 1+1' AS BLOB));
