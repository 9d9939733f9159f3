"""What is known of one partition: the facts of each of its OPD, and how far each source was read."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date

from services.reporting.factset import FactSet
from shared.events import Event
from shared.facts.coverage import Coverage

NO_OPD = "/-"


class Known:
    """Facts by `{region}/{opd}`, and the highest sequence of each source."""

    def __init__(self, since: date = date.min) -> None:
        self._facts: defaultdict[str, FactSet] = defaultdict(lambda: FactSet(since))
        self._watermark: dict[str, int] = {}

    def add(self, event: Event) -> Collection[date]:
        """Keep a fact; answers the service dates of every row that it touches, also when it is a repeat."""
        self._watermark[event.source] = max(event.sequence, self._watermark.get(event.source, 0))
        return () if event.partitionkey.endswith(NO_OPD) else self._facts[event.partitionkey].add(event)

    def row(self, opd: str, service_date: date) -> Coverage | None:
        """The row of an OPD, or None without a fact of it."""
        if opd not in self._facts:
            return None
        region, code = opd.split("/")
        return self._facts[opd].row(region, code, service_date, self._watermark)

    def rows(self) -> Iterator[tuple[str, date]]:
        """The OPD and service date of every row."""
        return ((opd, day) for opd, facts in self._facts.items() for day in facts.dates())
