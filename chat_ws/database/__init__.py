"""What the chat service keeps in PostgreSQL: the way there, the schema, and what is read and written."""
