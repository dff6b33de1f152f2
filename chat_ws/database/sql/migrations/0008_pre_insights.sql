-- What the owner looks at, questions by their time; and what is kept no longer, conversations by their last use.

CREATE INDEX messages_questions ON messages (created_at DESC, position DESC) WHERE role = 'user';
CREATE INDEX conversations_by_last_use ON conversations (updated_at);
