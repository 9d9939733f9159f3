"""Coverage of the posts of one OPD: required, planned, known, restated. Pure: the reader brings the clock.

Inside, time is whole minutes since the epoch; a row speaks of minutes of the service date at each unit's site.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.domain.coverage.duties import Roll, accepted, around, planned, required
from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.coverage.intervals import Need, PostKey, heads_at
from services.reporting.domain.coverage.presence import present
from services.reporting.domain.fact_store.compact import CompactTap, Fact, Settled, lean
from services.reporting.domain.fact_store.current import in_force
from shared.domain.envelope import Event
from shared.domain.facts.coverage import Coverage
from shared.domain.regions import local_date, minute_of


class Heads(NamedTuple):
    """Heads at one post at one minute."""

    required: int = 0
    planned: int = 0
    on_site: int = 0


def coverage(facts: Iterable[Event], at: datetime, known_by: datetime) -> Mapping[PostKey, Heads]:
    """Heads at every post at the minute of `at`, by what had been recorded up to and including `known_by`.

    `facts` is a set of facts of one OPD: order and repeats do not matter.
    """
    known = {e.id: e for e in facts if e.recordedtime <= known_by}
    if not known:
        return {}
    days = around(local_date(at, next(iter(known.values())).data.region))
    settled, taps = _parted(map(lean, known.values()))
    holds = in_force(settled)
    rota = Roll().draw(holds, days)
    needed = (n for unit in holds.arrangements for day in days for n in required(holds, unit, day))
    on_duty = (n for drawn in rota.drawn for n in planned(drawn))
    everybody = {*rota.people(), *taps}
    there = (p for e in everybody for p in present(accepted(taps.get(e, ())), rota.duties(e), holds))
    on_site = (Need(p.post, p.start, p.end) for p in there if p.post)
    counts = [heads_at(lane, minute_of(at)) for lane in (needed, on_duty, on_site)]
    return {post: Heads(*(count[post] for count in counts)) for post in sorted(set().union(*counts))}


def row(facts: Collection[Fact], region: str, opd: str, service_date: date, watermark: Mapping[str, int]) -> Coverage:
    """The coverage row of one service date, from every fact that can matter to it (`FactSet.of`)."""
    counted = FactSet(region, opd)
    for fact in facts:
        counted.add(fact)
    return counted.row(service_date, watermark)


def _parted(facts: Iterable[Fact]) -> tuple[list[Settled], dict[bytes, list[CompactTap]]]:
    settled, taps = list[Settled](), dict[bytes, list[CompactTap]]()
    for fact in facts:
        if isinstance(fact, CompactTap):
            taps.setdefault(fact.employee, []).append(fact)
            continue
        settled.append(fact)
    return settled, taps
