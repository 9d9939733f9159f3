"""Judges whether relays, workers and the view move."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from deploy.doctor.judgement.verdict import Finding, Verdict, name_some, show_minute, verdict
from shared.relay.checkpoints.checkpoint import LeaseState


class RelayObserved(NamedTuple):
    """What shows that the relay of a source moves: a heartbeat in the topic, or a checkpoint that advances."""

    source: str
    lease_name: str
    has_heartbeat: bool
    lease: LeaseState
    before: int = 0
    after: int = 0


class WorkersObserved(NamedTuple):
    """The partitions of each region whose positions a worker must publish, and those whose positions it did publish."""

    expected: Mapping[str, frozenset[int]]
    published: Mapping[str, frozenset[int]]


class ViewObserved(NamedTuple):
    """How the application answered `/readyz`: the HTTP status, the state of its view, and since when it is behind.

    The state is empty if the answer names no view.
    """

    address: str
    status: int
    state: str = ""
    since: datetime | None = None


STOPPED: Mapping[LeaseState, tuple[str, str]] = {
    LeaseState.FREE: (
        "is not running: nobody holds its lease {name}, and it sends no heartbeats",
        "Start `piket relay`. The events are kept in the store and are sent then.",
    ),
    LeaseState.HELD: (
        "holds its lease {name}, but sends neither events nor heartbeats",
        "Read its log: it says `Relay stalled` with the cause. Restart `piket relay` if it says nothing.",
    ),
    LeaseState.ABSENT: (
        "sends no heartbeats, and there is no lease {name} on this machine",
        "Start `piket relay`. If it runs on another machine, run `piket doctor` there, where its lease is.",
    ),
}


def judge_relays(relays: Sequence[RelayObserved]) -> Verdict:
    """Return whether the relay of every source moves. Sources that stopped for the same cause are one finding."""
    stopped: defaultdict[LeaseState, list[RelayObserved]] = defaultdict(list)
    for relay in relays:
        if not relay.has_heartbeat and relay.after == relay.before:
            stopped[relay.lease].append(relay)
    backlogs = sum(not relay.has_heartbeat for relay in relays)
    evidence = f"{len(relays) - backlogs} sources are sent to their end, {backlogs} are being sent"
    return verdict([_stopped_finding(lease, sources) for lease, sources in stopped.items()], evidence)


def _stopped_finding(lease: LeaseState, stopped: Sequence[RelayObserved]) -> Finding:
    what, cure = STOPPED[lease]
    sources = name_some([relay.source for relay in stopped])
    return Finding(f"The relay of {sources}", what.format(name=stopped[0].lease_name), cure)


def judge_workers(observed: WorkersObserved) -> Verdict:
    """Return whether a worker publishes its positions for every partition of every region."""
    count = sum(map(len, observed.expected.values()))
    return verdict(list(_worker_findings(observed)), f"positions of {count} partitions are published")


def _worker_findings(observed: WorkersObserved) -> Iterator[Finding]:
    cure = "Start `piket worker`. If it runs, read its log; after a start it first reads its changelog."
    for region, partitions in observed.expected.items():
        if silent := partitions - observed.published.get(region, frozenset()):
            numbers = ", ".join(map(str, sorted(silent)))
            yield Finding(f"Partitions {numbers} of region {region}", "are not processed by any worker", cure)


def judge_view(view: ViewObserved) -> Verdict:
    """Return whether the view is current."""
    if view.state == "is current":
        return Verdict(evidence="nothing is missing in the view")
    if view.since:
        cure = "Cure the faults of Kafka, relay and worker first. Without any, restart `piket serve reporting`."
        return Verdict([Finding("The view", f"may lack events since {show_minute(view.since)}", cure)])
    cure = "Set PIKET_GATEWAY to the address behind which reporting is served."
    return Verdict(
        [Finding(f"The application at {view.address}", f"answers {view.status} to /readyz, without a view", cure)]
    )
