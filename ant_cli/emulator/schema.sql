-- The tables of a new file. A change is made here, and in changes.sql for the files that there are: a test compares
-- the two. The columns that a change adds are the last ones.
--
-- `sequence` orders the lists and is the position of a cursor, so its values are never reused. Times are microseconds
-- since 1970, UTC. An environment is stored as the document that is returned, and a work item as columns, because its
-- rules query them.

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
    stopped_at INTEGER,
    lapsed_at INTEGER,
    lapsed_heartbeat_at INTEGER
);
CREATE INDEX work_of_environment ON work (environment_id, sequence);
CREATE INDEX work_queue ON work (environment_id, sequence) WHERE state = 'queued';
CREATE INDEX work_leases ON work (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX work_of_session ON work (session_id, sequence);
CREATE INDEX work_pending ON work (environment_id) WHERE state = 'queued' AND handed_out_at IS NOT NULL;
CREATE INDEX work_of_token ON work (sessions_token);

-- The length of a queue is known without counting its items.
CREATE TABLE queues (environment_id TEXT PRIMARY KEY, queued INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER work_added AFTER INSERT ON work BEGIN
    INSERT INTO queues VALUES (new.environment_id, new.state = 'queued')
    ON CONFLICT DO UPDATE SET queued = queued + excluded.queued;
END;
CREATE TRIGGER work_changed AFTER UPDATE OF state ON work WHEN old.state <> new.state BEGIN
    UPDATE queues SET queued = queued + (new.state = 'queued') - (old.state = 'queued')
    WHERE environment_id = new.environment_id;
END;

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
    delay_ms INTEGER NOT NULL,
    disconnect INTEGER NOT NULL,
    after INTEGER NOT NULL DEFAULT 0,
    body_delay_ms INTEGER NOT NULL DEFAULT 0,
    cut_after_events INTEGER,
    after_commit INTEGER NOT NULL DEFAULT 0,
    body TEXT,
    headers TEXT NOT NULL DEFAULT '[]',
    error_code TEXT,
    cut_after_bytes INTEGER,
    path TEXT,
    error_after_events INTEGER,
    fired INTEGER NOT NULL DEFAULT 0
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
    updated_at INTEGER NOT NULL,
    agent TEXT NOT NULL DEFAULT 'agent_emulator',
    archived_at INTEGER,
    resume_at INTEGER,
    active INTEGER NOT NULL DEFAULT 0,
    figures TEXT NOT NULL DEFAULT '{}',
    details TEXT NOT NULL DEFAULT '{}',
    is_scripted INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX sessions_due ON sessions (resume_at) WHERE resume_at IS NOT NULL;

CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    type TEXT NOT NULL,
    document TEXT NOT NULL,
    is_queued INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX events_of_session ON events (session_id, sequence);
CREATE INDEX events_queued ON events (session_id, sequence) WHERE is_queued;

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

CREATE TABLE clock (offset INTEGER NOT NULL, frozen_at INTEGER);
INSERT INTO clock (offset) VALUES (0);

PRAGMA application_id = 1634628709; -- "ante"
PRAGMA user_version = 6;
