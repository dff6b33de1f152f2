-- Conversations, their messages, and the runs that make answers.

CREATE TABLE conversations (
    id text PRIMARY KEY,
    visitor_id text NOT NULL,
    title text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    message_count integer NOT NULL DEFAULT 0,
    position bigint GENERATED ALWAYS AS IDENTITY
);

CREATE INDEX conversations_by_visitor ON conversations (visitor_id, position DESC);

CREATE TABLE messages (
    id text PRIMARY KEY,
    conversation_id text NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    visitor_id text NOT NULL,
    role text NOT NULL CHECK (role IN ('user', 'assistant')),
    content text NOT NULL,
    citations jsonb NOT NULL DEFAULT '[]',
    client_message_id uuid,
    fingerprint text,
    run_id text,
    status text CHECK (status IN ('running', 'completed', 'cancelled', 'failed', 'incomplete')),
    finish_reason text,
    degraded jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY
);

CREATE INDEX messages_by_conversation ON messages (conversation_id, position);

-- The idempotency key: a visitor's client_message_id is stored once, whatever is resent.
CREATE UNIQUE INDEX messages_by_client_message ON messages (visitor_id, client_message_id)
    WHERE client_message_id IS NOT NULL;

CREATE TABLE runs (
    id text PRIMARY KEY,
    conversation_id text NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    visitor_id text NOT NULL,
    message_id text NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('running', 'completed', 'cancelled', 'failed', 'incomplete')),
    last_sequence integer,
    error jsonb,
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- One answer at a time in a conversation, whoever asks for it.
CREATE UNIQUE INDEX runs_active ON runs (conversation_id) WHERE status = 'running';
CREATE INDEX runs_by_message ON runs (message_id);
