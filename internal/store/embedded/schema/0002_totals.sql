-- Version 2: totals kept beside the reports, in the same transactions, so that
-- reading them costs the same however many reports there are. What pruning
-- takes away is remembered, so that total = rows + pruned can be checked.

CREATE TABLE report_totals (
  service         TEXT    PRIMARY KEY,
  received        INTEGER NOT NULL,
  counted         INTEGER NOT NULL,
  pruned_received INTEGER NOT NULL DEFAULT 0,
  pruned_counted  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO report_totals (service, received, counted)
  SELECT service, count(*), sum(counted) FROM reports GROUP BY service;

-- For erasing a network's texts without reading every report.
CREATE INDEX reports_texts ON reports (network) WHERE text <> '';
