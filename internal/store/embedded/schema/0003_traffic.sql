-- Version 3: minutes of traffic. A row holds what was told at once, mostly all of one
-- minute, as internal/store/embedded/traffic.go codes it.

CREATE TABLE traffic (
  id      INTEGER PRIMARY KEY,
  time    INTEGER NOT NULL, -- when the minute began
  minutes BLOB    NOT NULL
) STRICT;

CREATE INDEX traffic_time ON traffic (time, id);
