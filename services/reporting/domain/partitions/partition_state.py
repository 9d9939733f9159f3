"""What a worker holds: every region's facts in the partitions that it was assigned, as long as they can matter."""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from services.reporting.domain.fact_store.compact import DAY, first_open
from services.reporting.domain.partitions.region_state import Known
from services.reporting.domain.partitions.watermarks import ahead, complete_until
from shared.domain.facts.coverage import Coverage

SLACK_S = 86_400.0
"""How much longer a day stays open than facts about it count: a relay may be late."""
STATE = b"/-|state"


class Row(NamedTuple):
    """`{region}/{opd}|{event id}` and the bytes of the event, null when its day was closed; or `{region}/-|state`."""

    key: bytes
    value: bytes | None


def state_of(key: bytes) -> str | None:
    """The region of whose state a row of the changelog tells; None for a row of a fact."""
    return key.removesuffix(STATE).decode() if key.endswith(STATE) else None


class Place(NamedTuple):
    """The facts of one region in one partition number of its topics."""

    region: str
    partition: int


class Touched(NamedTuple):
    """The rows of an OPD; `opd` is the record key, `{region}/{opd}`."""

    place: Place
    opd: bytes


class Held:
    """Facts by place. `sources` names the one source of each topic; of dates before `since` no rows are made.

    What was recovered is shown `again`: a kill may have come between a fact and its row. Until then no day of its place
    is closed. `staged`: the rows are written beside those that readers see.
    """

    def __init__(self, sources: Mapping[str, str], since: date | None, *, staged: bool = False) -> None:
        self._sources, self._staged = sources, staged
        self._known: defaultdict[Place, Known] = defaultdict(lambda: Known(since, staged=staged))
        self._recovered: set[int] = set()
        self._again: deque[Touched] = deque()
        self._unshown: set[Place] = set()
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
            yield Row(place.region.encode() + STATE, self._known[place].state())

    def recover(self, partition: int, rows: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take what the changelog of a newly assigned partition tells; null where a fact was deleted."""
        self._recovered.add(partition)
        known: dict[bytes, Known] = {}
        for key, body in rows:
            if body is not None:
                opd = key.partition(b"|")[0]
                region = opd.partition(b"/")[0]
                if region not in known:
                    known[region] = self._known[Place(region.decode(), partition)]
                known[region].recall(opd, body)

    def show_again(self) -> int:
        """Put every OPD of the partitions that were recovered since the last call on the list; answers how many."""
        recovered, self._recovered = self._recovered, set()
        places = sorted(place for place in self._known if place.partition in recovered)
        found = [Touched(place, opd) for place in places for opd in sorted(self._known[place].opds())]
        self._again.extend(found)
        self._unshown |= {touched.place for touched in found}
        self._mark(places)
        return len(found)

    def waits(self) -> bool:
        """Whether anything is on the list."""
        return bool(self._again)

    def again(self, most: int) -> Iterator[tuple[Touched, Collection[date]]]:
        """Take so many OPD from the list; answers the dates whose rows are to be shown."""
        for touched in [self._again.popleft() for _ in range(min(most, len(self._again)))]:
            yield touched, self.dates(touched)

    def shown(self) -> set[Place]:
        """All that was taken from the list is out; answers the places that are staged no more: their state is new."""
        self._unshown = {touched.place for touched in self._again}
        return self._mark(self._known)

    def _mark(self, places: Iterable[Place]) -> set[Place]:
        done = {p for p in places if self._known[p].staged and self._all_out(p)} if not self._staged else set()
        for place in places:
            self._known[place].staged = self._staged or (self._known[place].staged and place not in done)
        return done

    def in_view(self, place: Place) -> bool:
        """Whether readers see a row of every fact that was recovered, if not yet by this worker."""
        return place not in self._known or not self._known[place].staged

    def _all_out(self, place: Place) -> bool:
        return place not in self._unshown and place.partition not in self._recovered

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
        """Forget days whose facts can change no more, none whose row is to be shown; answers rows by partition.

        The state goes before what it declares as gone: a changelog that was written in part names no half of a day.
        """
        for place in filter(self._all_out, self._known):
            known = self._known[place]
            until = self._complete.get(place, 0.0) - SLACK_S
            needed = (day for touched, days in waiting.items() if touched.place == place for day in days)
            first = min([first_open(max(until, 0.0)) - DAY, *needed])
            if until > 0 and (known.first is None or first > known.first):
                gone = [Row(b"%b|%b" % (opd, fact_id.hex().encode()), None) for opd, fact_id in known.close(first)]
                yield from ((place.partition, row) for row in (*self.state(place), *gone))
