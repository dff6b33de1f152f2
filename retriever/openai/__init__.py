"""Answers as OpenAI's Chat Completions, so that its clients ask Carrel unchanged."""
