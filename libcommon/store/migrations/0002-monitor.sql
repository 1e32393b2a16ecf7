-- What oncall-monitor keeps.

-- Rules that people added at the command line.
CREATE TABLE patterns (
    id @text@ PRIMARY KEY,
    rule TEXT NOT NULL,               -- a pack of this one rule, in YAML
    actor TEXT NOT NULL,
    updated @integer@ NOT NULL
) @without_rowid@;

-- The state of a monitor at the moment when it wrote a cursor; the cursor
-- record names it by id. It counts once streams.snapshot has that id, too.
CREATE TABLE snapshots (
    name @text@ NOT NULL,             -- --cursor
    number @integer@ NOT NULL,
    id TEXT NOT NULL,                 -- JSON string, "NAME:NUMBER"
    state TEXT NOT NULL,              -- JSON object
    made @integer@ NOT NULL,
    PRIMARY KEY (name, number)
) @without_rowid@;
