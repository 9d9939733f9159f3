"""Measures requests by service, operation (read, write) and outcome; never by path, person or OPD."""

from time import perf_counter

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.health.readiness import HEALTH_PATHS

REQUESTS = Counter(
    "piket_http_requests_total", "HTTP requests, by outcome (ok, refused, failed)", ("service", "operation", "outcome")
)
DURATION = Histogram(
    "piket_http_request_seconds",
    "Seconds until the answer begins",
    ("service", "operation"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10),
)
READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class RequestMetrics:
    """Counts each request when its answer begins: a stream of events may last for hours."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app, self.service = app, service
        for operation in ("read", "write"):
            # At 0 from the start, so that the first failure is an increase.
            REQUESTS.labels(service, operation, "failed")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and measure it. A request that ends without an answer counts as failed."""
        if scope["type"] != "http" or scope["path"] in HEALTH_PATHS:
            await self.app(scope, receive, send)
            return
        labels = self.service, "read" if scope["method"] in READ_METHODS else "write"
        start, counted = perf_counter(), False

        async def count(message: Message) -> None:
            nonlocal counted
            if message["type"] == "http.response.start":
                counted = True
                DURATION.labels(*labels).observe(perf_counter() - start)
                REQUESTS.labels(*labels, outcome(message["status"])).inc()
            await send(message)

        try:
            await self.app(scope, receive, count)
        finally:
            if not counted:
                REQUESTS.labels(*labels, "failed").inc()


def outcome(status: int) -> str:
    """Return how a request ended: answered, refused because of the request, or failed because of the server."""
    return "ok" if status < 400 else "refused" if status < 500 else "failed"
