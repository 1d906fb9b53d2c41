-- What the certificates' events come to. Derived: everything here can be made anew from the events, and is when a file of version 1 is opened.

CREATE TABLE projects (
  key INTEGER PRIMARY KEY,
  org TEXT NOT NULL,
  project TEXT NOT NULL,
  UNIQUE (org, project)
) STRICT;

CREATE TABLE certificates (
  subject INTEGER PRIMARY KEY REFERENCES subjects (key),
  project INTEGER NOT NULL REFERENCES projects (key),
  id TEXT NOT NULL,                -- of the subject
  not_after INTEGER NOT NULL,      -- 100 ns since 1970-01-01T00:00:00Z; the highest time there is where there is no validity
  status INTEGER NOT NULL,
  due INTEGER,                     -- when a sweep is to look at it, in the same unit; null for never
  state BLOB NOT NULL              -- JSON, with its version
) STRICT;

CREATE INDEX certificates_due ON certificates (due) WHERE due IS NOT NULL;
CREATE INDEX certificates_by_end ON certificates (project, not_after, id, status);

CREATE TABLE certificate_names (
  project INTEGER NOT NULL,
  name TEXT NOT NULL,
  not_after INTEGER NOT NULL,      -- the certificate's, so that those that end later than another are found without a look at it
  subject INTEGER NOT NULL REFERENCES certificates (subject),
  PRIMARY KEY (project, name, not_after, subject)
) STRICT, WITHOUT ROWID;
