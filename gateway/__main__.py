"""Runs the gateway: ``python -m gateway``."""

import gc
import logging

from gateway.app import create_app
from gateway.server import options
from gateway.settings import GatewaySettings
from shared.logging import configure
from shared.serve import listen, serve
from shared.settings import load
from shared.traced import configure as configure_tracing

GRACEFUL_S = 4
"""What is under way when the gateway is told to stop has so long; supervisord waits a second more."""


def main() -> None:
    """Read the settings, listen, serve until told to stop."""
    settings = load(GatewaySettings)
    configure("gateway", level=settings.log_level, log_format=settings.log_format)
    sock = listen(settings.host, settings.port, variable="PORT")
    if settings.limits == "off":
        logging.getLogger(__name__).warning("LIMITS is off: neither rates nor connections are limited")
    tracer = configure_tracing("gateway", settings)
    made = create_app(settings, tracer=tracer)
    # What is there now stays: the collector need not look at it again and again while clients wait.
    gc.collect()
    gc.freeze()
    last = tracer.close if tracer else None
    serve(made.app, sock=sock, graceful_s=GRACEFUL_S, last=last, **options(settings, made.doors))


if __name__ == "__main__":
    main()
