"""Creates the board of Thursday 6 November 2025 at 09:41 in memory: 38 OPD of the province, six cities, all states."""

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
LATE_OPENING_REGION = "3274"
"""Kota Cirebon, whose posts open only at 13:00 on this day."""
OFFICE_HOURS: Steps = ((480, 1), (900, 0))
ALL_DAY: Steps = ((0, 1),)


def post(required: Steps, known: Steps, planned: Steps | None = None, *, rostered: bool = True) -> PostCoverage:
    plan = required if planned is None else planned
    unrostered = () if rostered else required
    return PostCoverage(required=required, planned=plan, known=known, restated=known, unrostered=unrostered)


def hours(opens: int, closes: int, heads: int) -> Steps:
    return ((opens, heads), (closes, 0))


def post_rows(generator: Random, number: int, *, late: bool = False) -> Mapping[str, PostCoverage]:
    """Return posts of a regular day: all people came a little early, breaks overlap."""
    posts = {}
    for n in range(1, number + 1):
        heads, opens = generator.choice((1, 1, 2, 3)), 780 if late else generator.choice((450, 480, 480, 510))
        closes = generator.choice((870, 900, 930, 960))
        arrival = opens - generator.randint(2, 25)
        posts[f"LOKET-{n}"] = post(hours(opens, closes, heads), ((arrival, heads + 1), (720, heads), (960, 0)))
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
    """Yield the rows of a day without problems."""
    generator = Random(6)  # noqa: S311 - the same day every time
    for region, opds in regions.items():
        for opd in opds:
            yield row(
                region,
                opd,
                {"FRONT": unit("Pelayanan Terpadu", post_rows(generator, posts, late=region == LATE_OPENING_REGION))},
            )


PROBLEM_UNITS: tuple[tuple[str, str, Mapping[str, UnitCoverage]], ...] = (
    (
        "3276",
        "DISDUKCAPIL",
        {"CIPAYUNG": unit("Kecamatan Cipayung", {"KTP-EL": post(OFFICE_HOURS, ((475, 1), (540, 0)))})},
    ),
    (
        "32",
        "BAPENDA",
        {"SAMSAT-3": unit("Samsat Bandung III", {"KASIR": post(hours(480, 900, 2), ((470, 2), (555, 1)))})},
    ),
    ("32", "DINKES", {"RSUD-PAMEUNGPEUK": unit("RSUD Pameungpeuk", {"IGD": post(((0, 3),), ((0, 3), (570, 2)))})}),
    ("3277", "DISHUB", {"UJI": unit("Uji Kendaraan", {"LOKET-1": post(OFFICE_HOURS, (), ())})}),
    ("3273", "DPMPTSP", {"MPP": unit("Mal Pelayanan Publik", {"LOKET-2": post(OFFICE_HOURS, ((470, 1), (610, 0)))})}),
    ("3271", "DPMPTSP", {"MPP": unit("Mal Pelayanan Publik", {"LOKET-4": post(OFFICE_HOURS, ((470, 1), (630, 0)))})}),
    (
        "32",
        "DISHUB",
        {"TERMINAL": unit("Terminal Leuwipanjang", {"JAGA": post(ALL_DAY, ((0, 1), (625, 0), (690, 1)))})},
    ),
    ("3271", "DISDIK", {"SEKOLAH": unit("SDN Pajajaran", {"PIKET": post(OFFICE_HOURS, (), rostered=False)})}),
    ("3276", "DAMKAR", {"SORE": unit("Pos Sore", {"JAGA": post(hours(960, 1380, 2), ())})}),
)
"""Units with missing staff, with minimum staff, without a roster, or that open later."""


class BoardApp(NamedTuple):
    """The view, and the application that serves it."""

    view: CoverageView
    app: FastAPI


class BoardClock:
    """The clock of this day, which tests can advance."""

    def __init__(self) -> None:
        self.time: datetime = at("09:41")

    def __call__(self) -> datetime:
        return self.time

    def advance(self, minutes: int) -> None:
        self.time += timedelta(minutes=minutes)


def board_app(clock: BoardClock, *, demo: bool = False) -> BoardApp:
    """Create the app of a province whose regions have different problems."""
    view = CoverageView(clock)
    view.apply_rows(rows())
    for region, opd, units in PROBLEM_UNITS:
        regular_row = view.row(region, opd, THURSDAY)
        regular_units = regular_row.units if regular_row and opd != "DAMKAR" else {}
        view.apply_rows([row(region, opd, {**regular_units, **units}, revision=2)])
    view.mark_complete()
    return BoardApp(view, assemble(view, Identity.from_jwks({"keys": []}, "", ""), clock, demo=demo))


def clerk_returns(view: CoverageView) -> None:
    """Let the clerk of Cipayung's post for identity cards return at 09:41."""
    region, opd, units = PROBLEM_UNITS[0]
    unit, current = units["CIPAYUNG"], view.row(region, opd, THURSDAY)
    post = unit.posts["KTP-EL"].model_copy(update={"known": ((475, 1), (540, 0), (581, 1), (900, 0))})
    current_units = current.units if current else {}
    units = {**current_units, "CIPAYUNG": unit.model_copy(update={"posts": {"KTP-EL": post}})}
    view.mark_complete()
    view.apply_rows([row(region, opd, units, revision=9)])
