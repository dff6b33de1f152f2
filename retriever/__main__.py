"""``python -m retriever``: reads the settings, listens, serves."""

from retriever.app import create_app
from retriever.settings import RetrieverSettings
from shared import logging, settings, traced
from shared.serve import listen, serve

GRACEFUL_S = 6


def main() -> None:
    """Run the retriever until it is stopped."""
    config = settings.load(RetrieverSettings)
    logging.configure("retriever", level=config.log_level, log_format=config.log_format)
    tracer = traced.configure("retriever", config)
    sock = listen(config.bind_host, config.retriever_port, variable="RETRIEVER_PORT")
    serve(create_app(config), sock=sock, graceful_s=GRACEFUL_S, last=tracer.close if tracer else None)


if __name__ == "__main__":
    main()
