"""The story of one office, told once and played twice: without a broker in one process, and on real Kafka."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.domain.facts.coverage import Coverage, PostCoverage
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import OPD, REGION, Office

MONDAY = date(2025, 11, 3)
FRIDAY = THURSDAY + timedelta(days=1)
WEDNESDAY = THURSDAY - timedelta(days=1)


@dataclass
class World:
    """Where the story is played: an office over HTTP, a clock to set, and a view that catches up."""

    office: Office
    set_clock: Callable[[datetime], None]
    row: Callable[[date, dict[str, int]], Awaitable[Coverage]]


async def play(world: World) -> None:
    """Enact, arrange, place, assign; then a morning at the counter and a night at the emergency post."""
    office = world.office
    world.set_clock(at("09:00", MONDAY))
    planned = await office.prepare(WEDNESDAY, THURSDAY)
    await nobody_has_come_yet(world, position(planned))
    await the_clerk_comes(world)
    await a_phone_sends_again(world)
    await a_colleague_takes_over(world)
    await the_night_shift(world)
    await refusals_are_facts(world)


async def nobody_has_come_yet(world: World, planned: dict[str, int]) -> None:
    world.set_clock(at("08:05"))
    counter = await post(world, THURSDAY, planned)
    assert (counter.required, counter.known) == (((480, 1), (900, 0)), ())
    assert counter.planned[0] == (450, 2)


async def the_clerk_comes(world: World) -> None:
    world.set_clock(at("08:16"))
    answer = await world.office.tap("Dewi", client_id=TAP)
    assert answer.status_code == 201
    assert (await post(world, THURSDAY, position(answer.headers["piket-position"]))).known[0] == (496, 1)


async def a_phone_sends_again(world: World) -> None:
    world.set_clock(at("08:40"))
    again = await world.office.tap("Dewi", client_id=TAP)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    assert (await post(world, THURSDAY, {})).known[0] == (496, 1)


async def a_colleague_takes_over(world: World) -> None:
    world.set_clock(at("09:00"))
    left = await world.office.tap("Dewi", "check-outs")
    world.set_clock(at("09:20"))
    taken = await world.office.tap("Asep", "post-takings", unit="FRONT", post="LOKET-1")
    seen = position(taken.headers["piket-position"])
    counter = await post(world, THURSDAY, seen)
    assert (left.status_code, taken.status_code, counter.known[:3]) == (201, 201, ((496, 1), (540, 0), (560, 1)))


async def the_night_shift(world: World) -> None:
    world.set_clock(at("21:50"))
    came = await world.office.tap("Ujang", occurred_at=at("21:50").isoformat())
    seen = position(came.headers["piket-position"])
    tonight = await post(world, THURSDAY, seen, "POSKO", "JAGA-MALAM")
    tomorrow = await post(world, FRIDAY, seen, "POSKO", "JAGA-MALAM")
    assert (tonight.known, tomorrow.known) == (((1320, 1),), ((0, 1), (360, 0)))


async def refusals_are_facts(world: World) -> None:
    before = await world.row(THURSDAY, {})
    refused = await world.office.tap("Rina", occurred_at=at("23:30").isoformat())
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:piket:problem:refused")
    after = await world.row(THURSDAY, position(refused.headers["piket-position"]))
    assert (after.revision, after.units) == (before.revision + 1, before.units)


TAP = "c2d95a4e-0b1f-4f2e-9a55-4d1f6d7e8f90"


async def post(
    world: World, day: date, seen: dict[str, int], unit: str = "FRONT", code: str = "LOKET-1"
) -> PostCoverage:
    return (await world.row(day, seen)).units[unit].posts[code]


def position(header: str) -> dict[str, int]:
    """`attendance/32/7` as the watermark to wait for."""
    service, region, number = header.split("/")
    return {f"/piket/{region}/{service}": int(number)}


def reached(row: Coverage | None, seen: dict[str, int]) -> bool:
    return row is not None and all(row.watermark.get(source, 0) >= number for source, number in seen.items())


KEY = f"{REGION}/{OPD}"
SERVICES: Sequence[str] = ("policy", "roster", "attendance")
