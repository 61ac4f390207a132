"""The tables of run.db, and the steps from each version of them to the next.

Floating-point numbers that a search goes on from are bound as such or kept as JSON
text, whose digits Python reads back exactly: resuming must not move a score by a bit.
"""

from __future__ import annotations

#: "MAED" in the header of the file tells our databases from anybody else's
APPLICATION_ID = 0x4D414544

_SCORED = """
    parent INTEGER,
    origin TEXT NOT NULL,
    z REAL NOT NULL,
    params INTEGER NOT NULL,
    flops INTEGER NOT NULL,
    layers INTEGER NOT NULL,
    structure TEXT NOT NULL,
    score TEXT NOT NULL
"""

_TABLES = f"""
CREATE TABLE run (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    created REAL NOT NULL,
    preset_name TEXT NOT NULL,
    preset TEXT NOT NULL,
    parent TEXT,
    parent_iteration INTEGER
);
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    started REAL NOT NULL,
    from_iteration INTEGER NOT NULL,
    environment TEXT NOT NULL
);
CREATE TABLE status (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    updated REAL NOT NULL,
    state TEXT NOT NULL,
    phase TEXT NOT NULL,
    iteration INTEGER NOT NULL,
    iterations INTEGER NOT NULL,
    seconds REAL NOT NULL,
    rate REAL NOT NULL,
    eta REAL,
    scorer TEXT NOT NULL,
    z REAL,
    best_iteration INTEGER NOT NULL,
    findings TEXT NOT NULL
);
CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    saved REAL NOT NULL,
    iteration INTEGER NOT NULL,
    begun INTEGER NOT NULL,
    switched_at INTEGER,
    seconds REAL NOT NULL,
    batch INTEGER NOT NULL,
    rng TEXT NOT NULL
);
CREATE TABLE counts (reason TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE history (iteration INTEGER PRIMARY KEY, z REAL NOT NULL);
CREATE TABLE stages (
    iteration INTEGER NOT NULL,
    level TEXT NOT NULL,
    params INTEGER NOT NULL,
    flops INTEGER NOT NULL,
    layers INTEGER NOT NULL,
    PRIMARY KEY (iteration, level)
) WITHOUT ROWID;
CREATE TABLE bests (iteration INTEGER PRIMARY KEY, {_SCORED});
CREATE TABLE population (iteration INTEGER PRIMARY KEY, {_SCORED});
CREATE TABLE wishes (
    id INTEGER PRIMARY KEY,
    asked REAL NOT NULL,
    wish TEXT NOT NULL,
    heeded REAL
);
"""

#: acceptance and the stages' contributions over time; unknown of points from before
_OVER_TIME = """
ALTER TABLE history ADD COLUMN accepted INTEGER;
ALTER TABLE stages ADD COLUMN z REAL
"""

#: worst and quartiles of the population over time
_SPREAD = """
ALTER TABLE history ADD COLUMN worst REAL;
ALTER TABLE history ADD COLUMN lower REAL;
ALTER TABLE history ADD COLUMN middle REAL;
ALTER TABLE history ADD COLUMN upper REAL
"""

#: what became of the children by mutation, and the ancestors of the population that are gone
_WHAT_WORKS = """
CREATE TABLE mutations (
    level TEXT NOT NULL,
    field TEXT NOT NULL,
    several INTEGER NOT NULL,
    fate TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (level, field, several, fate)
);
CREATE TABLE ancestors (
    iteration INTEGER PRIMARY KEY,
    parent INTEGER,
    z REAL NOT NULL,
    origin TEXT NOT NULL
)
"""

#: step n turns a database of version n into one of version n + 1; 0 is an empty one
STEPS: tuple[str, ...] = (_TABLES, _OVER_TIME, _SPREAD, _WHAT_WORKS)
