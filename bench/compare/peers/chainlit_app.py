"""A chat over an OpenAI model, written as Chainlit's documentation writes it; runs in its environment."""

import chainlit as cl
from openai import AsyncOpenAI

client = AsyncOpenAI()


@cl.on_message
async def on_message(message: cl.Message) -> None:
    """Relay the answer, piece by piece."""
    answer = cl.Message(content="")
    stream = await client.chat.completions.create(
        model="fake", messages=[{"role": "user", "content": message.content}], stream=True
    )
    async for part in stream:
        if token := part.choices[0].delta.content or "":
            await answer.stream_token(token)
    await answer.update()
