-- What is deleted with a conversation is found without reading every run.

CREATE INDEX runs_by_conversation ON runs (conversation_id);
