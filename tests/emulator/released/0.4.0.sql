-- A file of ant 0.4.0: that of 0.3.0, which it brought up to date. A session has a step that later versions refuse, `stats`.
PRAGMA journal_mode=WAL;
PRAGMA application_id = 1634628709;
PRAGMA user_version = 5;
BEGIN TRANSACTION;
CREATE TABLE clock (offset INTEGER NOT NULL, frozen_at INTEGER);
INSERT INTO "clock" VALUES(60000000,NULL);
CREATE TABLE environments ( sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0, document TEXT NOT NULL );
INSERT INTO "environments" VALUES(1,'env_01kHCdaEBD682qV0c0oAsd2H','old ü','cloud',1,'{"id":"env_01kHCdaEBD682qV0c0oAsd2H","archived_at":"2026-11-29T05:20:08.727239Z","config":{"networking":{"type":"unrestricted"},"packages":{"apt":[],"cargo":[],"gem":[],"go":[],"npm":[],"pip":["pandas"],"type":"packages"},"type":"cloud"},"created_at":"2026-11-29T05:20:08.648846Z","description":null,"metadata":{},"name":"old ü","type":"environment","updated_at":"2026-11-29T05:20:08.727239Z","scope":"organization","state":"archived"}');
INSERT INTO "environments" VALUES(2,'env_01V875it5qylNVNGXrG2Eenh','queue','self_hosted',0,'{"id":"env_01V875it5qylNVNGXrG2Eenh","archived_at":null,"config":{"type":"self_hosted"},"created_at":"2026-11-29T05:20:08.909394Z","description":null,"metadata":{"k":"v"},"name":"queue","type":"environment","updated_at":"2026-11-29T05:20:08.909394Z","scope":"organization","state":"active"}');
CREATE TABLE events ( sequence INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, type TEXT NOT NULL, document TEXT NOT NULL );
INSERT INTO "events" VALUES(1,'session_018s0anxil4VjsHY78A2DSXu','user.message','{"id": "sevt_01ZJlMVx6VAyrOSBO7zkmuHd", "type": "user.message", "processed_at": "2026-11-29T05:20:09.749111Z", "content": [{"type": "text", "text": "Run the script."}]}');
INSERT INTO "events" VALUES(2,'session_018s0anxil4VjsHY78A2DSXu','session.status_running','{"id": "sevt_01pfqIh4b5ho7uGlvVCAxS2q", "type": "session.status_running", "processed_at": "2026-11-29T05:20:09.749111Z"}');
INSERT INTO "events" VALUES(3,'session_018s0anxil4VjsHY78A2DSXu','agent.tool_use','{"id": "sevt_01YyvFKUv2BfW0SxWKGQGPRC", "type": "agent.tool_use", "processed_at": "2026-11-29T05:20:09.749111Z", "name": "bash", "input": {"command": "ls"}, "evaluated_permission": "allow"}');
INSERT INTO "events" VALUES(4,'session_018s0anxil4VjsHY78A2DSXu','session.status_idle','{"id": "sevt_010vVTL7qwTU1Pyb0fkkbwnz", "type": "session.status_idle", "processed_at": "2026-11-29T05:20:09.749111Z", "stop_reason": {"type": "requires_action", "event_ids": ["sevt_01YyvFKUv2BfW0SxWKGQGPRC"]}, "stop_details": null}');
INSERT INTO "events" VALUES(5,'session_016KS7YA7H2ehO5aGEwiLS7B','user.message','{"id": "sevt_01HBMIufTN7F4KFBCWGG01Kq", "type": "user.message", "processed_at": "2026-11-30T08:07:49.890595Z", "content": [{"type": "text", "text": "x"}]}');
INSERT INTO "events" VALUES(6,'session_016KS7YA7H2ehO5aGEwiLS7B','session.status_running','{"id": "sevt_01wbuzNNFNhqOD2E3ije61dW", "type": "session.status_running", "processed_at": "2026-11-30T08:07:49.890595Z"}');
INSERT INTO "events" VALUES(7,'session_016KS7YA7H2ehO5aGEwiLS7B','agent.tool_use','{"id": "sevt_01I2Qrsf06bG4rEA30gpoYdz", "type": "agent.tool_use", "processed_at": "2026-11-30T08:07:49.890595Z", "name": "bash", "input": {"command": "echo hello"}, "evaluated_permission": "allow"}');
INSERT INTO "events" VALUES(8,'session_016KS7YA7H2ehO5aGEwiLS7B','session.status_idle','{"id": "sevt_01gKQVzNIs5dJAzthFs5nqnr", "type": "session.status_idle", "processed_at": "2026-11-30T08:07:49.890595Z", "stop_reason": {"type": "requires_action", "event_ids": ["sevt_01I2Qrsf06bG4rEA30gpoYdz"]}, "stop_details": null}');
CREATE TABLE faults ( sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, path_contains TEXT NOT NULL, method TEXT, status INTEGER, times INTEGER NOT NULL, retry_after_ms INTEGER, delay_ms INTEGER NOT NULL, disconnect INTEGER NOT NULL, after INTEGER NOT NULL DEFAULT 0, body_delay_ms INTEGER NOT NULL DEFAULT 0, cut_after_events INTEGER , query_contains TEXT NOT NULL DEFAULT '', worker_id TEXT, after_commit INTEGER NOT NULL DEFAULT 0, body TEXT, headers TEXT NOT NULL DEFAULT '[]', error_code TEXT, retry_after INTEGER, cut_after_bytes INTEGER);
INSERT INTO "faults" VALUES(1,'fault_012hqRK7OZsD10tMdale8YM0','','DELETE',503,1,NULL,0,0,0,0,NULL,'',NULL,0,NULL,'[]',NULL,NULL,NULL);
INSERT INTO "faults" VALUES(2,'fault_01sIA268JyTITI4sYHpGc6wo','/nowhere',NULL,503,1,NULL,0,0,0,0,NULL,'',NULL,0,'x','["a: b"]',NULL,NULL,NULL);
CREATE TABLE queues (environment_id TEXT PRIMARY KEY, queued INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "queues" VALUES('env_01V875it5qylNVNGXrG2Eenh',3);
CREATE TABLE sessions ( sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, environment_id TEXT NOT NULL, status TEXT NOT NULL, title TEXT, metadata TEXT NOT NULL, script TEXT NOT NULL, step INTEGER NOT NULL DEFAULT 0, waits_for TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL , agent TEXT NOT NULL DEFAULT 'agent_emulator', archived_at INTEGER, resume_at INTEGER, queued INTEGER NOT NULL DEFAULT 0, active INTEGER NOT NULL DEFAULT 0, figures TEXT NOT NULL DEFAULT '{}');
INSERT INTO "sessions" VALUES(1,'session_018s0anxil4VjsHY78A2DSXu','env_01V875it5qylNVNGXrG2Eenh','idle',NULL,'{}','[{"tool": "bash", "input": {"command": "ls"}}, {"stats": {"active_seconds": 2.5}}, {"message": "Done."}]',1,'sevt_01YyvFKUv2BfW0SxWKGQGPRC',1795929609749111,1795929609749111,'agent_emulator',NULL,NULL,0,0,'{}');
INSERT INTO "sessions" VALUES(2,'session_016KS7YA7H2ehO5aGEwiLS7B','env_01V875it5qylNVNGXrG2Eenh','idle',NULL,'{}','[{"tool": "bash", "input": {"command": "echo hello"}}, {"message": "Done."}]',1,'sevt_01I2Qrsf06bG4rEA30gpoYdz',1796026069890595,1796026069890595,'agent_1 3',NULL,NULL,0,0,'{}');
CREATE TABLE work ( sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, environment_id TEXT NOT NULL, kind TEXT NOT NULL DEFAULT 'session', session_id TEXT NOT NULL, sessions_token TEXT, metadata TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'queued', created_at INTEGER NOT NULL, handed_out_at INTEGER, acknowledged_at INTEGER, started_at INTEGER, latest_heartbeat_at INTEGER, lease_until INTEGER, stop_requested_at INTEGER, stopped_at INTEGER , lapsed_at INTEGER, lapsed_heartbeat_at INTEGER);
INSERT INTO "work" VALUES(1,'work_01jntVgMIOdYGtq2F6Rb4coR','env_01V875it5qylNVNGXrG2Eenh','session','session_01neFYqGAcnKm2aoHGqsvofS','sk-ant-sst01-old1','{}','stopped',1795929609157339,NULL,1795929609237579,1795929609319585,1795929609319585,NULL,1795929609486333,1795929609486333,NULL,NULL);
INSERT INTO "work" VALUES(2,'work_01vDckE2TIzhTF6PkYEYr8kX','env_01V875it5qylNVNGXrG2Eenh','session','session_01N0qg5tuH4uBOH8DQw7Fo9G','sk-ant-sst01-old2','{}','queued',1795929609157339,1795929609561397,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "work" VALUES(3,'work_01lzENUbEsR1BVLiYPRQ461u','env_01V875it5qylNVNGXrG2Eenh','session','session_01mmyfjVRA1N2KHgS5iC61cQ','sk-ant-sst01-old3','{}','queued',1795929609157339,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "work" VALUES(4,'work_01lyLETt7w2izHJOGk59bl4f','env_01V875it5qylNVNGXrG2Eenh','session','session_018s0anxil4VjsHY78A2DSXu','sk-ant-sst01-old4','{}','queued',1795929609749111,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "work" VALUES(5,'work_01Wq3Dn12X7VPGK0vf1cB2yC','env_01V875it5qylNVNGXrG2Eenh','session','session_016KS7YA7H2ehO5aGEwiLS7B','sk-ant-sst01-MNp8GOdEWaPdDzObESaLVHjj54wF54E7','{}','stopped',1796026069890595,NULL,NULL,NULL,NULL,NULL,1796026069892705,1796026069892705,NULL,NULL);
CREATE TABLE workers ( environment_id TEXT NOT NULL, worker_id TEXT NOT NULL, polled_at INTEGER NOT NULL, PRIMARY KEY (environment_id, worker_id) ) WITHOUT ROWID;
CREATE INDEX work_of_environment ON work (environment_id, sequence);
CREATE INDEX work_queue ON work (environment_id, sequence) WHERE state = 'queued';
CREATE INDEX work_leases ON work (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX work_of_session ON work (session_id, sequence);
CREATE INDEX events_of_session ON events (session_id, sequence);
CREATE TRIGGER work_added AFTER INSERT ON work BEGIN
    INSERT INTO queues VALUES (new.environment_id, new.state = 'queued')
    ON CONFLICT DO UPDATE SET queued = queued + excluded.queued;
END;
CREATE TRIGGER work_changed AFTER UPDATE OF state ON work WHEN old.state <> new.state BEGIN
    UPDATE queues SET queued = queued + (new.state = 'queued') - (old.state = 'queued')
    WHERE environment_id = new.environment_id;
END;
CREATE INDEX work_pending ON work (environment_id) WHERE state = 'queued' AND handed_out_at IS NOT NULL;
CREATE INDEX sessions_due ON sessions (resume_at) WHERE resume_at IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('environments',2);
INSERT INTO "sqlite_sequence" VALUES('work',5);
INSERT INTO "sqlite_sequence" VALUES('sessions',2);
INSERT INTO "sqlite_sequence" VALUES('events',8);
INSERT INTO "sqlite_sequence" VALUES('faults',2);
COMMIT;
