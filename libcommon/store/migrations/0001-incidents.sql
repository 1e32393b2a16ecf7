-- Incidents and what belongs to them. Times are milliseconds since 1970 UTC,
-- severity is 0 (info) to 4 (critical), flags are 0 or 1.

CREATE TABLE incidents (
    num @integer@ PRIMARY KEY,        -- INC-20261120-0001 is 202611200000001
    revision @integer@ NOT NULL,      -- rises with what a decision depends on
    status TEXT NOT NULL,
    severity @integer@ NOT NULL,
    severity_raw TEXT,                -- as the source said it
    title TEXT NOT NULL,
    service TEXT,
    host TEXT,
    category TEXT,
    pattern TEXT,
    fingerprint TEXT NOT NULL,
    opened @integer@ NOT NULL,
    updated @integer@ NOT NULL,
    first_seen @integer@ NOT NULL,
    last_seen @integer@ NOT NULL,
    acknowledged @integer@,
    mitigated @integer@,
    resolved @integer@,
    closed @integer@,
    count @integer@ NOT NULL,         -- occurrences
    detections @integer@ NOT NULL,    -- detection records
    assignee TEXT,
    tags TEXT NOT NULL,               -- JSON array
    labels TEXT NOT NULL,             -- JSON object
    links TEXT NOT NULL,              -- JSON array
    previous TEXT,                    -- the incident that this one follows
    merged_into TEXT,
    simulated @integer@ NOT NULL,
    auto_resolved @integer@ NOT NULL,
    false_positive @integer@ NOT NULL,
    solution TEXT,
    took @integer@,                   -- milliseconds of work, as people said
    known @integer@,                  -- revisions that each stage dealt with
    triaged @integer@,
    acted @integer@,
    change TEXT NOT NULL,             -- what happened to it last
    changed @integer@ NOT NULL        -- number of the transaction that did it
);
CREATE INDEX incidents_live ON incidents (num)
    WHERE status NOT IN ('resolved', 'closed');

-- The incident that a detection with this fingerprint joins.
CREATE TABLE fingerprints (
    fingerprint TEXT PRIMARY KEY,
    incident @integer@ NOT NULL
) @without_rowid@;

-- The first few detections of an incident, and the latest few of the others,
-- each a JSON array of records. Two tables, since the first ones soon rest.
CREATE TABLE first_detections (
    incident @integer@ PRIMARY KEY,
    records TEXT NOT NULL
);

CREATE TABLE latest_detections (
    incident @integer@ PRIMARY KEY,
    records TEXT NOT NULL
);

CREATE TABLE timeline (
    incident @integer@ NOT NULL,
    seq @integer@ NOT NULL,
    time @integer@ NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    before TEXT,
    after TEXT,
    note TEXT,
    PRIMARY KEY (incident, seq)
) @without_rowid@;

-- How far each stream of bytes was dealt with. at_position holds the ids of
-- the detections that stand exactly at position, one a line.
CREATE TABLE streams (
    stream TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    position @integer@ NOT NULL,
    at_position TEXT NOT NULL,
    cursor_position TEXT,             -- JSON, as the cursor record had it
    snapshot TEXT,                    -- JSON, as the cursor record had it
    updated @integer@ NOT NULL
);

-- Detections without a position, remembered for a time.
CREATE TABLE seen_detections (
    id TEXT PRIMARY KEY,
    time @integer@ NOT NULL
) @without_rowid@;
CREATE INDEX seen_detections_time ON seen_detections (time);

CREATE TABLE detection_counts (
    hour @integer@ NOT NULL,
    pattern TEXT NOT NULL,
    service TEXT NOT NULL,
    severity @integer@ NOT NULL,
    count @integer@ NOT NULL,
    PRIMARY KEY (hour, pattern, service, severity)
) @without_rowid@;

-- Numbers that only rise: incidents of a day, transactions.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    value @integer@ NOT NULL
) @without_rowid@;

CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,            -- JSON: what would be done
    hash TEXT NOT NULL,               -- of exactly what would be done
    status TEXT NOT NULL,             -- waiting, approved, denied, expired
    requester TEXT NOT NULL,
    approvers TEXT NOT NULL,          -- JSON array of names; empty: anybody
    quorum @integer@ NOT NULL,
    votes TEXT NOT NULL,              -- JSON array
    requested @integer@ NOT NULL,
    expires @integer@ NOT NULL,
    settled @integer@
);
