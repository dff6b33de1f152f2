"""What the retriever reads from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr

from shared.settings import HttpUrl, Port, ServiceSettings


class RetrieverSettings(ServiceSettings):
    """Settings of the retriever; every other service ignores them."""

    retriever_port: Port = 8001
    bind_host: str = "127.0.0.1"
    qdrant_url: HttpUrl | None = None
    """Where Qdrant is; unset, the engine runs in this process, in ``data_dir``."""
    qdrant_api_key: SecretStr | None = None
    qdrant_collection: str = Field(default="carrel", pattern=r"^[A-Za-z0-9_-]{1,255}$")
    max_document_bytes: int = Field(default=10 * 1024 * 1024, ge=1024, le=64 * 1024 * 1024)
    max_archive_bytes: int = Field(default=100 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    """Of an archive that is uploaded or fetched, packed; the gateway has the same limit."""
    max_searches: int = Field(default=4, ge=1)
    """Searches at once, those for answers included; the others wait."""
    max_search_wait_s: float = Field(default=0.2, gt=0)
    """A search that would wait for longer is not taken."""
    parse_timeout_s: float = Field(default=60, gt=0, le=240)
    """A document whose parser takes longer is refused; the gateway waits for 300 s."""
    parse_memory_bytes: int = Field(default=1536 * 1024 * 1024, ge=128 * 1024 * 1024)
    """Address space of each of the two processes that parse."""
    fetch_delay_s: float = Field(default=0.25, ge=0, le=60)
    """Seconds between two pages of one host; its robots.txt may ask for more."""
    fetch_timeout_s: float = Field(default=30, gt=0, le=300)
    """A page that takes longer as a whole is tried again, then failed."""
    fetch_allow_loopback: bool = False
    """For tests only: lets data sources be on this machine."""
    sync_max_bytes: int = Field(default=1024 * 1024 * 1024, ge=1024)
    """Bytes of pages that one ingestion job may read."""
    cohere_api_key: SecretStr | None = None
    """Unset, answers are sentences of the documents."""
    cohere_base_url: HttpUrl = "https://api.cohere.com"
    cohere_chat_model: str = "command-a-03-2025"
    cohere_condense_model: str | None = None
    """Makes follow-up questions stand alone; unset, the chat model does."""
    cohere_rerank_model: str = "rerank-v5.0-fast"
    cohere_embed_model: str = "embed-v4.0"
    cohere_embed_dimension: int = Field(default=1024, ge=64, le=4096)
    """Size of the vectors, where the model leaves it open."""
    cohere_monthly_calls: int = Field(default=1000, ge=0)
    """Paid calls in a month; 0 is no limit."""
    embedding_model_dir: Path = Path(__file__).resolve().parent.parent / "models" / "all-MiniLM-L6-v2"
    """Where the local model's files are; search is by words alone where they are not."""
    embedding_threads: int = Field(default=2, ge=1, le=64)
    """Cores the local model may use for one text, of those there are."""
    cohere_monthly_tokens: int = Field(default=0, ge=0)
    """Paid tokens in a month, of every kind; 0 is no limit."""
