-- Version 4: what is kept of attacks' records: downpour.Exhibit as JSON, gzipped.

CREATE TABLE exhibits (
  attack  TEXT    PRIMARY KEY,
  time    INTEGER NOT NULL, -- the last moment of the attack that it knows
  exhibit BLOB    NOT NULL
) STRICT;

CREATE INDEX exhibits_time ON exhibits (time, attack);
