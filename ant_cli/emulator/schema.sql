-- The tables, version by version. A new file goes through all of them, and one of an older version through those after
-- its own, so a released version is never edited: a change is a version of its own at the end, with its number in
-- SCHEMA_VERSION of store.py.
--
-- `sequence` orders the lists and is the position of a cursor, so its values are never reused. Times are microseconds
-- since 1970, UTC. An environment is stored as the document that is returned, and a work item as columns, because its
-- rules query them.

-- Version 2, of ant 0.2.0.

CREATE TABLE environments (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    document TEXT NOT NULL
);

CREATE TABLE work (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    environment_id TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'session',
    session_id TEXT NOT NULL,
    sessions_token TEXT,
    metadata TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued',
    created_at INTEGER NOT NULL,
    handed_out_at INTEGER,
    acknowledged_at INTEGER,
    started_at INTEGER,
    latest_heartbeat_at INTEGER,
    lease_until INTEGER,
    stop_requested_at INTEGER,
    stopped_at INTEGER
);
CREATE INDEX work_of_environment ON work (environment_id, sequence);
CREATE INDEX work_queue ON work (environment_id, sequence) WHERE state = 'queued';
CREATE INDEX work_leases ON work (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX work_of_session ON work (session_id, sequence);

CREATE TABLE workers (
    environment_id TEXT NOT NULL,
    worker_id TEXT NOT NULL,
    polled_at INTEGER NOT NULL,
    PRIMARY KEY (environment_id, worker_id)
) WITHOUT ROWID;

CREATE TABLE faults (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    path_contains TEXT NOT NULL,
    method TEXT,
    status INTEGER,
    times INTEGER NOT NULL,
    retry_after_ms INTEGER,
    delay_ms INTEGER NOT NULL,
    disconnect INTEGER NOT NULL,
    after INTEGER NOT NULL DEFAULT 0,
    body_delay_ms INTEGER NOT NULL DEFAULT 0,
    cut_after_events INTEGER
);

CREATE TABLE sessions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    environment_id TEXT NOT NULL,
    status TEXT NOT NULL,
    title TEXT,
    metadata TEXT NOT NULL,
    script TEXT NOT NULL,
    step INTEGER NOT NULL DEFAULT 0,
    waits_for TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    type TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX events_of_session ON events (session_id, sequence);

CREATE TABLE clock (offset INTEGER NOT NULL);
INSERT INTO clock VALUES (0);

PRAGMA application_id = 1634628709; -- "ante"
PRAGMA user_version = 2;

-- Version 3: the length of a queue is known without counting its items.

CREATE TABLE queues (environment_id TEXT PRIMARY KEY, queued INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO queues SELECT environment_id, sum(state = 'queued') FROM work GROUP BY environment_id;
CREATE TRIGGER work_added AFTER INSERT ON work BEGIN
    INSERT INTO queues VALUES (new.environment_id, new.state = 'queued')
    ON CONFLICT DO UPDATE SET queued = queued + excluded.queued;
END;
CREATE TRIGGER work_changed AFTER UPDATE OF state ON work WHEN old.state <> new.state BEGIN
    UPDATE queues SET queued = queued + (new.state = 'queued') - (old.state = 'queued')
    WHERE environment_id = new.environment_id;
END;
DROP INDEX IF EXISTS work_unfinished;
CREATE INDEX work_pending ON work (environment_id) WHERE state = 'queued' AND handed_out_at IS NOT NULL;

PRAGMA user_version = 3;

-- Version 4: a clock that can be stopped; faults that say more; sessions with an agent, which can be archived.

ALTER TABLE clock ADD COLUMN frozen_at INTEGER;
ALTER TABLE faults ADD COLUMN query_contains TEXT NOT NULL DEFAULT '';
ALTER TABLE faults ADD COLUMN worker_id TEXT;
ALTER TABLE faults ADD COLUMN after_commit INTEGER NOT NULL DEFAULT 0;
ALTER TABLE faults ADD COLUMN body TEXT;
ALTER TABLE faults ADD COLUMN headers TEXT NOT NULL DEFAULT '[]';
ALTER TABLE faults ADD COLUMN error_code TEXT;
ALTER TABLE faults ADD COLUMN retry_after INTEGER;
ALTER TABLE faults ADD COLUMN cut_after_bytes INTEGER;
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT 'agent_emulator';
ALTER TABLE sessions ADD COLUMN archived_at INTEGER;

PRAGMA user_version = 4;

-- Version 5: sessions whose steps happen over time, with figures; work that says that its lease ran out.

ALTER TABLE sessions ADD COLUMN resume_at INTEGER;
ALTER TABLE sessions ADD COLUMN queued INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN active INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN figures TEXT NOT NULL DEFAULT '{}';
CREATE INDEX sessions_due ON sessions (resume_at) WHERE resume_at IS NOT NULL;
ALTER TABLE work ADD COLUMN lapsed_at INTEGER;
ALTER TABLE work ADD COLUMN lapsed_heartbeat_at INTEGER;

PRAGMA user_version = 5;

-- Version 6: scripts that wait for a session; agents and files; findings for the report of a test; faults for one path.

CREATE TABLE scripts (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    agent_id TEXT,
    times INTEGER NOT NULL,
    script TEXT NOT NULL
);
CREATE TABLE objects (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    document TEXT NOT NULL,
    content BLOB
);
CREATE INDEX objects_of_kind ON objects (kind, sequence);
CREATE TABLE findings (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX work_of_token ON work (sessions_token);
ALTER TABLE sessions ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE sessions ADD COLUMN is_scripted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions DROP COLUMN queued;
ALTER TABLE events ADD COLUMN is_queued INTEGER NOT NULL DEFAULT 0;
CREATE INDEX events_queued ON events (session_id, sequence) WHERE is_queued;
DELETE FROM faults;
ALTER TABLE faults ADD COLUMN path TEXT;
ALTER TABLE faults ADD COLUMN error_after_events INTEGER;
ALTER TABLE faults ADD COLUMN fired INTEGER NOT NULL DEFAULT 0;
ALTER TABLE faults DROP COLUMN query_contains;
ALTER TABLE faults DROP COLUMN worker_id;
ALTER TABLE faults DROP COLUMN retry_after;
ALTER TABLE faults DROP COLUMN retry_after_ms;

PRAGMA user_version = 6;
