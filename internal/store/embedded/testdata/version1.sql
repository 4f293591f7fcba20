-- The rows of version1.db, which was written with schema version 1 and is kept
-- as it is. Times: 2025-03-10 14:02:00 UTC and seconds after it.
INSERT INTO reports (time, service, symptom, text, country, asn, network, counted, reason) VALUES
  (1741615320000000000, 'example', 'login', 'cannot sign in', 'DE', 64500, 'n1', 1, ''),
  (1741615321000000000, 'example', 'login', '', '', 0, 'n2', 1, ''),
  (1741615322000000000, 'example', 'access', '', 'DE', 64500, 'n1', 0, 'second report within ten minutes'),
  (1741615323000000000, 'other', 'loading', 'slow', 'FR', 64501, 'n3', 1, '');
INSERT INTO buckets VALUES ('example', 1741615320000000000, 60000000000, 41143, 120, 98, 145, 'received');
INSERT INTO incidents VALUES ('i1', 'example', 1741615320000000000,
  '{"incident":{"id":"i1","service":"example","start":"2025-03-10T14:02:00Z","end":"2025-03-10T14:40:00Z","ongoing":false,"severity":"major","attacks":[],"outages":[],"cause":[],"verdict":"likely an attack","would_settle":""},"attacks":[],"outages":[],"claims":[]}');
INSERT INTO settings VALUES ('page', CAST('public' AS BLOB));
