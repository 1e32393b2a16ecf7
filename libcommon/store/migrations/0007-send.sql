-- What becomes of messages at their targets.

-- When its targets were chosen.
ALTER TABLE messages ADD COLUMN planned @integer@;
CREATE INDEX messages_new ON messages (num)
    WHERE status = 'queued' AND planned IS NULL;
CREATE INDEX messages_made ON messages (made);

CREATE TABLE deliveries (
    message @integer@ NOT NULL,       -- num of messages
    target @text@ NOT NULL,
    room @text@ NOT NULL,             -- '': the target's own
    status TEXT NOT NULL,             -- queued, sending, held (for others like
                                      -- it), joined (another one tells it),
                                      -- delivered, accepted, failed, unknown,
                                      -- cancelled
    made @integer@ NOT NULL,          -- it is too old some time after
    due @integer@ NOT NULL,           -- not before
    attempts @integer@ NOT NULL,
    maybe @integer@ NOT NULL,         -- 1: it may have arrived
    runner TEXT,                      -- who is sending it
    part_of @integer@,                -- message that tells it
    alike @text@,                     -- held: what it repeats; NULL: a digest
    remote_id TEXT,
    reason TEXT,
    settled @integer@,
    PRIMARY KEY (message, target)
) @without_rowid@;
CREATE INDEX deliveries_open ON deliveries (target, room, message)
    WHERE status IN ('queued', 'sending');
CREATE INDEX deliveries_held ON deliveries (target, room, alike, due)
    WHERE status = 'held';
CREATE INDEX deliveries_joined ON deliveries (part_of, target)
    WHERE part_of IS NOT NULL;

-- What is sent one after the other: a target's room.
CREATE TABLE send_lines (
    target @text@ NOT NULL,
    room @text@ NOT NULL,
    next @integer@ NOT NULL,          -- when its rate is used up to
    burst_since @integer@ NOT NULL,
    burst @integer@ NOT NULL,         -- messages since then
    PRIMARY KEY (target, room)
) @without_rowid@;

-- What later messages of a thread go under.
CREATE TABLE send_threads (
    target @text@ NOT NULL,
    room @text@ NOT NULL,
    thread @text@ NOT NULL,
    root TEXT NOT NULL,               -- remote id of the first message
    last TEXT NOT NULL,
    used @integer@ NOT NULL,
    PRIMARY KEY (target, room, thread)
) @without_rowid@;
CREATE INDEX send_threads_used ON send_threads (used);

-- Messages that others repeat.
CREATE TABLE send_alike (
    target @text@ NOT NULL,
    room @text@ NOT NULL,
    alike @text@ NOT NULL,            -- hash of title, text and severity
    message @integer@ NOT NULL,       -- the first of them
    since @integer@ NOT NULL,
    times @integer@ NOT NULL,
    PRIMARY KEY (target, room, alike)
) @without_rowid@;
