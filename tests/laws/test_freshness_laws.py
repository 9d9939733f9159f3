"""Laws of freshness: whichever signals are lost, late or repeated, a view never claims a minute of missing records."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.freshness import SOURCE_SERVICES, Freshness
from shared.domain.envelope import source
from shared.domain.facts.heartbeat import Heartbeat, WorkerPositions
from tests.support.example_facts import at

PARTITIONS = 2
TopicPartition = tuple[str, int]
START = at("06:00")


class RecordedFact(NamedTuple):
    """A record of a topic-partition, and the instant at which its source recorded it."""

    topic_partition: TopicPartition
    offset: int
    when: datetime


class SimulatedNight:
    """Sources that record facts, workers that apply them, and the signals of both; every action takes a second."""

    def __init__(self) -> None:
        self.records: list[RecordedFact] = []
        self.signals: list[Heartbeat | WorkerPositions] = []
        self._ends: defaultdict[TopicPartition, int] = defaultdict(int)
        self._applied: defaultdict[TopicPartition, int] = defaultdict(int)
        self._seconds = 0

    def act(self, action: str, service: str, partition: int, share: float) -> None:
        self._seconds += 1
        topic_partition = (service, partition)
        match action:
            case "record":
                self.records.append(RecordedFact(topic_partition, self._ends[topic_partition], self.now))
                self._ends[topic_partition] += 1
            case "beat":
                self.signals.append(self.heartbeat(service))
            case "apply":
                self._applied[topic_partition] += round(
                    share * (self._ends[topic_partition] - self._applied[topic_partition])
                )
            case _:
                self.signals.append(self.positions(partition))

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self._seconds)

    def heartbeat(self, service: str) -> Heartbeat:
        offsets = {n: end for (name, n), end in self._ends.items() if name == service}
        return Heartbeat(source=source("32", service), sequence=0, offsets=offsets, at=self.now, wall=self.now)

    def positions(self, partition: int) -> WorkerPositions:
        positions = {name: offset for (name, n), offset in self._applied.items() if n == partition}
        return WorkerPositions(region="32", partition=partition, positions=positions, wall=self.now)


actions = st.tuples(
    st.sampled_from(["record", "record", "beat", "beat", "apply", "positions", "positions"]),
    st.sampled_from(SOURCE_SERVICES),
    st.integers(0, PARTITIONS - 1),
    st.sampled_from([0.0, 0.5, 1.0, 1.0]),
)


@st.composite
def nights(draw: st.DrawFn) -> SimulatedNight:
    night = SimulatedNight()
    for action in draw(st.lists(actions, min_size=10, max_size=80)):
        night.act(*action)
    return night


def missing_records(
    night: SimulatedNight, received: Sequence[Heartbeat | WorkerPositions], until: datetime
) -> list[RecordedFact]:
    """Return the records before an instant that no received positions confirm."""
    confirmations = [signal for signal in received if isinstance(signal, WorkerPositions)]
    applied = {(s, c.partition): 0 for c in confirmations for s in SOURCE_SERVICES}
    for confirmation in confirmations:
        for service, offset in confirmation.positions.items():
            key = (service, confirmation.partition)
            applied[key] = max(applied[key], offset)
    return [r for r in night.records if r.when < until and r.offset >= applied.get(r.topic_partition, 0)]


@given(nights(), st.randoms(use_true_random=False), st.floats(0, 1), st.integers(1, 9))
def test_nothing_that_was_recorded_before_the_instant_is_missing(
    night: SimulatedNight, chance: object, share_received: float, portion: int
) -> None:
    signals = [signal for signal in night.signals if chance.random() < share_received]  # type: ignore[attr-defined]
    chance.shuffle(signals)  # type: ignore[attr-defined]
    freshness, received = Freshness(PARTITIONS), list[Heartbeat | WorkerPositions]()
    for begin in range(0, len(signals), portion):
        received += signals[begin : begin + portion]
        freshness = freshness.with_signals(signals[begin : begin + portion])
        complete = freshness.complete_until()
        assert complete is None or missing_records(night, received, complete.at) == []


@given(nights())
def test_once_all_is_applied_and_every_process_reported_it_the_view_is_current(night: SimulatedNight) -> None:
    for service in SOURCE_SERVICES:
        for partition in range(PARTITIONS):
            night.act("apply", service, partition, 1.0)
    last_applied = night.now
    for action in ("beat", "positions"):
        for service, partition in zip(SOURCE_SERVICES, (0, 1, 1), strict=True):
            night.act(action, service, partition, 1.0)
    freshness = Freshness(PARTITIONS).with_signals(night.signals)
    assert freshness.complete_until() is not None
    assert freshness.complete_until() == (last_applied + timedelta(seconds=1), last_applied + timedelta(seconds=1))


@given(nights(), st.randoms(use_true_random=False))
def test_a_heartbeat_received_twice_changes_nothing(night: SimulatedNight, chance: object) -> None:
    freshness = Freshness(PARTITIONS).with_signals(night.signals)
    chance.shuffle(night.signals)  # type: ignore[attr-defined]
    assert freshness.with_signals(night.signals).complete_until() == freshness.complete_until()
