-- Version 1: the domain rows. Times are nanoseconds since 1970-01-01 UTC,
-- durations nanoseconds, booleans 0 or 1.

CREATE TABLE reports (
  id      INTEGER PRIMARY KEY,
  time    INTEGER NOT NULL,
  service TEXT    NOT NULL,
  symptom TEXT    NOT NULL,
  text    TEXT    NOT NULL,
  country TEXT    NOT NULL, -- ISO 3166-1 alpha-2, '' if unknown
  asn     INTEGER NOT NULL, -- 0 if unknown
  network TEXT    NOT NULL, -- keyed hash, never an address
  counted INTEGER NOT NULL,
  reason  TEXT    NOT NULL
) STRICT;

-- For pruning by age.
CREATE INDEX reports_time ON reports (time);
-- Covers the breakdown by symptom and country.
CREATE INDEX reports_counted ON reports (service, time, symptom, country) WHERE counted = 1;

CREATE TABLE buckets (
  service  TEXT    NOT NULL,
  time     INTEGER NOT NULL,
  length   INTEGER NOT NULL,
  count    REAL    NOT NULL,
  expected REAL,            -- NULL where it is not a number
  low      REAL,
  high     REAL,
  origin   TEXT    NOT NULL,
  PRIMARY KEY (service, time, length)
) STRICT, WITHOUT ROWID;

CREATE INDEX buckets_time ON buckets (time);

CREATE TABLE incidents (
  id      TEXT    PRIMARY KEY,
  service TEXT    NOT NULL,
  start   INTEGER NOT NULL,
  record  TEXT    NOT NULL -- store.Record as JSON
) STRICT;

CREATE INDEX incidents_start ON incidents (start DESC, id);
CREATE INDEX incidents_service ON incidents (service, start DESC, id);

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
