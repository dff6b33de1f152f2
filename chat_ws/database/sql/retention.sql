-- name: try_retention
-- Whether this transaction is the one that may remove: of all replicas one at a time.
SELECT pg_try_advisory_xact_lock(%(lock)s) AS mine;

-- name: remove_old
-- The conversations that were used longest ago go, with all in them; what is asked in at this moment waits.
WITH gone AS (
    SELECT c.id
    FROM conversations AS c
    WHERE c.updated_at < %(before)s
    ORDER BY c.updated_at
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
),

said AS (
    SELECT count(*) AS messages, count(f.message_id) AS feedback
    FROM messages AS m
    LEFT JOIN feedback AS f ON f.message_id = m.id
    WHERE m.conversation_id IN (SELECT g.id FROM gone AS g)
),

removed AS (
    DELETE FROM conversations AS c
    USING gone AS g
    WHERE c.id = g.id
    RETURNING c.id
)

SELECT (SELECT count(*) FROM removed) AS conversations, s.messages, s.feedback,
    ARRAY(SELECT r.id FROM runs AS r WHERE r.conversation_id IN (SELECT g.id FROM gone AS g)) AS run_ids
FROM said AS s;
