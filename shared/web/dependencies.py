"""Declares the typed dependencies of module-level endpoints: principal, submission, event store, clock, database.

Annotate an endpoint's parameter and FastAPI fills it:

    @router.post("/holidays", status_code=201)
    async def declare(region: Region, body: Declaration, submission: SubmissionDep, store: StoreDep[State]) -> Response:
        authorize(submission.principal, Action.ENACT, Scope(region))
        return await submit(submission, store, decider, DeclareHolidays(region=region, ...))

`shared.web.service.create_service` puts `store`, `clock` and `database` on `app.state`. An application that is built
without it (reporting) sets what its endpoints use: `app.state.clock = now`. A missing attribute raises
`AttributeError`, which is answered as a 500 problem. None of these dependencies appears in the OpenAPI document, except
the headers and the query parameter that a submission reads.
"""

from typing import Annotated, Any

from fastapi import Depends, Request

from shared.clock import Clock
from shared.domain.decider import S
from shared.event_store.database import Database
from shared.event_store.store import Store
from shared.identity import Principal
from shared.web.access import authenticate
from shared.web.submission import Submission, read_submission

# These functions are `async` although they never wait: FastAPI would run a plain function in a thread per request.


async def event_store(request: Request) -> Store[Any]:
    """Return the event store of the service that serves the request."""
    store: Store[Any] = request.app.state.store
    return store


async def clock(request: Request) -> Clock:
    """Return the clock of the application: a function without arguments that returns the current instant."""
    now: Clock = request.app.state.clock
    return now


async def database(request: Request) -> Database:
    """Return the database that holds the service's event store and its own tables."""
    tables: Database = request.app.state.database
    return tables


PrincipalDep = Annotated[Principal, Depends(authenticate)]
"""The verified principal of the request; without a valid token the request is answered with a 401 problem."""

SubmissionDep = Annotated[Submission, Depends(read_submission)]
"""A write request: principal, idempotency key, fingerprint of the body, expected version, dry run."""

StoreDep = Annotated[Store[S], Depends(event_store)]
"""The service's event store. Write the service's state type: `StoreDep[State]`."""

ClockDep = Annotated[Clock, Depends(clock)]
"""The application's clock; call it for the current instant: `now()`."""

DatabaseDep = Annotated[Database, Depends(database)]
"""The service's database, for its own tables beside the event store."""
