"""One service that decides: its store, its feed, and the application that opens and closes them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from shared.clock import Clock
from shared.domain.decider import Decider, S
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.identity import Identity
from shared.web.application import Lifespan, application
from shared.web.feed import feed_router


def service(
    name: str, decider: Decider[S], database: Database, identity: Identity, now: Clock, beside: Lifespan | None = None
) -> tuple[FastAPI, Store[S]]:
    """The application of a service on a database, with its feed; `beside` runs for as long as the store is open."""
    store = Store(database, service=name, decider=decider, now=now)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        await store.open()
        async with AsyncExitStack() as stack:
            if beside:
                await stack.enter_async_context(beside(app))
            yield
        await store.close()
        await database.close()

    app = application(f"Piket {name}", identity, running, openapi_url=f"/{name}/openapi.json")
    app.state.store = store
    app.include_router(feed_router(store))
    return app, store
