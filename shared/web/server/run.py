"""Serves an application with uvicorn until SIGTERM: TLS, gateways in front of it, an end within ten seconds."""

import signal
import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from shared.background import end_within
from shared.settings import Settings
from shared.web.server.streams import EventStreams

FINISH_WITHIN_S = 5
"""How long the server waits for the answers of requests when it ends; then it stops what runs in the background."""


class GracefulServer(uvicorn.Server):
    """A server that ends its streams first, and whose process ends by itself instead of by the signal."""

    def __init__(self, config: uvicorn.Config, streams: EventStreams) -> None:
        super().__init__(config)
        self._streams = streams

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end. Uvicorn's own handler would raise the signal again after the end, so the status were 143."""
        del frame
        self.force_exit = self.should_exit and sig == signal.SIGINT
        if not self.should_exit:
            end_within()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, answer the requests that run, then stop the application."""
        self._streams.end()
        await super().shutdown(sockets)


def run_server(app: ASGIApp, settings: Settings, host: str, port: int) -> None:
    """Serve an application until SIGTERM or SIGINT."""
    streams = EventStreams(app)
    config = uvicorn.Config(
        streams,
        host=host,
        port=port,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        log_config=None,  # `configure_logging` has configured it
        access_log=False,
        timeout_graceful_shutdown=FINISH_WITHIN_S,
    )
    GracefulServer(config, streams).run()
