"""Seeds the province under SE 150 over HTTP and checks who works from home when, by which instrument.

Only the published rosters are checked; no code of the planner is used.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from deploy.http_client import HttpClient, open_session
from deploy.local.deadlines import scaled
from deploy.reference_world.seeding import seed_world
from deploy.reference_world.world import Office, world
from tests.flow.in_process_deployment import in_process_deployment
from tests.support.http_server import running_server

THURSDAY, FRIDAY = date(2025, 11, 6), date(2025, 11, 7)
DECEMBER = [date(2025, 12, 1) + timedelta(days=n) for n in range(5)]
STAGE_1, STAGE_2, NATIONAL = "jabar-2025-se-150-stage-1", "jabar-2025-se-150-stage-2", "nasional-2025-permenpanrb-4"
ON_SITE = {"DIRECT", "EMERGENCY_24X7"}

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(scaled(240))]


class AssignedDay(NamedTuple):
    """The published assignment of one person on one day."""

    office: Office
    class_: str
    unit: str
    day: date
    assignment: Mapping[str, Any]

    @property
    def mode(self) -> str:
        return str(self.assignment["mode"])

    @property
    def instrument(self) -> str:
        return str(self.assignment["reason"].get("instrument"))


@dataclass(frozen=True, repr=False)  # asyncio would log the repr of every task that holds it: seconds each time
class Province:
    """The province after everything was recorded."""

    offices: Sequence[Office]
    assigned: Sequence[AssignedDay]
    policies: Mapping[str, Any]
    page: str

    def on(self, *days: date) -> Iterator[AssignedDay]:
        return (a for a in self.assigned if a.day in days)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def province(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Province]:
    offices, folder = world(["32"], 1_500, 1), tmp_path_factory.mktemp("jabar")
    async with (
        in_process_deployment(Path(folder)) as (story, deployment),
        running_server(deployment.app) as url,
        open_session(url) as http,
    ):
        client = HttpClient(http, story.office.issuer)
        seeded = await seed_world(client, offices, DECEMBER[3], [THURSDAY, FRIDAY, *DECEMBER], 1, frozenset())
        official = client.official_token("PERSONNEL", "32", "BKD")
        policies = {o.opd: await client.get_json(f"/policy/v1/32/opd/{o.opd}", official) for o in offices}
        page = (await client.get_once("/aturan/32/BKD", {})).body.decode()
        assigned = [
            AssignedDay(office, unit.class_, unit.unit, date.fromisoformat(roster["work_date"]), assignment)
            for office in offices
            for roster in seeded.rosters[office.region, office.opd]
            for unit in office.units
            if unit.unit == roster["unit"]
            for assignment in roster["assignments"]
        ]
        yield Province(offices, assigned, policies, page)


async def test_on_thursday_the_offices_of_38_opd_are_at_home_by_stage_1(province: Province) -> None:
    office_days = [a for a in province.on(THURSDAY) if a.class_ == "NON_SERVICE"]
    elsewhere = [
        (a.office.opd, a.unit, a.assignment) for a in office_days if (a.mode, a.instrument) != ("WFH", STAGE_1)
    ]
    assert elsewhere == []
    assert len({a.office.opd for a in office_days}) == 38


async def test_on_thursday_direct_service_is_on_site_by_the_same_instrument(province: Province) -> None:
    serving = [a for a in province.on(THURSDAY) if a.class_ in ON_SITE and a.mode != "OFF"]
    assert {a.mode for a in serving} == {"WFO"}
    assert {a.instrument for a in serving} == {STAGE_1}


async def test_on_friday_everybody_is_on_site(province: Province) -> None:
    assert Counter(a.mode for a in province.on(FRIDAY)).keys() <= {"WFO", "OFF"}
    assert [a for a in province.on(FRIDAY) if a.mode == "OFF" and a.class_ not in ON_SITE] == []


async def test_in_stage_2_no_opd_is_above_its_share_on_any_day(province: Province) -> None:
    home, present = Counter[tuple[str, date]](), Counter[tuple[str, date]]()
    for a in province.on(*DECEMBER[1:]):
        home[a.office.opd, a.day] += a.mode == "WFH"
        present[a.office.opd, a.day] += a.assignment["reason"]["code"] not in {"LEAVE", "OTHER", "TRAVEL", "ABSENCE"}
    assert [opd_day for opd_day in present if home[opd_day] > present[opd_day] // 2] == []
    assert home.total() > present.total() / 5, "and many are at home"


async def test_in_stage_2_nobody_is_at_home_on_more_than_two_days(province: Province) -> None:
    days = Counter(a.assignment["employee"] for a in province.on(*DECEMBER) if a.mode == "WFH")
    assert max(days.values()) == 2
    assert {a.instrument for a in province.on(DECEMBER[3]) if a.mode == "WFH"} == {STAGE_2}


async def test_no_open_post_is_under_its_minimum_on_any_day(province: Province) -> None:
    heads = Counter(
        (a.office.opd, a.unit, a.assignment.get("post"), a.day) for a in province.assigned if a.mode == "WFO"
    )
    weekdays = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
    short = [
        (office.opd, unit.unit, post.post, day)
        for office in province.offices
        for unit in office.units
        for post in unit.posts
        for day in (THURSDAY, FRIDAY, *DECEMBER)
        if weekdays[day.weekday()] in post.weekdays and heads[office.opd, unit.unit, post.post, day] < post.minimum
    ]
    assert short == []


async def test_half_against_two_days_is_a_conflict_that_is_published_to_every_opd_and_anybody_may_read(
    province: Province,
) -> None:
    conflicts_by_opd = {opd: policy["conflicts"] for opd, policy in province.policies.items()}
    instrument_pairs = {tuple(sorted(c["instruments"])) for conflicts in conflicts_by_opd.values() for c in conflicts}
    assert instrument_pairs == {(STAGE_2, NATIONAL), ("jabar-2023-wfa-permanent", NATIONAL)}
    assert {len(conflicts) for conflicts in conflicts_by_opd.values()} == {2}
    assert ("0,4" in province.page, "SE 150/KPG.03/BKD tahap II" in province.page) == (True, True)


async def test_every_opd_has_the_calendar_of_three_years(province: Province) -> None:
    years = {tuple(sorted({h["date"][:4] for h in policy["holidays"]})) for policy in province.policies.values()}
    assert years == {("2025", "2026", "2027")}
