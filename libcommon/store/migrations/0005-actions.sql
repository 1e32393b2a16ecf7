-- What was decided about incidents, and what was done.

CREATE TABLE changes (
    id @text@ PRIMARY KEY,
    time @integer@ NOT NULL,
    service TEXT NOT NULL,
    what TEXT NOT NULL,
    kind TEXT,
    who TEXT,
    version TEXT,
    link TEXT,
    host TEXT
) @without_rowid@;
CREATE INDEX changes_time ON changes (time);
CREATE INDEX changes_service ON changes (service, time);

CREATE TABLE incident_triage (
    incident @integer@ PRIMARY KEY,
    revision @integer@ NOT NULL,
    decision TEXT NOT NULL,
    triage TEXT NOT NULL,             -- JSON object
    decided @integer@ NOT NULL
);

CREATE INDEX outcomes_incident ON outcomes (incident);

CREATE TABLE actions (
    id @text@ PRIMARY KEY,            -- ACT- and a ULID
    same TEXT NOT NULL UNIQUE,        -- what makes two requests one action
    incident @integer@,
    revision @integer@,
    name TEXT NOT NULL,
    params TEXT NOT NULL,             -- JSON object: all values, no secrets
    given TEXT NOT NULL DEFAULT '{}', -- JSON object: those that were given
    untrusted TEXT NOT NULL,          -- JSON array, or 'all'
    target TEXT NOT NULL,
    service TEXT,
    host TEXT,
    entry TEXT,
    solution TEXT,
    hash TEXT NOT NULL,               -- of exactly what would run
    decision TEXT,
    actor TEXT NOT NULL,
    approval TEXT,
    status TEXT NOT NULL,
    verdict TEXT,
    reason TEXT,
    runner TEXT,                      -- who holds it while it runs
    attempts @integer@ NOT NULL,
    requested @integer@ NOT NULL,
    due @integer@,                    -- when it may be tried again
    started @integer@,
    ended @integer@,
    outcome TEXT,                     -- JSON object, as action-run.h writes it
    undo_of TEXT,
    undone TEXT
) @without_rowid@;
CREATE INDEX actions_incident ON actions (incident);
CREATE INDEX actions_open ON actions (status)
    WHERE status IN ('planned', 'waiting', 'running', 'unknown');
CREATE INDEX actions_started ON actions (started);
CREATE INDEX actions_name ON actions (name, started);
CREATE INDEX actions_target ON actions (target, started);
CREATE INDEX actions_fixed ON actions (ended)
    WHERE verdict = 'verified_fixed';

-- One action at a time on a target.
CREATE TABLE action_targets (
    target @text@ PRIMARY KEY,
    action TEXT NOT NULL,
    runner TEXT NOT NULL
) @without_rowid@;

CREATE TABLE breakers (
    name @text@ PRIMARY KEY,          -- action and target
    state TEXT NOT NULL,              -- closed, open, half-open
    failures TEXT NOT NULL,           -- JSON array of times
    opened @integer@,
    reason TEXT
) @without_rowid@;

-- 1: who asked has no vote.
ALTER TABLE approvals ADD COLUMN others_only @integer@;

-- What is switched for all programs, such as the emergency stop.
CREATE TABLE switches (
    name @text@ PRIMARY KEY,
    actor TEXT NOT NULL,
    reason TEXT,
    time @integer@ NOT NULL
) @without_rowid@;

-- Each row carries a hash over itself and the hash of the row before.
CREATE TABLE audit (
    seq @integer@ PRIMARY KEY,
    time @integer@ NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,               -- JSON object
    hash TEXT NOT NULL
);
