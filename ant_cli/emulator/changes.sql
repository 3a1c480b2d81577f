-- The changes that bring a file of an older version up to date, version by version: those after its own. A released
-- version is never edited: a change is a version of its own at the end, with its number in SCHEMA_VERSION of store.py.
-- A new file has the tables of schema.sql instead, which a test compares with what the changes lead to.

-- Version 2, of ant 0.2.0, is the first.

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
