"""Observes whether the relays and workers of a deployment move."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from deploy.doctor.judgement.movement import RelayLease, RelayObserved, WorkersObserved
from deploy.doctor.probes.signals import Examination
from deploy.operations.sources import SERVICES_WITH_STORE, checkpoint_file
from shared.domain import envelope
from shared.relay import checkpoint


async def observe_relays(examination: Examination) -> Sequence[RelayObserved]:
    """Return for each source whether its relay sent a heartbeat, holds its lease, and moved its checkpoint."""
    settings = examination.settings
    sources = [(service, region) for region in settings.region_list() for service in SERVICES_WITH_STORE]
    files = {key: checkpoint_file(settings, *key) for key in sources}
    before = {key: checkpoint.read(file).sequence for key, file in files.items()}
    signals = await examination.signals()
    return [
        RelayObserved(
            envelope.source(region, service),
            str(file.with_suffix(".lease")),
            (service, region) in signals.heartbeats,
            _lease(file.with_suffix(".lease")),
            before[service, region],
            checkpoint.read(file).sequence,
        )
        for (service, region), file in files.items()
    ]


def _lease(file: Path) -> RelayLease:
    """Return the state of a lease. Taking a free one for an instant makes a starting relay wait a fifth of a second."""
    try:
        with file.open() as lease:
            return RelayLease.FREE if checkpoint.try_lock(lease) else RelayLease.HELD
    except FileNotFoundError:
        return RelayLease.ABSENT


async def observe_workers(examination: Examination) -> WorkersObserved:
    """Return the partitions of each region whose positions a worker published."""
    settings, published = examination.settings, defaultdict[str, set[int]](set)
    for region, partition in (await examination.signals()).positions:
        published[region].add(partition)
    expected = {region: frozenset(range(settings.partitions)) for region in settings.region_list()}
    return WorkersObserved(expected, {region: frozenset(numbers) for region, numbers in published.items()})
