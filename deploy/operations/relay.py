"""Sends the events of services to Kafka: `python -m deploy.operations.relay [SERVICE ...]`, by default all.

It imports no decider and no solver, so its image is small.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from aiokafka.errors import KafkaError

from deploy.operations.sources import SERVICES_WITH_STORE
from shared.background import until_signal
from shared.event_store.committed_events import CommittedEvents
from shared.event_store.database import Database, Unavailable
from shared.failures import START_MESSAGES, Messages, exit_with_message, unavailable_message
from shared.health.parts import store_part
from shared.health.readiness import Part, PartState, Readiness
from shared.kafka.connection import connection_of
from shared.kafka.errors import UnsafeToContinue
from shared.metrics.server import serve_metrics
from shared.relay.checkpoints.choice import open_checkpoints
from shared.relay.relay import Relay
from shared.settings import Settings
from shared.settings.unknown_variables import log_unknown_variables
from shared.telemetry import configure_logging

MESSAGES: Messages = {
    **START_MESSAGES,
    UnsafeToContinue: str,
    Unavailable: unavailable_message,
    KafkaError: lambda error: (
        f"Kafka did not answer as expected ({error}). Check PIKET_KAFKA and PIKET_KAFKA_SECURITY, then start again."
    ),
}


async def relay(settings: Settings, services: Sequence[str] = ()) -> None:
    """Relay the sources of these services, by default of all, until cancelled. An error of one ends all.

    A supervisor starts them again. Raises `Unavailable`, `UnsafeToContinue` and KafkaError.
    """
    databases = {service: Database(settings.store_url(service)) for service in services or SERVICES_WITH_STORE}
    relays: list[Relay] = []
    async with AsyncExitStack() as stack:
        for service, database in databases.items():
            checkpoints_of = await stack.enter_async_context(open_checkpoints(settings, service))
            events = CommittedEvents(database, service=service, now=settings.domain_clock())
            await events.open()
            relays += [Relay(events, r, connection_of(settings), checkpoints_of(r)) for r in settings.region_list()]
        parts = [store_part(database, f"store of {name}") for name, database in databases.items()]
        readiness = Readiness([*parts, Part("kafka", lambda: _kafka_state(relays))])
        answer = partial(readiness.report_from_thread, asyncio.get_running_loop())
        serve_metrics(settings.metrics_port, "relay", settings.metrics_host, answer)
        async with asyncio.TaskGroup() as group:
            for relay in relays:
                group.create_task(relay.run())


async def _kafka_state(relays: Sequence[Relay]) -> PartState:
    """Return whether every source is sent to Kafka by this relay, or by another one for which this one waits."""
    waiting = sum(not relay.meter.has_lease for relay in relays)
    stalled = sum(relay.meter.has_lease and not relay.meter.is_connected for relay in relays)
    counts = {"sources": str(len(relays)), "stalled": str(stalled), "sent by another relay": str(waiting)}
    return PartState(works=not stalled, state="is connected" if not stalled else "does not answer", details=counts)


def main() -> None:
    """Relay until SIGTERM, then end with status 0."""
    configure_logging("relay")
    log_unknown_variables()
    services = sys.argv[1:]
    if unknown := {*services} - {*SERVICES_WITH_STORE}:
        sys.exit(f"{', '.join(sorted(unknown))}: give any of {', '.join(SERVICES_WITH_STORE)}. Nothing was started.")
    with exit_with_message(MESSAGES):
        asyncio.run(until_signal(relay(Settings(), services)))
    sys.exit(os.EX_OK)


if __name__ == "__main__":
    main()
