"""Generates the encoded events of a town, day by day, in a separate process whose memory is not measured."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple
from uuid import UUID

from shared.domain.envelope import encode, topic
from shared.domain.facts.base import Fact
from tests.support import example_facts as ex

REGION = "32"
UNIT_SIZE = 50
"""Number of people in a unit; its roster is one event."""
MODEL_ID_PREFIX = "00000001-0000-0000-0000-"
"""Prefix of the ids of people in the model event; copies get the prefix of their OPD."""


class Town(NamedTuple):
    """Number of OPD, and of people per OPD."""

    opds: int
    people: int


class TopicEvents(NamedTuple):
    """Events of one topic as (key, body); `first` is the offset of the first one."""

    topic: str
    first: int
    events: list[tuple[bytes, bytes]]


EventStream = Iterator[TopicEvents | None]
"""Events; None marks the end of a part of the day, after which rows are computed."""


@contextmanager
def town_events(town: Town, days: int) -> Generator[EventStream, None, None]:
    """Run the generator inside the block; yield the events of the foundation and of `days` days."""
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_events, args=(sender, town, days))
    process.start()
    sender.close()
    try:
        yield iter(receiver.recv, "over")
    finally:
        receiver.close()
        process.join()


def _send_events(sender: Connection, town: Town, days: int) -> None:
    factory = _EventFactory(town)
    try:
        for part in factory.foundation(ex.THURSDAY):
            sender.send(part)
        for number in range(days):
            for part in factory.day_events(ex.THURSDAY + timedelta(days=number)):
                sender.send(part)
        sender.send("over")
    except BrokenPipeError:  # the reader has stopped
        pass


class _EventFactory:
    """Creates one real event per kind and day, and copies it for all OPD with new ids."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._next_offsets: dict[str, int] = {}
        self._ids = map(partial("{:08x}-0000-4000-8000-000000000000".format), count(1))

    def foundation(self, day: date) -> EventStream:
        """Yield the arrangements of all units, and the placements of all people."""
        when = ex.at("05:00", day - timedelta(days=1))
        for _, unit in self._units():
            yield self._for_all_opds(ex.arrangement(unit=unit, opd="OPD-0000"), when)
        for person in self._people():
            yield self._for_all_opds(ex.placement(person).model_copy(update={"opd": "OPD-0000"}), when)
        yield None

    def day_events(self, day: date) -> EventStream:
        """Yield a day: rosters, taps in, end of part, taps out, end of part."""
        yield self._for_opds(ex.arrangement(opd="OPD-0000"), ex.at("05:00", day), range(1))
        for team, unit in self._units():
            plan = ex.roster(*map(ex.shift, team), unit=unit, day=day).model_copy(update={"opd": "OPD-0000"})
            yield self._for_all_opds(plan, ex.at("05:00", day))
        for kind, hours in (("in", "07:25"), ("out", "16:05")):
            for team, unit in self._units():
                for number, person in enumerate(team):
                    when = ex.at(hours, day) + timedelta(seconds=number)
                    yield self._for_all_opds(ex.tap(kind, person, when, opd="OPD-0000", unit=unit), when)
            yield None

    def _people(self) -> Iterator[UUID]:
        return (UUID(f"{MODEL_ID_PREFIX}{number:012x}") for number in range(self._town.people))

    def _units(self) -> Iterator[tuple[list[UUID], str]]:
        people = list(self._people())
        return ((people[at : at + UNIT_SIZE], f"U-{at // UNIT_SIZE}") for at in range(0, len(people), UNIT_SIZE))

    def _for_all_opds(self, fact: Fact, when: datetime) -> TopicEvents:
        return self._for_opds(fact, when, range(self._town.opds))

    def _for_opds(self, fact: Fact, when: datetime, opds: Iterable[int]) -> TopicEvents:
        event = ex.Ledger().record(fact, when)
        topic_name, model, event_id = topic(REGION, event.service), encode(event), str(event.id).encode()
        first = self._next_offsets.get(topic_name, 0)
        events = [self._event(model, event_id, opd, first + number) for number, opd in enumerate(opds)]
        self._next_offsets[topic_name] = first + len(events)
        return TopicEvents(topic_name, first, events)

    def _event(self, model: bytes, event_id: bytes, opd: int, at: int) -> tuple[bytes, bytes]:
        body = model.replace(event_id, next(self._ids).encode()).replace(b"%020d" % 1, b"%020d" % (at + 1))
        body = body.replace(MODEL_ID_PREFIX.encode(), b"%08x-0000-0000-0000-" % (opd + 1)).replace(
            b"OPD-0000", b"OPD-%04d" % opd
        )
        return b"32/OPD-%04d" % opd, body
