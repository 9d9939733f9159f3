"""The laws of heartbeats: whatever is lost, late or doubled, no view claims a minute of which it misses a record."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.domain.freshness import READ, Pulse
from shared.domain.envelope import source
from shared.domain.facts.heartbeat import Beat, Positions
from tests.support.example_facts import at

PARTITIONS = 2
Place = tuple[str, int]
START = at("06:00")


class Recorded(NamedTuple):
    """A record of a topic-partition, and when its source recorded it."""

    place: Place
    offset: int
    when: datetime


class Night:
    """Sources that record and send, workers that apply, and all that they say of it; each act takes a second."""

    def __init__(self) -> None:
        self.records: list[Recorded] = []
        self.words: list[Beat | Positions] = []
        self._ends: defaultdict[Place, int] = defaultdict(int)
        self._applied: defaultdict[Place, int] = defaultdict(int)
        self._seconds = 0

    def act(self, deed: str, service: str, partition: int, share: float) -> None:
        self._seconds += 1
        place = (service, partition)
        match deed:
            case "record":
                self.records.append(Recorded(place, self._ends[place], self.now))
                self._ends[place] += 1
            case "beat":
                self.words.append(self.beat(service))
            case "apply":
                self._applied[place] += round(share * (self._ends[place] - self._applied[place]))
            case _:
                self.words.append(self.said(partition))

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self._seconds)

    def beat(self, service: str) -> Beat:
        offsets = {n: end for (name, n), end in self._ends.items() if name == service}
        return Beat(source=source("32", service), sequence=0, offsets=offsets, at=self.now, wall=self.now)

    def said(self, partition: int) -> Positions:
        positions = {name: to for (name, n), to in self._applied.items() if n == partition}
        return Positions(region="32", partition=partition, positions=positions, wall=self.now)


deeds = st.tuples(
    st.sampled_from(["record", "record", "beat", "beat", "apply", "say", "say"]),
    st.sampled_from(READ),
    st.integers(0, PARTITIONS - 1),
    st.sampled_from([0.0, 0.5, 1.0, 1.0]),
)


@st.composite
def nights(draw: st.DrawFn) -> Night:
    night = Night()
    for deed in draw(st.lists(deeds, min_size=10, max_size=80)):
        night.act(*deed)
    return night


def missed(night: Night, heard: Sequence[Beat | Positions], until: datetime) -> list[Recorded]:
    """Records before an instant of which no word says that the rows before it hold them."""
    words = [word for word in heard if isinstance(word, Positions)]
    applied = {(s, w.partition): 0 for w in words for s in READ}
    for word in words:
        for service, to in word.positions.items():
            applied[service, word.partition] = max(applied[service, word.partition], to)
    return [r for r in night.records if r.when < until and r.offset >= applied.get(r.place, 0)]


@given(nights(), st.randoms(use_true_random=False), st.floats(0, 1), st.integers(1, 9))
def test_nothing_that_was_recorded_before_the_instant_is_missing(
    night: Night, chance: object, kept: float, portion: int
) -> None:
    words = [word for word in night.words if chance.random() < kept]  # type: ignore[attr-defined]
    chance.shuffle(words)  # type: ignore[attr-defined]
    pulse, heard = Pulse(PARTITIONS), list[Beat | Positions]()
    for begin in range(0, len(words), portion):
        heard += words[begin : begin + portion]
        pulse = pulse.heard(words[begin : begin + portion])
        standing = pulse.standing()
        assert standing is None or missed(night, heard, standing.at) == []


@given(nights())
def test_once_all_is_applied_and_everybody_said_so_the_view_is_current(night: Night) -> None:
    for service in READ:
        for partition in range(PARTITIONS):
            night.act("apply", service, partition, 1.0)
    said = night.now
    for deed in ("beat", "say"):
        for service, partition in zip(READ, (0, 1, 1), strict=True):
            night.act(deed, service, partition, 1.0)
    pulse = Pulse(PARTITIONS).heard(night.words)
    assert pulse.standing() is not None
    assert pulse.standing() == (said + timedelta(seconds=1), said + timedelta(seconds=1))


@given(nights(), st.randoms(use_true_random=False))
def test_a_word_heard_twice_changes_nothing(night: Night, chance: object) -> None:
    pulse = Pulse(PARTITIONS).heard(night.words)
    chance.shuffle(night.words)  # type: ignore[attr-defined]
    assert pulse.heard(night.words).standing() == pulse.standing()
