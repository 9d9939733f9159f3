"""A town whose days go by, as events in bytes: told by a process of its own, whose garbage is in nobody's figures."""

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
UNIT = 50
"""People of one unit; its roster is one event."""
MODEL = "00000001-0000-0000-0000-"
"""How the ids of an OPD's people begin, in the event that the others are made from."""


class Town(NamedTuple):
    """So many OPD of so many people each."""

    opds: int
    people: int


class Told(NamedTuple):
    """The events of one topic, key and body, of which the first has an offset."""

    topic: str
    first: int
    events: list[tuple[bytes, bytes]]


Telling = Iterator[Told | None]
"""Events; None where a part of the day is over: rows are made."""


@contextmanager
def telling(town: Town, days: int) -> Generator[Telling, None, None]:
    """What a town tells of its foundation, and of so many days."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    teller = context.Process(target=_tell, args=(there, town, days))
    teller.start()
    there.close()
    try:
        yield iter(here.recv, "over")
    finally:
        here.close()
        teller.join()


def _tell(listener: Connection, town: Town, days: int) -> None:
    tale = _Tale(town)
    try:
        for part in tale.founded(ex.THURSDAY):
            listener.send(part)
        for number in range(days):
            for part in tale.passed(ex.THURSDAY + timedelta(days=number)):
                listener.send(part)
        listener.send("over")
    except BrokenPipeError:  # nobody listens any more
        pass


class _Tale:
    """One real event of each kind and day, told of every OPD with ids of its own."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._at: dict[str, int] = {}
        self._ids = map(partial("{:08x}-0000-4000-8000-000000000000".format), count(1))

    def founded(self, day: date) -> Telling:
        """The arrangement of every unit, and the placements of all people."""
        when = ex.at("05:00", day - timedelta(days=1))
        for _, unit in self._units():
            yield self._of_all(ex.arrangement(unit=unit, opd="OPD-0000"), when)
        for person in self._people():
            yield self._of_all(ex.placed(person).model_copy(update={"opd": "OPD-0000"}), when)
        yield None

    def passed(self, day: date) -> Telling:
        """A day: rosters, taps in, rows, taps out, rows."""
        yield self._told(ex.arrangement(opd="OPD-0000"), ex.at("05:00", day), range(1))
        for team, unit in self._units():
            plan = ex.roster(*map(ex.shift, team), unit=unit, day=day).model_copy(update={"opd": "OPD-0000"})
            yield self._of_all(plan, ex.at("05:00", day))
        for kind, hours in (("in", "07:25"), ("out", "16:05")):
            for team, unit in self._units():
                for number, person in enumerate(team):
                    when = ex.at(hours, day) + timedelta(seconds=number)
                    yield self._of_all(ex.tap(kind, person, when, opd="OPD-0000", unit=unit), when)
            yield None

    def _people(self) -> Iterator[UUID]:
        return (UUID(f"{MODEL}{number:012x}") for number in range(self._town.people))

    def _units(self) -> Iterator[tuple[list[UUID], str]]:
        people = list(self._people())
        return ((people[at : at + UNIT], f"U-{at // UNIT}") for at in range(0, len(people), UNIT))

    def _of_all(self, fact: Fact, when: datetime) -> Told:
        return self._told(fact, when, range(self._town.opds))

    def _told(self, fact: Fact, when: datetime, opds: Iterable[int]) -> Told:
        event = ex.Ledger().record(fact, when)
        place, model, own = topic(REGION, event.service), encode(event), str(event.id).encode()
        first = self._at.get(place, 0)
        events = [self._event(model, own, opd, first + number) for number, opd in enumerate(opds)]
        self._at[place] = first + len(events)
        return Told(place, first, events)

    def _event(self, model: bytes, own: bytes, opd: int, at: int) -> tuple[bytes, bytes]:
        body = model.replace(own, next(self._ids).encode()).replace(b"%020d" % 1, b"%020d" % (at + 1))
        body = body.replace(MODEL.encode(), b"%08x-0000-0000-0000-" % (opd + 1)).replace(b"OPD-0000", b"OPD-%04d" % opd)
        return b"32/OPD-%04d" % opd, body
