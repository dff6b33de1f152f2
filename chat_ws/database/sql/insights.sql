-- name: questions
-- Questions asked in a time, before one of them, newest first, each with what came of it.
WITH asked AS (
    SELECT m.id, m.content, m.asked, m.created_at, m.position
    FROM messages AS m
    WHERE
        m.role = 'user' AND m.created_at >= %(since)s AND m.created_at < %(until)s
        AND (m.created_at, m.position) < (%(before_time)s, %(before)s)
        AND (%(page_url)s = '' OR split_part(split_part(m.asked -> 'context' ->> 'page_url', '#', 1), '?', 1) = %(page_url)s)
)

SELECT a.id, a.content, a.created_at, a.position, l.outcome, l.degraded, f.rating, f.comment,
    split_part(split_part(coalesce(a.asked -> 'context' ->> 'page_url', ''), '#', 1), '?', 1) AS page_url,
    coalesce(a.asked -> 'context' ->> 'page_title', '') AS page_title
FROM asked AS a
LEFT JOIN LATERAL (
    SELECT
        CASE
            WHEN r.status = 'running' THEN 'running'
            WHEN r.finish_reason = 'refused' THEN 'unanswered'
            WHEN r.status <> 'completed' OR r.finish_reason = 'error' THEN 'failed'
            WHEN r.citations = '[]' THEN 'weak'
            ELSE 'answered'
        END AS outcome,
        r.degraded
    FROM messages AS r
    WHERE r.question_id = a.id
    ORDER BY r.position DESC
    LIMIT 1
) AS l ON TRUE
LEFT JOIN LATERAL (
    SELECT v.rating, v.comment
    FROM messages AS r
    INNER JOIN feedback AS v ON v.message_id = r.id
    WHERE r.question_id = a.id
    -- 'down' before 'up': of several answers the worst.
    ORDER BY v.rating, v.updated_at DESC
    LIMIT 1
) AS f ON TRUE
WHERE
    (NOT %(gaps)s OR l.outcome IN ('weak', 'unanswered') OR f.rating = 'down')
    AND (%(rated)s = '' OR f.rating = %(rated)s OR (%(rated)s = 'any' AND f.rating IS NOT NULL))
ORDER BY a.created_at DESC, a.position DESC
LIMIT %(limit)s;

-- name: counts
-- What came of the questions asked in a time.
SELECT
    count(*) AS asked,
    count(*) FILTER (WHERE l.outcome = 'running') AS running,
    count(*) FILTER (WHERE l.outcome = 'unanswered') AS unanswered,
    count(*) FILTER (WHERE l.outcome = 'failed') AS failed,
    count(*) FILTER (WHERE l.outcome = 'weak') AS weak,
    count(*) FILTER (WHERE l.outcome = 'answered') AS answered,
    count(*) FILTER (
        WHERE EXISTS (
            SELECT 1
            FROM messages AS r
            INNER JOIN feedback AS v ON v.message_id = r.id
            WHERE r.question_id = m.id AND v.rating = 'down'
        )
    ) AS down_voted
FROM messages AS m
LEFT JOIN LATERAL (
    SELECT
        CASE
            WHEN r.status = 'running' THEN 'running'
            WHEN r.finish_reason = 'refused' THEN 'unanswered'
            WHEN r.status <> 'completed' OR r.finish_reason = 'error' THEN 'failed'
            WHEN r.citations = '[]' THEN 'weak'
            ELSE 'answered'
        END AS outcome
    FROM messages AS r
    WHERE r.question_id = m.id
    ORDER BY r.position DESC
    LIMIT 1
) AS l ON TRUE
WHERE
    m.role = 'user' AND m.created_at >= %(since)s AND m.created_at < %(until)s
    AND (%(page_url)s = '' OR split_part(split_part(m.asked -> 'context' ->> 'page_url', '#', 1), '?', 1) = %(page_url)s);
