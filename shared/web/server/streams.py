"""Ends the streams of server-sent events when the server stops; they would never end by themselves."""

import asyncio
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class EventStreams:
    """Passes requests on to an application, and can end those that stream events."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._streams: set[asyncio.Task[Any]] = set()
        self._is_ending = False

    def end(self) -> None:
        """End all streams; a browser then connects again, to the next process."""
        self._is_ending = True
        for task in self._streams:
            task.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        task = asyncio.current_task()

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and task and _is_stream(message):
                self._streams.add(task)
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except asyncio.CancelledError:
            if not (self._is_ending and task in self._streams):
                raise
            # The last chunk: without it the reader would see a connection that broke.
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if task:
                self._streams.discard(task)


def _is_stream(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
