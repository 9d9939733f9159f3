"""Resolves who works where a second time: every instrument as its paper reads, checked one by one for one day.

Written by hand from the circulars and from docs/decisions/0014-instruments-as-data.md; it shares no code with the
resolution that it verifies. It is slow and simple on purpose: no periods and no precedence tables, only the instruments
in force on that day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import NamedTuple

from holidays import country_holidays

NATIONAL = "national"
MON, THU, FRI, SAT = 0, 3, 4, 5
OPEN_END = date(9999, 12, 31)


class IndependentAnswer(NamedTuple):
    """The place of work, the greatest share at home (None: the unit head decides), the source of the pattern."""

    answer: str
    max_share: float | None
    pattern: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One instrument as its paper reads. `share` is None if the head of the agency sets it."""

    id: str
    government: str
    first: date
    last: date = OPEN_END
    status: str = "IN_FORCE"
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    every_day: bool = False
    share: float | None = 1.0
    on_application: bool = False
    on_site_units: frozenset[str] = frozenset()
    on_site_positions: frozenset[str] = frozenset()
    head_decides: frozenset[str] = frozenset()
    pilot: Mapping[str, frozenset[date]] = field(default_factory=dict)
    general_start: date = date(1, 1, 1)

    def has_pattern(self) -> bool:
        return bool(self.weekdays or self.dates or self.every_day)

    def is_in_force(self, government: str, day: date) -> bool:
        """Return whether it binds on a day. Studies and drafts never do; a list of dates only on those dates."""
        if self.status != "IN_FORCE" or self.government not in (NATIONAL, government):
            return False
        return self.first <= day <= self.last and (not self.dates or day in self.dates)

    def is_home_day(self, day: date, site: str | None) -> bool:
        """Return whether staff of a site may work from home on a day."""
        if day in self.pilot.get(site or "", ()):
            return True
        return day >= self.general_start and (self.every_day or day in self.dates or day.weekday() in self.weekdays)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _march_2026(*days: int) -> frozenset[date]:
    return frozenset(date(2026, 3, day) for day in days)


PAPERS = (
    Paper(id="nasional-2025-permenpanrb-4", government=NATIONAL, first=date(2025, 4, 21)),
    Paper(id="jabar-2022-pergub-102", government="32", first=date(2022, 1, 1)),
    Paper(id="jabar-2023-wfa-permanent", government="32", first=date(2023, 6, 19), on_application=True),
    Paper(
        id="jabar-2025-se-150-stage-1",
        government="32",
        first=date(2025, 11, 5),  # the pilot of one site; all others from the general start
        last=date(2025, 11, 30),
        weekdays=frozenset({THU}),
        pilot={"Gedung Sate": frozenset({date(2025, 11, 5)})},
        general_start=date(2025, 11, 6),
    ),
    Paper(
        id="jabar-2025-se-150-stage-2",
        government="32",
        first=date(2025, 12, 2),
        last=date(2025, 12, 31),
        every_day=True,
        share=0.5,
    ),
    Paper(
        id="jabar-2026-se-188",
        government="32",
        first=date(2026, 1, 1),
        weekdays=frozenset({THU}),
        on_site_units=_names("rsud sekolah samsat laboratorium"),
    ),
    Paper(id="bekasi-2025-study", government="3275", first=date(2025, 11, 1), status="STUDY"),
    Paper(
        id="depok-2026-se-42",
        government="3276",
        first=date(2026, 1, 29),
        last=date(2026, 2, 16),
        weekdays=frozenset({THU}),
        on_site_units=_names("rsud puskesmas sekolah pajak satpolpp dishub damkar mpp"),
        head_decides=_names("kecamatan kelurahan"),
    ),
    Paper(
        id="depok-2026-se-80",
        government="3276",
        first=date(2026, 2, 17),
        weekdays=frozenset({MON}),
        on_site_units=_names(
            "kecamatan kelurahan mpp satpolpp damkar dishub_terminal_pkb perpustakaan rsud puskesmas sekolah pajak"
        ),
        head_decides=_names("pasar alun_alun pbj_lpse kebersihan"),
    ),
    Paper(
        id="kota-bogor-2025-kep-196",
        government="3271",
        first=date(2025, 1, 1),
        status="ENACTED",
        on_application=True,
    ),
    Paper(id="kota-bogor-2026-se-1633", government="3271", first=date(2026, 4, 10), weekdays=frozenset({FRI})),
    Paper(id="bandung-2023-study", government="3273", first=date(2023, 6, 1), status="STUDY"),
    Paper(id="kab-bogor-2022-draft", government="3201", first=date(2022, 11, 1), status="DRAFT", every_day=True),
    Paper(id="kab-bogor-2026-se-578", government="3201", first=date(2026, 3, 27), weekdays=frozenset({FRI})),
    Paper(
        id="cimahi-2026-friday",
        government="3277",
        first=date(2026, 4, 2),
        weekdays=frozenset({FRI}),
        share=0.75,
        on_site_positions=_names("JPT_PRATAMA ADMINISTRATOR CAMAT LURAH"),
    ),
    Paper(
        id="nasional-2026-friday",
        government=NATIONAL,
        first=date(2026, 4, 1),
        weekdays=frozenset({FRI}),
        on_site_units=_names("kedaruratan trantib kesehatan pendidikan"),
        on_site_positions=_names("JPT_MADYA JPT_PRATAMA ADMINISTRATOR CAMAT LURAH"),
    ),
    Paper(
        id="panrb-2024-after-lebaran",
        government=NATIONAL,
        first=date(2024, 4, 16),
        last=date(2024, 4, 17),
        every_day=True,
        share=0.5,
    ),
    Paper(
        id="panrb-2026-around-lebaran",
        government=NATIONAL,
        first=date(2026, 3, 16),
        last=date(2026, 3, 27),
        dates=_march_2026(16, 17, 25, 26, 27),
        share=None,
    ),
    Paper(id="kab-bekasi-2026-flood", government="3216", first=date(2026, 1, 28)),
    Paper(id="ramadan-national", government=NATIONAL, first=date(2026, 2, 19), last=date(2026, 3, 20)),
    Paper(id="ramadan-jabar-2026", government="32", first=date(2026, 2, 19), last=date(2026, 3, 20)),
)
"""The national base and the twenty instruments; dates of stage I, studies and drafts follow the sources."""

