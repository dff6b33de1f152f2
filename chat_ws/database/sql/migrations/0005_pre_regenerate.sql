-- Another answer to the same question: which question an answer is to, and what a question was asked with.

ALTER TABLE messages
    ADD COLUMN question_id text REFERENCES messages (id) ON DELETE CASCADE,
    ADD COLUMN asked jsonb NOT NULL DEFAULT '{}';

UPDATE messages AS a
SET question_id = q.id
FROM messages AS q
WHERE a.role = 'assistant' AND q.role = 'user' AND q.run_id = a.run_id AND q.conversation_id = a.conversation_id;

CREATE INDEX messages_by_question ON messages (question_id) WHERE question_id IS NOT NULL;
