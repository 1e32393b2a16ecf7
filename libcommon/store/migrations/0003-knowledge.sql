-- What oncall-kb keeps. Entries of packs stand in their files; here is what
-- people and programs added to them.

CREATE TABLE entries (
    id @text@ PRIMARY KEY,
    record TEXT NOT NULL,             -- JSON object, as knowledge.h writes it
    state @integer@ NOT NULL,         -- 0 there, 1 takes away, 2 nothing said
    changed @integer@ NOT NULL,       -- counter 'knowledge' when it changed
    updated @integer@ NOT NULL
) @without_rowid@;
CREATE INDEX entries_changed ON entries (changed);

-- What came of a diagnosis and a solution; rows are only added, but that a
-- person's verdict on an incident replaces a program's.
CREATE TABLE outcomes (
    entry @text@ NOT NULL,
    seq @integer@ NOT NULL,
    solution TEXT,
    incident TEXT,
    verdict TEXT NOT NULL,            -- worked, failed, wrong
    machine @integer@ NOT NULL,
    speed @integer@ NOT NULL,
    effect @integer@ NOT NULL,
    note TEXT,
    actor TEXT NOT NULL,
    time @integer@ NOT NULL,
    PRIMARY KEY (entry, seq)
) @without_rowid@;

CREATE TABLE entry_history (
    entry @text@ NOT NULL,
    seq @integer@ NOT NULL,
    time @integer@ NOT NULL,
    actor TEXT NOT NULL,
    what TEXT NOT NULL,
    solution TEXT,
    cause TEXT,
    note TEXT,
    before @real@,                    -- confidence
    after @real@,
    record TEXT,                      -- the entry before, for undo; '' was not
    PRIMARY KEY (entry, seq)
) @without_rowid@;

CREATE TABLE entry_hits (
    entry @text@ NOT NULL,
    expr @integer@ NOT NULL,          -- which expression, or -1: by words
    count @integer@ NOT NULL,
    last @integer@ NOT NULL,
    PRIMARY KEY (entry, expr)
) @without_rowid@;

CREATE TABLE incident_knowledge (
    incident @integer@ PRIMARY KEY,
    revision @integer@ NOT NULL,
    knowledge TEXT NOT NULL,
    matched @integer@ NOT NULL
);
