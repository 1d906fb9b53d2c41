-- CertFunctions embedded store, version 2 (PRAGMA user_version), with certificates.sql. Append-only: the triggers below refuse what history must not suffer, whoever asks.

CREATE TABLE subjects (
  key INTEGER PRIMARY KEY,
  org TEXT NOT NULL,
  project TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  seq INTEGER NOT NULL,            -- the head: seq of the subject's last event
  UNIQUE (org, project, kind, id)
) STRICT;

CREATE TABLE events (
  position INTEGER PRIMARY KEY,    -- the change feed's order
  subject INTEGER NOT NULL REFERENCES subjects (key),
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,    -- 100 ns since 1970-01-01T00:00:00Z
  leaf BLOB NOT NULL,              -- the bytes that are hashed
  salt BLOB,                       -- with personal, what the leaf's commitment commits to; both null once erased
  personal BLOB,
  UNIQUE (subject, seq),
  UNIQUE (subject, id)
) STRICT;

CREATE TABLE ledgers (
  key INTEGER PRIMARY KEY,
  org TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,           -- entries; the next index
  hash BLOB NOT NULL,              -- the last entry's hash, or genesis
  last_event INTEGER NOT NULL      -- highest position chained: what lies above it is not in the ledger
) STRICT;

CREATE TABLE ledger_entries (
  ledger INTEGER NOT NULL REFERENCES ledgers (key),
  idx INTEGER NOT NULL,
  event INTEGER NOT NULL UNIQUE REFERENCES events (position),
  leaf_hash BLOB NOT NULL,
  hash BLOB NOT NULL,
  mac BLOB NOT NULL,
  key_id TEXT NOT NULL,
  PRIMARY KEY (ledger, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_segments (
  ledger INTEGER NOT NULL REFERENCES ledgers (key),
  segment INTEGER NOT NULL,        -- index of its first entry / 65536
  opening_hash BLOB NOT NULL,      -- the hash its first entry links back to
  PRIMARY KEY (ledger, segment)
) STRICT, WITHOUT ROWID;

CREATE TABLE positions (
  reader TEXT PRIMARY KEY,
  position TEXT NOT NULL           -- in the words of the feed it reads
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_are_kept BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE OF position, subject, seq, id, type, occurred_at, leaf ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER entries_are_kept BEFORE DELETE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END;
CREATE TRIGGER entries_stay_as_they_are BEFORE UPDATE ON ledger_entries BEGIN SELECT RAISE(ABORT, 'ledger entries are append-only'); END;
CREATE TRIGGER segments_are_kept BEFORE DELETE ON ledger_segments BEGIN SELECT RAISE(ABORT, 'ledger segments are append-only'); END;
CREATE TRIGGER segments_stay_as_they_are BEFORE UPDATE ON ledger_segments BEGIN SELECT RAISE(ABORT, 'ledger segments are append-only'); END;
CREATE TRIGGER subjects_are_kept BEFORE DELETE ON subjects BEGIN SELECT RAISE(ABORT, 'subjects are append-only'); END;
CREATE TRIGGER ledgers_are_kept BEFORE DELETE ON ledgers BEGIN SELECT RAISE(ABORT, 'ledgers are append-only'); END;
