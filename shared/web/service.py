"""Builds the application of a service with an event store: store, feed, and the lifespan that opens and closes them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from shared.clock import Clock
from shared.domain.decider import Decider, S
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.health.parts import store_part
from shared.identity import Identity
from shared.web.application import Lifespan, application
from shared.web.feed import router as feed_router


def create_service(
    name: str,
    decider: Decider[S],
    database: Database,
    identity: Identity,
    now: Clock,
    background: Lifespan | None = None,
) -> tuple[FastAPI, Store[S]]:
    """Return the application of a service on a database, with its feed, and its store.

    `background` is a lifespan that runs while the store is open. Endpoints reach these by `shared.web.dependencies`.
    """
    store = Store(database, service=name, decider=decider, now=now)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        await store.open()
        async with AsyncExitStack() as stack:
            if background:
                await stack.enter_async_context(background(app))
            yield
        # In this order: the store commits pending commands while its database is open.
        await store.close()
        await database.close()

    app = application(f"Piket {name}", identity, running, openapi_url=f"/{name}/openapi.json")
    app.state.readiness.parts.append(store_part(database))
    app.state.store, app.state.clock, app.state.database = store, now, database
    app.include_router(feed_router, prefix=f"/{name}/v1/{{region}}")
    return app, store
