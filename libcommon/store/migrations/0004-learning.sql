-- What was learned from resolutions, and what rules must not match any more.

-- Incidents that were learned from, at the revision that they had.
CREATE TABLE learned (
    incident @integer@ PRIMARY KEY,
    revision @integer@ NOT NULL,
    entry TEXT,                       -- that it went to, or NULL: to none
    time @integer@ NOT NULL
);

-- Except-expressions that false positives add to rules, wherever those are.
CREATE TABLE false_positives (
    incident @integer@ NOT NULL,
    seq @integer@ NOT NULL,
    rule TEXT NOT NULL,
    expr TEXT NOT NULL,
    time @integer@ NOT NULL,
    PRIMARY KEY (incident, seq)
) @without_rowid@;