NATIONAL_SERVICE_OF: Mapping[str, str] = {
    "rsud": "kesehatan",
    "puskesmas": "kesehatan",
    "sekolah": "pendidikan",
    "satpolpp": "trantib",
    "damkar": "kedaruratan",
    "bpbd": "kedaruratan",
}
"""Unit → the service that the national exceptions name for it."""


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(country_holidays("ID", years=[year], categories=("public", "government")))


def resolve(
    government: str, names: frozenset[str], class_: str, position: str | None, site: str | None, day: date
) -> IndependentAnswer:
    """Return where somebody works on a day. `names`: the kinds of the unit as the circulars name them."""
    in_force = [paper for paper in PAPERS if paper.is_in_force(government, day)]
    source = _pattern_source(in_force)
    pattern = source.id if source else None
    excluded = _decided_by_class(class_, names, day) or _excluded_by_name(in_force, names, position)
    if excluded:
        return IndependentAnswer(excluded, 0.0, pattern)
    if source is None:
        offered = any(paper.on_application for paper in in_force)
        return IndependentAnswer("APPLICATION", None, None) if offered else IndependentAnswer("WFO", 0.0, None)
    if not source.is_home_day(day, site):
        return IndependentAnswer("WFO", 0.0, pattern)
    share = source.share
    if share is None or names & source.head_decides:
        return IndependentAnswer("UNIT_HEAD", None, pattern)
    for paper in in_force:
        if paper.has_pattern() and paper.share is not None:
            share = min(share, paper.share)
    return IndependentAnswer("WFH" if share == 1.0 else "MAX_SHARE", share, pattern)


def _pattern_source(in_force: list[Paper]) -> Paper | None:
    """Return the instrument that gives the pattern: of the own government, otherwise national; the later of two."""
    with_pattern = [paper for paper in in_force if paper.has_pattern()]
    own_government = [paper for paper in with_pattern if paper.government != NATIONAL]
    return max(own_government or with_pattern, key=lambda paper: paper.first, default=None)


def _decided_by_class(class_: str, names: frozenset[str], day: date) -> str | None:
    """Return HOLIDAY or WFO if the class of the unit decides the day, otherwise None.

    24-hour posts have no holidays. Direct service stays on site. Schools, puskesmas and Samsat work six days.
    """
    if class_ == "EMERGENCY_24X7":
        return "WFO"
    if day in _holidays(day.year):
        return "HOLIDAY"
    six_days = names & {"sekolah", "puskesmas", "samsat"}
    if class_ == "DIRECT" and not six_days:
        return "WFO"
    if day.weekday() > SAT or (day.weekday() == SAT and not six_days):
        return "HOLIDAY"
    return "WFO" if class_ == "DIRECT" else None


def _excluded_by_name(in_force: list[Paper], names: frozenset[str], position: str | None) -> str | None:
    """Return WFO if any instrument excludes the unit or keeps the position on site, otherwise None."""
    served = names | {NATIONAL_SERVICE_OF[name] for name in names if name in NATIONAL_SERVICE_OF}
    for paper in in_force:
        if served & paper.on_site_units or position in paper.on_site_positions:
            return "WFO"
    return None
