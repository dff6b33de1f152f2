-- Which processes live, by the database's own clock, and which of them runs a run.

CREATE TABLE replicas (
    id text PRIMARY KEY,
    process text NOT NULL,
    beat_at timestamptz NOT NULL
);

ALTER TABLE runs ADD COLUMN replica_id text;
