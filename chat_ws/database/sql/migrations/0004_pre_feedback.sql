-- What visitors think of answers: one rating an answer, gone with it.

CREATE TABLE feedback (
    message_id text PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    rating text NOT NULL CHECK (rating IN ('up', 'down')),
    comment text,
    updated_at timestamptz NOT NULL
);
