-- name: find_client_message
-- The question a visitor asked, or asked to be answered again, under this client_message_id, with that run.
SELECT coalesce(m.question_id, m.id) AS message_id, m.conversation_id, m.run_id, m.fingerprint, r.message_id AS answer_id,
    r.status, r.replica_id
FROM messages AS m
INNER JOIN runs AS r ON r.id = m.run_id
WHERE m.visitor_id = %(visitor_id)s AND m.client_message_id = %(client_message_id)s;

-- name: lock_conversation
-- A visitor's conversation, held until the end of the transaction.
SELECT c.id
FROM conversations AS c
WHERE c.id = %(conversation_id)s AND c.visitor_id = %(visitor_id)s
FOR UPDATE;

-- name: lock_question
-- A visitor's question with all it was asked with, its conversation held until the end of the transaction.
SELECT m.conversation_id, m.content, m.asked
FROM messages AS m
INNER JOIN conversations AS c ON c.id = m.conversation_id
WHERE m.id = %(message_id)s AND m.visitor_id = %(visitor_id)s AND m.role = 'user'
FOR UPDATE OF c;

-- name: insert_conversation
-- A new conversation.
INSERT INTO conversations (id, visitor_id, title, created_at, updated_at, message_count)
VALUES (%(conversation_id)s, %(visitor_id)s, %(title)s, %(now)s, %(now)s, %(added)s);

-- name: touch_conversation
-- A question and the place of its answer, or the place of another one, came to a conversation.
UPDATE conversations
SET updated_at = %(now)s, message_count = message_count + %(added)s
WHERE id = %(conversation_id)s;

-- name: insert_user_message
-- A visitor's question.
INSERT INTO messages (
    id, conversation_id, visitor_id, role, content, client_message_id, fingerprint, run_id, asked,
    created_at
)
VALUES (
    %(message_id)s, %(conversation_id)s, %(visitor_id)s, 'user', %(content)s, %(client_message_id)s,
    %(fingerprint)s, %(run_id)s, %(asked)s, %(now)s
);

-- name: insert_assistant_message
-- The place of the answer to come; with the id under which it was asked for once more.
INSERT INTO messages (
    id, conversation_id, visitor_id, role, content, question_id, client_message_id, fingerprint, run_id, status,
    created_at
)
VALUES (
    %(answer_id)s, %(conversation_id)s, %(visitor_id)s, 'assistant', '', %(message_id)s, %(again_id)s,
    %(again_fingerprint)s, %(run_id)s, 'running', %(now)s
);

-- name: insert_run
-- A run, which is running; the index on running ones refuses a second in the conversation.
INSERT INTO runs (id, conversation_id, visitor_id, message_id, replica_id, status, created_at)
VALUES (%(run_id)s, %(conversation_id)s, %(visitor_id)s, %(answer_id)s, %(replica_id)s, 'running', %(now)s);

-- name: history
-- A question and what was said before it and is whole, newest first; of several answers to one the last.
WITH latest AS (
    SELECT m.id, m.role, m.content, m.question_id, m.position
    FROM messages AS m
    WHERE
        m.conversation_id = %(conversation_id)s AND m.content <> '' AND m.status IS DISTINCT FROM 'running'
        AND m.position <= (SELECT q.position FROM messages AS q WHERE q.id = %(message_id)s)
    ORDER BY m.position DESC
    LIMIT %(window)s
)

SELECT l.role, l.content
FROM latest AS l
LEFT JOIN latest AS q ON q.id = l.question_id
WHERE NOT EXISTS (
    SELECT 1
    FROM latest AS n
    WHERE n.question_id = l.question_id AND n.position > l.position
)
ORDER BY coalesce(q.position, l.position) DESC, l.position DESC
LIMIT %(limit)s;

-- name: checkpoint_message
-- What an answer holds so far, while its run is running.
UPDATE messages
SET content = %(content)s, citations = %(citations)s
WHERE id = %(message_id)s AND status = 'running';

-- name: end_run
-- A run's end, with its answer as it stays; nothing where somebody else ended it.
WITH ended AS (
    UPDATE runs
    SET status = %(status)s, last_sequence = %(last_sequence)s, error = %(error)s, ended_at = %(now)s
    WHERE id = %(run_id)s AND status = 'running'
    RETURNING message_id
)

