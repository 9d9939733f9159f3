"""Thursday 6 November 2025 at 09:41, in memory: 38 OPD of the province, six cities, every state."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from fastapi import FastAPI

from services.reporting.app import assemble
from services.reporting.view.rows import CoverageView
from shared.domain.facts.coverage import Coverage, PostCoverage, Steps, UnitCoverage
from shared.identity import Identity
from tests.support.example_facts import THURSDAY, at

PROVINCE = re.findall(
    r"\S+",
    """BAPENDA BAPPEDA BKD BKPSDM BPBD BPKAD BP2D BPSDM DBMPR DESDM DINKES DINSOS DISBUN DISDIK DISDUKCAPIL DISHUB
    DISHUT DISKOMINFO DISKUK DISNAKERTRANS DISPARBUD DISPERINDAG DISPERKIM DISPORA DISPUSIPDA DKP DKPP DLH DP3AKB
    DPMDESA DPMPTSP DSDA DTPH ITDA SATPOLPP SETDA SETWAN BAHUB""",
)
CITY = re.findall(r"\S+", "DISDUKCAPIL DPMPTSP DINKES DISHUB DISDIK BAPENDA DINSOS SATPOLPP DISNAKER DLH DAMKAR RSUD")
CITIES = ("3271", "3273", "3274", "3276", "3277", "3278")
REGIONS: Mapping[str, list[str]] = {"32": PROVINCE, **dict.fromkeys(CITIES, CITY)}
CLOSED = "3274"
"""Kota Cirebon opens its counters only at 13:00 today."""
OPEN: Steps = ((480, 1), (900, 0))
ALL_DAY: Steps = ((0, 1),)


def post(required: Steps, known: Steps, planned: Steps | None = None, *, rostered: bool = True) -> PostCoverage:
    plan = required if planned is None else planned
    unrostered = () if rostered else required
    return PostCoverage(required=required, planned=plan, known=known, restated=known, unrostered=unrostered)


def hours(opens: int, closes: int, heads: int) -> Steps:
    return ((opens, heads), (closes, 0))


def counters(chance: Random, number: int, *, late: bool = False) -> Mapping[str, PostCoverage]:
    """Counters as on a good day: everybody came a little early, breaks overlap."""
    posts = {}
    for n in range(1, number + 1):
        heads, opens = chance.choice((1, 1, 2, 3)), 780 if late else chance.choice((450, 480, 480, 510))
        closes = chance.choice((870, 900, 930, 960))
        came = opens - chance.randint(2, 25)
        posts[f"LOKET-{n}"] = post(hours(opens, closes, heads), ((came, heads + 1), (720, heads), (960, 0)))
    return posts


def row(region: str, opd: str, units: Mapping[str, UnitCoverage], revision: int = 1) -> Coverage:
    return Coverage(
        region=region,
        opd=opd,
        service_date=THURSDAY,
        definition=1,
        revision=revision,
        units=units,
        modes={"WFO": ((441, 12), (496, 31), (960, 0)), "WFH": ((450, 31), (579, 32), (960, 0))},
    )


def unit(name: str, posts: Mapping[str, PostCoverage]) -> UnitCoverage:
    return UnitCoverage(name=name, rostered=True, posts=posts)


def rows(regions: Mapping[str, list[str]] = REGIONS, posts: int = 6) -> Iterator[Coverage]:
    """A day without trouble."""
    chance = Random(6)  # noqa: S311 - the same day every time
    for region, opds in regions.items():
        for opd in opds:
            yield row(region, opd, {"FRONT": unit("Pelayanan Terpadu", counters(chance, posts, late=region == CLOSED))})


PROBLEM_UNITS: tuple[tuple[str, str, Mapping[str, UnitCoverage]], ...] = (
    ("3276", "DISDUKCAPIL", {"CIPAYUNG": unit("Kecamatan Cipayung", {"KTP-EL": post(OPEN, ((475, 1), (540, 0)))})}),
    (
        "32",
        "BAPENDA",
        {"SAMSAT-3": unit("Samsat Bandung III", {"KASIR": post(hours(480, 900, 2), ((470, 2), (555, 1)))})},
    ),
    ("32", "DINKES", {"RSUD-PAMEUNGPEUK": unit("RSUD Pameungpeuk", {"IGD": post(((0, 3),), ((0, 3), (570, 2)))})}),
    ("3277", "DISHUB", {"UJI": unit("Uji Kendaraan", {"LOKET-1": post(OPEN, (), ())})}),
    ("3273", "DPMPTSP", {"MPP": unit("Mal Pelayanan Publik", {"LOKET-2": post(OPEN, ((470, 1), (610, 0)))})}),
    ("3271", "DPMPTSP", {"MPP": unit("Mal Pelayanan Publik", {"LOKET-4": post(OPEN, ((470, 1), (630, 0)))})}),
    (
        "32",
        "DISHUB",
        {"TERMINAL": unit("Terminal Leuwipanjang", {"JAGA": post(ALL_DAY, ((0, 1), (625, 0), (690, 1)))})},
    ),
    ("3271", "DISDIK", {"SEKOLAH": unit("SDN Pajajaran", {"PIKET": post(OPEN, (), rostered=False)})}),
    ("3276", "DAMKAR", {"SORE": unit("Pos Sore", {"JAGA": post(hours(960, 1380, 2), ())})}),
)
"""Where somebody is missing, where it is close, where no roster speaks, where it opens only later."""


class Province(NamedTuple):
    """The view, and the application over it."""

    view: CoverageView
    app: FastAPI


class Day:
    """The clock of this day; tests turn it."""

    def __init__(self) -> None:
        self.time: datetime = at("09:41")

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, minutes: int) -> None:
        self.time += timedelta(minutes=minutes)


def province(day: Day, *, demo: bool = False) -> Province:
    """A province in which one region after another has something to tell."""
    view = CoverageView(day)
    view.apply_rows(rows())
    for region, opd, units in PROBLEM_UNITS:
        calm = view.row(region, opd, THURSDAY)
        held = calm.units if calm and opd != "DAMKAR" else {}
        view.apply_rows([row(region, opd, {**held, **units}, revision=2)])
    view.mark_complete()
    return Province(view, assemble(view, Identity({}, "", ""), day, demo=demo))


def clerk_comes(view: CoverageView) -> None:
    """Cipayung's counter for identity cards has its clerk again, since 09:41."""
    region, opd, units = PROBLEM_UNITS[0]
    unit, held = units["CIPAYUNG"], view.row(region, opd, THURSDAY)
    came = unit.posts["KTP-EL"].model_copy(update={"known": ((475, 1), (540, 0), (581, 1), (900, 0))})
    others = held.units if held else {}
    units = {**others, "CIPAYUNG": unit.model_copy(update={"posts": {"KTP-EL": came}})}
    view.mark_complete()
    view.apply_rows([row(region, opd, units, revision=9)])
