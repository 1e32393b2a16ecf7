-- When people hear of incidents, and what is to be sent to them.

-- What the pager has not seen yet.
CREATE INDEX incidents_changed ON incidents (changed);
CREATE INDEX incidents_mitigated ON incidents (mitigated)
    WHERE status = 'mitigated';

-- What is to be sent. Who sends it settles it.
CREATE TABLE messages (
    num @integer@ PRIMARY KEY,        -- order; counter 'messages'
    key @text@ NOT NULL UNIQUE,       -- its identity
    record TEXT NOT NULL,             -- JSON: the message record
    thread TEXT,                      -- messages that belong together
    call @integer@ NOT NULL,          -- 1: it calls somebody
    until_ack @integer@ NOT NULL DEFAULT 0, -- 1: acknowledged, it is taken back
    status TEXT NOT NULL,             -- queued, sent, failed, cancelled
    reason TEXT,                      -- of failed and cancelled
    made @integer@ NOT NULL
);
CREATE INDEX messages_queued ON messages (num) WHERE status = 'queued';
CREATE INDEX messages_thread ON messages (thread, num);

-- Incidents that are told together, from the first one that is open until all
-- are over and that was said. Its timers are due, repeats and pager_steps.
CREATE TABLE pager_groups (
    key @text@ PRIMARY KEY,           -- JSON array: values of group_by
    thread TEXT NOT NULL,             -- INC-... that began it
    seq @integer@ NOT NULL,           -- messages so far
    begins @integer@ NOT NULL DEFAULT 0, -- nothing is said before
    due @integer@,                    -- next look; NULL: when something changes
    told @integer@,                   -- when something was said last
    repeats @integer@,                -- when it is said again
    policy TEXT,                      -- escalation that runs
    escalated @integer@,              -- since when
    called TEXT NOT NULL              -- JSON array: who was called
) @without_rowid@;
CREATE INDEX pager_groups_due ON pager_groups (due) WHERE due IS NOT NULL;

CREATE TABLE pager_incidents (
    incident @integer@ PRIMARY KEY,
    group_key @text@ NOT NULL,
    told TEXT,                        -- status that people know; NULL: none
    severity @integer@,               -- that they heard
    status TEXT,                      -- as it was seen
    revision @integer@,               -- that was seen
    urgent @integer@ NOT NULL DEFAULT 0, -- 1: people are to hear of it at once
    muted TEXT,                       -- SIL-..., or inhibit:RULE:INC-...
    muted_since @integer@,
    flapping @integer@                -- since when, or NULL
);
CREATE INDEX pager_incidents_group ON pager_incidents (group_key);
CREATE INDEX pager_incidents_muted ON pager_incidents (muted)
    WHERE muted IS NOT NULL;

CREATE TABLE pager_steps (
    group_key @text@ NOT NULL,
    step @integer@ NOT NULL,          -- of the policy, from 0
    due @integer@ NOT NULL,
    done @integer@ NOT NULL,          -- how often it was done
    PRIMARY KEY (group_key, step)
) @without_rowid@;
CREATE INDEX pager_steps_due ON pager_steps (due);

-- What was decided to be for people, until the pager has seen it.
CREATE TABLE pager_urgent (
    incident @integer@ PRIMARY KEY
);

-- Live incidents that a rule of inhibition knows as causes.
CREATE TABLE pager_causes (
    rule @text@ NOT NULL,
    same @text@ NOT NULL,             -- JSON array: values of equal
    incident @integer@ NOT NULL,
    target @integer@ NOT NULL,        -- 1: it matches the other side, too
    PRIMARY KEY (rule, same, incident)
) @without_rowid@;
CREATE INDEX pager_causes_incident ON pager_causes (incident);

CREATE TABLE silences (
    id @text@ PRIMARY KEY,            -- SIL- and a ULID
    match TEXT NOT NULL,              -- JSON object of arrays: field to values
    incidents TEXT,                   -- JSON array: only these; NULL: any
    starts @integer@ NOT NULL,
    ends @integer@,                   -- NULL: when these are resolved
    actor TEXT NOT NULL,
    note TEXT,
    made @integer@ NOT NULL,
    ended @integer@                   -- when it was over
) @without_rowid@;
CREATE INDEX silences_live ON silences (starts) WHERE ended IS NULL;

CREATE TABLE heartbeats (
    name @text@ PRIMARY KEY,
    seen @integer@,                   -- last sign of life
    since @integer@ NOT NULL,         -- first expected
    looked @integer@,                 -- when its command was begun last
    failed @integer@,                 -- that look, when it did not end well
    missed @integer@,                 -- since when it is missing, or NULL
    place TEXT NOT NULL               -- host that looked last
) @without_rowid@;
