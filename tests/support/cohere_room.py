"""The real SDK in front of the fake Cohere, impatient, with what was counted."""

from dataclasses import dataclass, field

from retriever.app import Embedders
from retriever.cohere.connection import Connection
from retriever.cohere.model import Cohere, Patience
from retriever.embedding.cohere import CohereEmbedder, Waits
from retriever.guard.budget import Budget
from retriever.guard.guarded import GuardedEmbedder
from retriever.ports import Model
from retriever.settings import RetrieverSettings
from tests.support.fake_cohere import KEY

IMPATIENT = Patience(rerank_s=0.8, condense_s=0.8, first_word_s=0.8, next_word_s=0.8)


@dataclass
class Counted:
    """Fulfils ``retriever.ports.Meter``."""

    calls: int = 0
    totals: dict[str, int] = field(default_factory=dict)

    async def spend(self) -> None:
        self.calls += 1

    async def used(
        self,
        *,
        input_tokens: int = 0,
        output_tokens: int = 0,
        embedding_tokens: int = 0,
        search_units: int = 0,
    ) -> None:
        said = {
            "input": input_tokens,
            "output": output_tokens,
            "embedding": embedding_tokens,
            "search": search_units,
        }
        for name, count in said.items():
            if count:
                self.totals[name] = self.totals.get(name, 0) + count


def connected(url: str, meter: Counted | None = None) -> Connection:
    """Return a connection to ``url``."""
    return Connection(KEY, base_url=url, meter=meter or Counted())


def impatient(settings: RetrieverSettings, opened: Connection | None) -> Model | None:
    """Fulfils ``Adapters.make_model``."""
    return (
        Cohere(
            opened,
            chat_model=settings.cohere_chat_model,
            rerank_model=settings.cohere_rerank_model,
            patience=IMPATIENT,
        )
        if opened
        else None
    )


def embedding(settings: RetrieverSettings, opened: Connection | None, budget: Budget) -> Embedders:
    """Fulfils ``Adapters.make_embedders``: Cohere's, without long waits, and no other."""
    assert opened is not None
    waits = Waits(query_s=0.3, batch_s=0.3, attempts=1, backoff_s=0)
    embedder = CohereEmbedder(opened, model="embed-v4.0", dimension=64, waits=waits)
    return Embedders((GuardedEmbedder(embedder, budget),))


def model_of(connection: Connection, patience: Patience = IMPATIENT) -> Cohere:
    """Return a model that does not wait long."""
    return Cohere(connection, chat_model="chat", rerank_model="rank", patience=patience)
