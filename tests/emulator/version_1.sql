-- A file of schema version 1, written by its emulator.
PRAGMA journal_mode=WAL;
PRAGMA application_id = 1634628709;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE clock (offset INTEGER NOT NULL);
INSERT INTO "clock" VALUES(0);
CREATE TABLE environments (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        archived INTEGER NOT NULL DEFAULT 0,
        document TEXT NOT NULL
    );
INSERT INTO "environments" VALUES(1,'env_0100000000000000000000aa','old ü','cloud',1,'{"id":"env_0100000000000000000000aa","archived_at":"2026-03-15T10:00:00.000000Z","config":{"networking":{"type":"unrestricted"},"packages":{"apt":[],"cargo":[],"gem":[],"go":[],"npm":[],"pip":[],"type":"packages"},"type":"cloud"},"created_at":"2026-03-15T10:00:00.000000Z","description":"","metadata":{},"name":"old ü","type":"environment","updated_at":"2026-03-15T10:00:00.000000Z","scope":"organization"}');
INSERT INTO "environments" VALUES(2,'env_0100000000000000000000bb','queue','self_hosted',0,'{"id":"env_0100000000000000000000bb","archived_at":null,"config":{"type":"self_hosted"},"created_at":"2026-03-15T10:00:00.000000Z","description":"","metadata":{},"name":"queue","type":"environment","updated_at":"2026-03-15T10:00:00.000000Z","scope":"organization"}');
CREATE TABLE faults (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        path_contains TEXT NOT NULL,
        method TEXT,
        status INTEGER,
        times INTEGER NOT NULL,
        retry_after_ms INTEGER,
        delay_ms INTEGER NOT NULL,
        disconnect INTEGER NOT NULL
    );
INSERT INTO "faults" VALUES(1,'fault_0100000000000000000000aa','environments','GET',503,1,NULL,0,0);
CREATE TABLE work (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        environment_id TEXT NOT NULL,
        session_id TEXT NOT NULL,
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
INSERT INTO "work" VALUES(1,'work_0100000000000000000000aa','env_0100000000000000000000bb','session_1','{}','queued',1773568800000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE workers (
        environment_id TEXT NOT NULL,
        worker_id TEXT NOT NULL,
        polled_at INTEGER NOT NULL,
        PRIMARY KEY (environment_id, worker_id)
    ) WITHOUT ROWID;
CREATE INDEX work_of_environment ON work (environment_id, sequence);
CREATE INDEX work_queue ON work (environment_id, sequence) WHERE state = 'queued';
CREATE INDEX work_unfinished ON work (environment_id) WHERE state <> 'stopped';
CREATE INDEX work_leases ON work (lease_until) WHERE lease_until IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('environments',2);
INSERT INTO "sqlite_sequence" VALUES('work',1);
INSERT INTO "sqlite_sequence" VALUES('faults',1);
COMMIT;
