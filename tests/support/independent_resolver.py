"""Who works where, worked out a second time: every instrument as its paper reads, tried one after another on one day.

Written by hand from the circulars and the design, and shares no code with what it judges. It is slow and plain on
purpose: no periods, no ranks, no precedence tables, only what is in force that day.
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


class Found(NamedTuple):
    """Where one works, the greatest share at home (none where somebody decides it), and who gives the pattern."""

    answer: str
    max_share: float | None
    pattern: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One instrument as it reads. `share` is none where the head of the agency sets it."""

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
    stays: frozenset[str] = frozenset()
    stays_as: frozenset[str] = frozenset()
    head_decides: frozenset[str] = frozenset()
    pilot: Mapping[str, frozenset[date]] = field(default_factory=dict)
    general_start: date = date(1, 1, 1)

    def has_pattern(self) -> bool:
        return bool(self.weekdays or self.dates or self.every_day)

    def speaks(self, government: str, day: date) -> bool:
        """Studies, drafts and what is not in force bind nobody; a list of dates says nothing on any other day."""
        if self.status != "IN_FORCE" or self.government not in (NATIONAL, government):
            return False
        return self.first <= day <= self.last and (not self.dates or day in self.dates)

    def opens(self, day: date, site: str | None) -> bool:
        """Whether the location is free at a site on a day."""
        if day in self.pilot.get(site or "", ()):
            return True
        return day >= self.general_start and (self.every_day or day in self.dates or day.weekday() in self.weekdays)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _window(*days: int) -> frozenset[date]:
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
        stays=_words("rsud sekolah samsat laboratorium"),
    ),
    Paper(id="bekasi-2025-study", government="3275", first=date(2025, 11, 1), status="STUDY"),
    Paper(
        id="depok-2026-se-42",
        government="3276",
        first=date(2026, 1, 29),
        last=date(2026, 2, 16),
        weekdays=frozenset({THU}),
        stays=_words("rsud puskesmas sekolah pajak satpolpp dishub damkar mpp"),
        head_decides=_words("kecamatan kelurahan"),
    ),
    Paper(
        id="depok-2026-se-80",
        government="3276",
        first=date(2026, 2, 17),
        weekdays=frozenset({MON}),
        stays=_words(
            "kecamatan kelurahan mpp satpolpp damkar dishub_terminal_pkb perpustakaan rsud puskesmas sekolah pajak"
        ),
        head_decides=_words("pasar alun_alun pbj_lpse kebersihan"),
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
        stays_as=_words("JPT_PRATAMA ADMINISTRATOR CAMAT LURAH"),
    ),
    Paper(
        id="nasional-2026-friday",
        government=NATIONAL,
        first=date(2026, 4, 1),
        weekdays=frozenset({FRI}),
        stays=_words("kedaruratan trantib kesehatan pendidikan"),
        stays_as=_words("JPT_MADYA JPT_PRATAMA ADMINISTRATOR CAMAT LURAH"),
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
        dates=_window(16, 17, 25, 26, 27),
        share=None,
    ),
    Paper(id="kab-bekasi-2026-flood", government="3216", first=date(2026, 1, 28)),
    Paper(id="ramadan-national", government=NATIONAL, first=date(2026, 2, 19), last=date(2026, 3, 20)),
    Paper(id="ramadan-jabar-2026", government="32", first=date(2026, 2, 19), last=date(2026, 3, 20)),
)
"""The national base and the twenty instruments, the dates of stage I, study and draft as the sources lead to them."""

GIVES: Mapping[str, str] = {
    "rsud": "kesehatan",
    "puskesmas": "kesehatan",
    "sekolah": "pendidikan",
    "satpolpp": "trantib",
    "damkar": "kedaruratan",
    "bpbd": "kedaruratan",
}
"""The service of the national exceptions that a unit gives."""


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(country_holidays("ID", years=[year], categories=("public", "government")))


def resolve(
    government: str, names: frozenset[str], class_: str, position: str | None, site: str | None, day: date
) -> Found:
    """Where somebody works: `names` are the kinds of the unit in the words of the circulars."""
    speaking = [paper for paper in PAPERS if paper.speaks(government, day)]
    giver = _giver(speaking)
    pattern = giver.id if giver else None
    kept = _kept_by_class(class_, names, day) or _kept_by_name(speaking, names, position)
    if kept:
        return Found(kept, 0.0, pattern)
    if giver is None:
        offered = any(paper.on_application for paper in speaking)
        return Found("APPLICATION", None, None) if offered else Found("WFO", 0.0, None)
    if not giver.opens(day, site):
        return Found("WFO", 0.0, pattern)
    share = giver.share
    if share is None or names & giver.head_decides:
        return Found("UNIT_HEAD", None, pattern)
    for paper in speaking:
        if paper.has_pattern() and paper.share is not None:
            share = min(share, paper.share)
    return Found("WFH" if share == 1.0 else "MAX_SHARE", share, pattern)


def _giver(speaking: list[Paper]) -> Paper | None:
    """One instrument gives the pattern: the own government's, else the nation's; of two the later in force."""
    giving = [paper for paper in speaking if paper.has_pattern()]
    own = [paper for paper in giving if paper.government != NATIONAL]
    return max(own or giving, key=lambda paper: paper.first, default=None)


def _kept_by_class(class_: str, names: frozenset[str], day: date) -> str | None:
    """A day without work or at home by what the unit is: 24-hour posts know no holiday, direct service no weekend.

    Schools, puskesmas and Samsat work six days.
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


def _kept_by_name(speaking: list[Paper], names: frozenset[str], position: str | None) -> str | None:
    """Exclusions and forced positions of all layers hold together."""
    served = names | {GIVES[name] for name in names if name in GIVES}
    for paper in speaking:
        if served & paper.stays or position in paper.stays_as:
            return "WFO"
    return None
