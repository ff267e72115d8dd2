/**
 * The tables of the embedded store, as the steps that made them: a database of any earlier version is
 * brought up to date when the sink starts. A step that was released is never changed; a new one is added.
 *
 * Columns of type ANY keep a double as it is: a REAL column would turn −0 into 0. Values which are no
 * numbers stand there as JSON text.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE hub (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL,
  hub TEXT NOT NULL,
  consumer_group TEXT NOT NULL,
  incarnation INTEGER NOT NULL,
  UNIQUE (namespace, hub, consumer_group, incarnation)
) STRICT;

CREATE TABLE ownership (
  hub_id INTEGER NOT NULL,
  partition TEXT NOT NULL,
  owner TEXT NOT NULL,
  etag INTEGER NOT NULL,
  modified_at INTEGER NOT NULL,
  PRIMARY KEY (hub_id, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE position (
  hub_id INTEGER NOT NULL,
  partition TEXT NOT NULL,
  sequence_number INTEGER NOT NULL,
  offset TEXT NOT NULL,
  PRIMARY KEY (hub_id, partition)
) STRICT, WITHOUT ROWID;

-- Accepted and closed are ranges of seqs, as JSON: [[from,to],...].
CREATE TABLE lane (
  id INTEGER PRIMARY KEY,
  gateway TEXT NOT NULL,
  epoch TEXT NOT NULL,
  lane INTEGER NOT NULL,
  accepted TEXT NOT NULL,
  closed TEXT NOT NULL,
  version INTEGER NOT NULL,
  watermark REAL NOT NULL,
  seen_at INTEGER NOT NULL,
  UNIQUE (gateway, epoch, lane)
) STRICT;

CREATE TABLE lane_digests (
  lane_id INTEGER PRIMARY KEY,
  digests BLOB NOT NULL
) STRICT;

-- Events whose readings are accepted, but not yet folded into rollup rows. Where part of an event
-- was a duplicate, only_chunks lists the positions of the chunks that count.
CREATE TABLE journal (
  id INTEGER PRIMARY KEY,
  lane_id INTEGER NOT NULL,
  body BLOB NOT NULL,
  only_chunks TEXT
) STRICT;

-- A fold under way: series up to (device, tag) hold what the journal has up to the given id.
CREATE TABLE fold_progress (
  gateway TEXT NOT NULL,
  lane INTEGER NOT NULL,
  journal_to INTEGER NOT NULL,
  device TEXT NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY (gateway, lane)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  gateway TEXT NOT NULL,
  device TEXT NOT NULL,
  tag TEXT NOT NULL,
  UNIQUE (gateway, device, tag)
) STRICT;

-- By time first: the rows that are written at one time lie together. By series first, each fold
-- would touch a page a series and width.
CREATE TABLE rollup (
  width_ms INTEGER NOT NULL,
  start INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  count INTEGER NOT NULL,
  numbers INTEGER NOT NULL,
  bad INTEGER NOT NULL,
  sum ANY,
  sum_rest TEXT,
  min ANY,
  max ANY,
  first_ts ANY,
  first_at TEXT,
  first ANY,
  last_ts ANY,
  last_at TEXT,
  last ANY,
  revision INTEGER NOT NULL,
  PRIMARY KEY (width_ms, start, series_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW rollups AS
  SELECT gateway, device, tag, width_ms, start, count, bad, sum, min, max,
         CASE WHEN numbers > 0 THEN sum / numbers END AS mean, first, last, first_ts, last_ts, revision
  FROM rollup JOIN series ON series.id = rollup.series_id;

CREATE TABLE device (
  gateway TEXT NOT NULL,
  device TEXT NOT NULL,
  tag TEXT NOT NULL,
  description TEXT NOT NULL,
  PRIMARY KEY (gateway, device, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm (
  serial INTEGER PRIMARY KEY,
  gateway TEXT NOT NULL,
  id TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  transition TEXT NOT NULL,
  UNIQUE (gateway, id)
) STRICT;

CREATE TABLE dead_letter (
  id INTEGER PRIMARY KEY,
  hub_id INTEGER NOT NULL,
  partition TEXT NOT NULL,
  sequence_number INTEGER NOT NULL,
  offset TEXT NOT NULL,
  enqueued_at INTEGER NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (hub_id, partition, sequence_number, code)
) STRICT;

CREATE TABLE gap (
  id INTEGER PRIMARY KEY,
  lane_id INTEGER NOT NULL,
  from_seq INTEGER,
  to_seq INTEGER,
  readings INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;

CREATE TABLE totals (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  readings INTEGER NOT NULL DEFAULT 0,
  bad INTEGER NOT NULL DEFAULT 0,
  duplicate_readings INTEGER NOT NULL DEFAULT 0,
  chunks INTEGER NOT NULL DEFAULT 0,
  duplicate_chunks INTEGER NOT NULL DEFAULT 0,
  dead_lettered INTEGER NOT NULL DEFAULT 0,
  alarms INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO totals (id) VALUES (1);
`,
  `
-- Who keeps the alarms. What came before there was a desk wakes nobody.
CREATE TABLE desk (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  owner TEXT NOT NULL DEFAULT '',
  term INTEGER NOT NULL DEFAULT 0,
  -- Milliseconds since 1970.
  until INTEGER NOT NULL DEFAULT 0,
  -- Serial of the last transition that was taken in.
  cursor INTEGER NOT NULL
) STRICT;
INSERT INTO desk (id, cursor) SELECT 1, coalesce(max(serial), 0) FROM alarm;

CREATE TABLE alarm_state (
  key TEXT PRIMARY KEY,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm_maintenance (
  id TEXT PRIMARY KEY,
  window TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm_journal (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  entry TEXT NOT NULL
) STRICT;
CREATE INDEX alarm_journal_key ON alarm_journal (key, id);

CREATE TABLE alarm_outbox (
  id TEXT PRIMARY KEY,
  entry TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_memory (
  key TEXT PRIMARY KEY,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Never the same id again: somebody may still ask for the answer.
CREATE TABLE alarm_request (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  asked_at INTEGER NOT NULL,
  operation TEXT NOT NULL,
  answer TEXT
) STRICT;

CREATE TABLE sink_report (
  name TEXT PRIMARY KEY,
  reported_at INTEGER NOT NULL,
  report TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
  `
-- How many transitions of alarms were given up before the desk had taken them in.
CREATE TABLE alarm_loss (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  given_up INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO alarm_loss (id) VALUES (1);
`,
];