UPDATE messages AS m
SET content = %(content)s, citations = %(citations)s, status = %(status)s,
    finish_reason = %(finish_reason)s, degraded = %(degraded)s
FROM ended AS e
WHERE m.id = e.message_id;

-- name: run_status
-- How a run stands.
SELECT r.status
FROM runs AS r
WHERE r.id = %(run_id)s;

-- name: request_stop
-- A visitor's run is to be stopped by the replica that runs it.
UPDATE runs
SET stop_requested = true
WHERE id = %(run_id)s AND visitor_id = %(visitor_id)s AND status = 'running';

-- name: beat
-- A replica lives, now.
INSERT INTO replicas (id, process, beat_at)
VALUES (%(replica_id)s, %(process)s, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at;

-- name: runs_of_replica
-- How the runs stand that a replica runs, and those that are stored as its own and running.
SELECT r.id, r.status, r.stop_requested
FROM runs AS r
WHERE r.id = ANY(%(run_ids)s)
UNION
SELECT r.id, r.status, r.stop_requested
FROM runs AS r
WHERE r.status = 'running' AND r.replica_id = %(replica_id)s;

-- name: lock_orphans
-- One replica at a time looks for orphans; it need not be this one.
SELECT pg_try_advisory_xact_lock(%(lock)s) AS taken;

-- name: list_replicas
-- The other replicas, and whether they were not heard of for too long.
SELECT p.id, p.process, p.beat_at < clock_timestamp() - make_interval(secs => %(lease_s)s) AS overdue
FROM replicas AS p
WHERE p.id <> %(replica_id)s;

-- name: forget_replicas
-- Replicas that are gone.
DELETE FROM replicas
WHERE id = ANY(%(replica_ids)s);

-- name: end_orphans
-- Runs whose replica is gone end with what was kept of their answers.
WITH orphans AS (
    UPDATE runs AS r
    SET status = 'incomplete', ended_at = %(now)s
    WHERE r.status = 'running' AND NOT EXISTS (SELECT 1 FROM replicas AS p WHERE p.id = r.replica_id)
    RETURNING r.id, r.message_id
)

UPDATE messages AS m
SET status = 'incomplete'
FROM orphans AS o
WHERE m.id = o.message_id
RETURNING o.id;

-- name: end_strays
-- Runs of a replica that it does not run end with what was kept of their answers.
WITH strays AS (
    UPDATE runs AS r
    SET status = 'incomplete', ended_at = %(now)s
    WHERE r.status = 'running' AND r.replica_id = %(replica_id)s AND r.id = ANY(%(run_ids)s)
    RETURNING r.message_id
)

UPDATE messages AS m
SET status = 'incomplete'
FROM strays AS s
WHERE m.id = s.message_id;

-- name: find_run
-- A visitor's run as it is stored.
SELECT r.id, r.conversation_id, r.message_id, r.status, r.last_sequence, r.ended_at
FROM runs AS r
WHERE r.id = %(run_id)s AND r.visitor_id = %(visitor_id)s;

-- name: list_conversations
-- A visitor's conversations, newest first, before a position.
SELECT c.id, c.title, c.created_at, c.updated_at, c.message_count, c.position
FROM conversations AS c
WHERE c.visitor_id = %(visitor_id)s AND c.position < %(before)s
ORDER BY c.position DESC
LIMIT %(limit)s;

-- name: search_conversations
-- Those of a visitor's conversations whose title, or one of whose messages, holds all words, newest first.
WITH asked AS (
    SELECT q.terms, q.terms && %(owner)s::tsquery AS owned
    FROM to_tsquery('pg_catalog.simple', %(terms)s) AS q (terms)
    -- Words that are none to the database would leave the visitor alone to be looked for.
    WHERE numnode(q.terms) > 0
)

SELECT c.id, c.title, c.created_at, c.updated_at, c.message_count, c.position
FROM conversations AS c
WHERE
    c.visitor_id = %(visitor_id)s AND c.position < %(before)s AND c.id IN (
        SELECT t.id
        FROM conversations AS t
        INNER JOIN asked AS a ON t.words @@ a.terms
        WHERE t.visitor_id = %(visitor_id)s
        UNION ALL
        SELECT m.conversation_id
        FROM messages AS m
        INNER JOIN asked AS a ON m.words @@ a.owned
    )
ORDER BY c.position DESC
LIMIT %(limit)s;

-- name: get_conversation
-- One conversation of a visitor.
SELECT c.id, c.title, c.created_at, c.updated_at, c.message_count, c.position
FROM conversations AS c
WHERE c.id = %(conversation_id)s AND c.visitor_id = %(visitor_id)s;

-- name: rename_conversation
-- A conversation gets another title.
UPDATE conversations AS c
SET title = %(title)s
WHERE c.id = %(conversation_id)s AND c.visitor_id = %(visitor_id)s
RETURNING c.id, c.title, c.created_at, c.updated_at, c.message_count, c.position;

-- name: delete_conversation
-- A conversation goes, and with it its messages and runs; these are told.
WITH gone AS (
    DELETE FROM conversations AS c
    WHERE c.id = %(conversation_id)s AND c.visitor_id = %(visitor_id)s
    RETURNING c.id
)

SELECT r.id AS run_id
FROM gone AS g
LEFT JOIN runs AS r ON r.conversation_id = g.id;

-- name: erase_visitor
-- All that is held on a visitor goes; the runs are told.
WITH gone AS (
    DELETE FROM conversations AS c
    WHERE c.visitor_id = %(visitor_id)s
    RETURNING c.id
)

SELECT r.id AS run_id
FROM gone AS g
LEFT JOIN runs AS r ON r.conversation_id = g.id;

-- name: list_messages
-- The messages of a conversation before a position, newest first.
SELECT m.id, m.conversation_id, m.role, m.content, m.citations, m.run_id, m.question_id, m.status, m.finish_reason,
    m.degraded, m.created_at, m.position, f.rating, f.comment, f.updated_at AS rated_at
FROM messages AS m
LEFT JOIN feedback AS f ON f.message_id = m.id
WHERE m.conversation_id = %(conversation_id)s AND m.position < %(before)s
ORDER BY m.position DESC
LIMIT %(limit)s;

-- name: get_message
-- One message of a visitor's conversation.
SELECT m.id, m.conversation_id, m.role, m.content, m.citations, m.run_id, m.question_id, m.status, m.finish_reason,
    m.degraded, m.created_at, m.position, f.rating, f.comment, f.updated_at AS rated_at
FROM messages AS m
LEFT JOIN feedback AS f ON f.message_id = m.id
WHERE m.id = %(message_id)s AND m.conversation_id = %(conversation_id)s AND m.visitor_id = %(visitor_id)s;

-- name: read_messages
-- The messages of a visitor's conversation after a position, oldest first, with what is known of their runs.
SELECT m.id, m.conversation_id, m.role, m.content, m.citations, m.run_id, m.question_id, m.status, m.finish_reason,
    m.degraded, m.created_at, m.position, f.rating, f.comment, f.updated_at AS rated_at,
    m.client_message_id, m.asked, r.ended_at, r.error
FROM messages AS m
LEFT JOIN feedback AS f ON f.message_id = m.id
LEFT JOIN runs AS r ON r.message_id = m.id
WHERE m.conversation_id = %(conversation_id)s AND m.visitor_id = %(visitor_id)s AND m.position > %(after)s
ORDER BY m.position
LIMIT %(limit)s;

-- name: rate_message
-- What a visitor thinks of one of their answers, in the place of what they thought; the same again changes nothing.
INSERT INTO feedback AS f (message_id, rating, comment, updated_at)
SELECT m.id, %(rating)s, %(comment)s, %(now)s
FROM messages AS m
WHERE m.id = %(message_id)s AND m.visitor_id = %(visitor_id)s AND m.role = 'assistant'
FOR KEY SHARE
ON CONFLICT (message_id) DO UPDATE
    SET
        rating = excluded.rating,
        comment = excluded.comment,
        updated_at = CASE
            WHEN f.rating = excluded.rating AND f.comment IS NOT DISTINCT FROM excluded.comment
                THEN f.updated_at
            ELSE excluded.updated_at
        END
RETURNING f.rating, f.comment, f.updated_at;
