"""What a worker holds: every region's facts in the partitions that it was assigned, as long as they can matter."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from services.reporting.facts import DAY, first_open
from services.reporting.known import Known
from services.reporting.pace import ahead, complete_until
from shared.facts.coverage import Coverage

SLACK_S = 86_400.0
"""How much longer a day stays open than facts about it count: a relay may be late."""


class Row(NamedTuple):
    """`{region}/{opd}|{event id}` and the bytes of the event, null when its day was closed; or `{region}/-|state`."""

    key: bytes
    value: bytes | None


class Place(NamedTuple):
    """The facts of one region in one partition number of its topics."""

    region: str
    partition: int


class Touched(NamedTuple):
    """The rows of an OPD; `opd` is the record key, `{region}/{opd}`."""

    place: Place
    opd: bytes


class Held:
    """Facts by place. `sources` names the one source of each topic; of dates before `since` no rows are made."""

    def __init__(self, sources: Mapping[str, str], since: date | None) -> None:
        self._sources = sources
        self._known: defaultdict[Place, Known] = defaultdict(lambda: Known(since))
        self._recovered: set[int] = set()
        self._complete: dict[Place, float] = {}

    def at(self, place: Place) -> Known:
        """What is known at a place."""
        return self._known[place]

    def dates(self, touched: Touched) -> Collection[date]:
        """The dates of which an OPD has a row; none where it was revoked since."""
        return self._known[touched.place].dates(touched.opd) if touched.place in self._known else ()

    def row(self, touched: Touched, day: date) -> Coverage | None:
        """A row; None where it was revoked since."""
        return self._known[touched.place].row(touched.opd, day) if touched.place in self._known else None

    def state(self, place: Place) -> Iterator[Row]:
        """What the changelog is to say of a place beside its facts; nothing of one that was revoked since."""
        if place in self._known:
            yield Row(f"{place.region}/-|state".encode(), self._known[place].state())

    def recover(self, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take what the changelog of a newly assigned partition tells; null where a fact was deleted."""
        self._recovered.add(partition)
        for key, body in rows:
            if body is not None:
                opd = key[: key.index(b"|")]
                self._known[Place(opd[: opd.index(b"/")].decode(), partition)].recall(opd, body)

    def recovered(self) -> list[Touched]:
        """Every OPD of the partitions that were recovered since this was asked last."""
        recovered, self._recovered = self._recovered, set()
        places = sorted(place for place in self._known if place.partition in recovered)
        return [Touched(place, opd) for place in places for opd in sorted(self._known[place].opds())]

    def drop(self, partition: int) -> None:
        """Forget a partition that another worker has now."""
        for place in [place for place in self._known if place.partition == partition]:
            del self._known[place]
            self._complete.pop(place, None)

    def pace(self, at_end: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
        """Note how far everything is read by now; answers what must wait until what lags behind has caught up."""
        waiting: set[tuple[str, int]] = set()
        for place, known in self._known.items():
            topics = {source: topic for topic, source in self._sources.items() if topic.split(".")[1] == place.region}
            ended = {source for source, topic in topics.items() if (topic, place.partition) in at_end}
            self._complete[place] = complete_until(known.reached, topics, ended)
            waiting |= {(topics[source], place.partition) for source in ahead(known.reached, topics, ended)}
        return waiting

    def close_days(self, waiting: Mapping[Touched, Iterable[date]]) -> Iterator[tuple[int, Row]]:
        """Forget days whose facts can change no more, none whose row is `waiting`; answers rows by partition.

        The state goes before what it declares as gone: a changelog that was written in part names no half of a day.
        """
        for place, known in self._known.items():
            until = self._complete.get(place, 0.0) - SLACK_S
            needed = (day for touched, days in waiting.items() if touched.place == place for day in days)
            first = min([first_open(max(until, 0.0)) - DAY, *needed])
            if until > 0 and (known.first is None or first > known.first):
                gone = [Row(b"%b|%b" % (opd, fact_id.hex().encode()), None) for opd, fact_id in known.close(first)]
                yield from ((place.partition, row) for row in (*self.state(place), *gone))
