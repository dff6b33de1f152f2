"""``python -m chat_ws``: the chat service on its port."""

from chat_ws.app import create_app
from chat_ws.settings import ChatSettings
from shared.collector import settle
from shared.logging import configure
from shared.serve import listen, serve
from shared.settings import load
from shared.traced import configure as configure_tracing

GRACEFUL_S = 1


def main() -> None:
    """Read the settings, listen, serve."""
    settings = load(ChatSettings)
    configure("chat_ws", level=settings.log_level, log_format=settings.log_format)
    tracer = configure_tracing("chat_ws", settings)
    sock = listen(settings.bind_host, settings.chat_port, variable="CHAT_PORT")
    app = create_app(settings)
    settle()
    serve(
        app,
        sock=sock,
        graceful_s=GRACEFUL_S,
        drain=lambda: app.state.service.drain(),
        last=tracer.close if tracer else None,
        ws_max_size=settings.max_frame_bytes,
    )


if __name__ == "__main__":
    main()
