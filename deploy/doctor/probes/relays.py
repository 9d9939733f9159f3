"""Observes whether the relays and workers of a deployment move."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack

from deploy.doctor.judgement.movement import RelayObserved, WorkersObserved
from deploy.doctor.probes.signals import Examination
from deploy.operations.sources import SERVICES_WITH_STORE
from shared.domain import envelope
from shared.relay.checkpoints.choice import open_checkpoints


async def observe_relays(examination: Examination) -> Sequence[RelayObserved]:
    """Return for each source whether its relay sent a heartbeat, holds its lease, and moved its checkpoint."""
    settings = examination.settings
    async with AsyncExitStack() as stack:
        opened = {
            service: await stack.enter_async_context(open_checkpoints(settings, service))
            for service in SERVICES_WITH_STORE
        }
        checkpoints = {(service, r): opened[service](r) for r in settings.region_list() for service in opened}
        before = {key: (await store.read()).sequence for key, store in checkpoints.items()}
        signals = await examination.signals()
        return [
            RelayObserved(
                envelope.source(region, service),
                store.lease_name,
                (service, region) in signals.heartbeats,
                await store.lease_state(),
                before[service, region],
                (await store.read()).sequence,
            )
            for (service, region), store in checkpoints.items()
        ]


async def observe_workers(examination: Examination) -> WorkersObserved:
    """Return the partitions of each region whose positions a worker published."""
    settings, published = examination.settings, defaultdict[str, set[int]](set)
    for region, partition in (await examination.signals()).positions:
        published[region].add(partition)
    expected = {region: frozenset(range(settings.partitions)) for region in settings.region_list()}
    return WorkersObserved(expected, {region: frozenset(numbers) for region, numbers in published.items()})
