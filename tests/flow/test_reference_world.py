"""The province under SE 150, entered by the front doors: who is at home when, by which instrument, and what holds.

Checked on the published rosters alone; nothing of the planner is asked.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from deploy.http_client import Caller, session
from deploy.reference_world.seeding import enrol
from deploy.reference_world.world import Office, world
from tests.flow.in_process_deployment import town
from tests.support.http_server import served

THURSDAY, FRIDAY = date(2025, 11, 6), date(2025, 11, 7)
DECEMBER = [date(2025, 12, 1) + timedelta(days=n) for n in range(5)]
STAGE_1, STAGE_2, NATIONAL = "jabar-2025-se-150-stage-1", "jabar-2025-se-150-stage-2", "nasional-2025-permenpanrb-4"
ON_SITE = {"DIRECT", "EMERGENCY_24X7"}

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


class Assigned(NamedTuple):
    """One person's day as it was published."""

    office: Office
    class_: str
    unit: str
    day: date
    told: Mapping[str, Any]

    @property
    def mode(self) -> str:
        return str(self.told["mode"])

    @property
    def instrument(self) -> str:
        return str(self.told["reason"].get("instrument"))


@dataclass(frozen=True, repr=False)  # asyncio would write it out with every task that holds it: seconds each time
class Jabar:
    """The province after everything was entered."""

    offices: Sequence[Office]
    assigned: Sequence[Assigned]
    policies: Mapping[str, Any]
    page: str

    def on(self, *days: date) -> Iterator[Assigned]:
        return (a for a in self.assigned if a.day in days)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jabar(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Jabar]:
    offices, folder = world(["32"], 1_500, 1), tmp_path_factory.mktemp("jabar")
    async with town(Path(folder)) as (stage, here), served(here.app) as url, session(url) as http:
        caller = Caller(http, stage.office.issuer)
        entered = await enrol(caller, offices, DECEMBER[3], [THURSDAY, FRIDAY, *DECEMBER], 1, frozenset())
        official = caller.official("PERSONNEL", "32", "BKD")
        policies = {o.opd: await caller.read(f"/policy/v1/32/opd/{o.opd}", official) for o in offices}
        page = (await caller.ask("/aturan/32/BKD", {})).body.decode()
        assigned = [
            Assigned(office, unit.class_, unit.unit, date.fromisoformat(roster["work_date"]), told)
            for office in offices
            for roster in entered.rosters[office.region, office.opd]
            for unit in office.units
            if unit.unit == roster["unit"]
            for told in roster["assignments"]
        ]
        yield Jabar(offices, assigned, policies, page)


async def test_on_thursday_the_offices_of_38_opd_are_at_home_by_stage_1(jabar: Jabar) -> None:
    offices = [a for a in jabar.on(THURSDAY) if a.class_ == "NON_SERVICE"]
    elsewhere = [(a.office.opd, a.unit, a.told) for a in offices if (a.mode, a.instrument) != ("WFH", STAGE_1)]
    assert elsewhere == []
    assert len({a.office.opd for a in offices}) == 38


async def test_on_thursday_direct_service_is_on_site_by_the_same_instrument(jabar: Jabar) -> None:
    serving = [a for a in jabar.on(THURSDAY) if a.class_ in ON_SITE and a.mode != "OFF"]
    assert {a.mode for a in serving} == {"WFO"}
    assert {a.instrument for a in serving} == {STAGE_1}


async def test_on_friday_everybody_is_on_site(jabar: Jabar) -> None:
    assert Counter(a.mode for a in jabar.on(FRIDAY)).keys() <= {"WFO", "OFF"}
    assert [a for a in jabar.on(FRIDAY) if a.mode == "OFF" and a.class_ not in ON_SITE] == []


async def test_in_stage_2_no_opd_is_above_its_share_on_any_day(jabar: Jabar) -> None:
    home, present = Counter[tuple[str, date]](), Counter[tuple[str, date]]()
    for a in jabar.on(*DECEMBER[1:]):
        home[a.office.opd, a.day] += a.mode == "WFH"
        present[a.office.opd, a.day] += a.told["reason"]["code"] not in {"LEAVE", "OTHER", "TRAVEL", "ABSENCE"}
    assert [place for place in present if home[place] > present[place] // 2] == []
    assert home.total() > present.total() / 5, "and many are at home"


async def test_in_stage_2_nobody_is_at_home_on_more_than_two_days(jabar: Jabar) -> None:
    days = Counter(a.told["employee"] for a in jabar.on(*DECEMBER) if a.mode == "WFH")
    assert max(days.values()) == 2
    assert {a.instrument for a in jabar.on(DECEMBER[3]) if a.mode == "WFH"} == {STAGE_2}


async def test_no_open_post_is_under_its_minimum_on_any_day(jabar: Jabar) -> None:
    given = Counter((a.office.opd, a.unit, a.told.get("post"), a.day) for a in jabar.assigned if a.mode == "WFO")
    weekdays = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
    short = [
        (office.opd, unit.unit, post.post, day)
        for office in jabar.offices
        for unit in office.units
        for post in unit.posts
        for day in (THURSDAY, FRIDAY, *DECEMBER)
        if weekdays[day.weekday()] in post.weekdays and given[office.opd, unit.unit, post.post, day] < post.minimum
    ]
    assert short == []


async def test_half_against_two_days_is_a_conflict_that_every_opd_is_told_and_anybody_may_read(jabar: Jabar) -> None:
    told = {opd: policy["conflicts"] for opd, policy in jabar.policies.items()}
    met = {tuple(sorted(c["instruments"])) for conflicts in told.values() for c in conflicts}
    assert met == {(STAGE_2, NATIONAL), ("jabar-2023-wfa-permanent", NATIONAL)}
    assert {len(conflicts) for conflicts in told.values()} == {2}
    assert ("0,4" in jabar.page, "SE 150/KPG.03/BKD tahap II" in jabar.page) == (True, True)


async def test_every_opd_has_the_calendar_of_three_years(jabar: Jabar) -> None:
    years = {tuple(sorted({h["date"][:4] for h in policy["holidays"]})) for policy in jabar.policies.values()}
    assert years == {("2025", "2026", "2027")}
