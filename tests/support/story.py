"""Defines the story of one office, which tests play without a broker in one process, and on real Kafka."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.domain.facts.coverage import Coverage, PostCoverage
from tests.support.example_facts import THURSDAY, at
from tests.support.office_setup import OPD, REGION, Office
from tests.support.waiting import read_until

MONDAY = date(2025, 11, 3)
FRIDAY = THURSDAY + timedelta(days=1)
WEDNESDAY = THURSDAY - timedelta(days=1)


@dataclass
class StoryEnvironment:
    """What the story needs: an office over HTTP, a clock that can be set, and the rows of the view."""

    office: Office
    set_clock: Callable[[datetime], None]
    row: Callable[[date, dict[str, int]], Awaitable[Coverage]]


async def play(environment: StoryEnvironment) -> None:
    """Set up the office, then play a morning at the counter and a night at the emergency post."""
    office = environment.office
    environment.set_clock(at("09:00", MONDAY))
    planned = await office.prepare(WEDNESDAY, THURSDAY)
    await nobody_has_come_yet(environment, watermark_of(planned))
    await the_clerk_comes(environment)
    await a_phone_sends_again(environment)
    await a_colleague_takes_over(environment)
    await the_night_shift(environment)
    await refusals_are_facts(environment)


async def nobody_has_come_yet(environment: StoryEnvironment, planned: dict[str, int]) -> None:
    environment.set_clock(at("08:05"))
    # Rosters have another topic than the arrangement of the counter: a worker that just started may read them first.
    counter = await read_until(
        lambda: post_coverage(environment, THURSDAY, planned), lambda counter: bool(counter.required)
    )
    assert (counter.required, counter.known) == (((480, 1), (900, 0)), ())
    assert counter.planned[0] == (450, 2)


async def the_clerk_comes(environment: StoryEnvironment) -> None:
    environment.set_clock(at("08:16"))
    answer = await environment.office.tap("Dewi", client_id=TAP_ID)
    assert answer.status_code == 201
    assert (await post_coverage(environment, THURSDAY, watermark_of(answer.headers["piket-position"]))).known[0] == (
        496,
        1,
    )


async def a_phone_sends_again(environment: StoryEnvironment) -> None:
    environment.set_clock(at("08:40"))
    repeated = await environment.office.tap("Dewi", client_id=TAP_ID)
    assert (repeated.status_code, repeated.headers["idempotency-replayed"]) == (201, "true")
    assert (await post_coverage(environment, THURSDAY, {})).known[0] == (496, 1)


async def a_colleague_takes_over(environment: StoryEnvironment) -> None:
    environment.set_clock(at("09:00"))
    check_out = await environment.office.tap("Dewi", "check-outs")
    environment.set_clock(at("09:20"))
    takeover = await environment.office.tap("Asep", "post-takings", unit="FRONT", post="LOKET-1")
    watermark = watermark_of(takeover.headers["piket-position"])
    counter = await post_coverage(environment, THURSDAY, watermark)
    assert (check_out.status_code, takeover.status_code, counter.known[:3]) == (
        201,
        201,
        ((496, 1), (540, 0), (560, 1)),
    )


async def the_night_shift(environment: StoryEnvironment) -> None:
    environment.set_clock(at("21:50"))
    check_in = await environment.office.tap("Ujang", occurred_at=at("21:50").isoformat())
    watermark = watermark_of(check_in.headers["piket-position"])
    tonight = await post_coverage(environment, THURSDAY, watermark, "POSKO", "JAGA-MALAM")
    tomorrow = await post_coverage(environment, FRIDAY, watermark, "POSKO", "JAGA-MALAM")
    assert (tonight.known, tomorrow.known) == (((1320, 1),), ((0, 1), (360, 0)))


async def refusals_are_facts(environment: StoryEnvironment) -> None:
    before = await environment.row(THURSDAY, {})
    refused = await environment.office.tap("Rina", occurred_at=at("23:30").isoformat())
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:piket:problem:refused")
    after = await environment.row(THURSDAY, watermark_of(refused.headers["piket-position"]))
    assert (after.revision, after.units) == (before.revision + 1, before.units)


TAP_ID = "c2d95a4e-0b1f-4f2e-9a55-4d1f6d7e8f90"


async def post_coverage(
    environment: StoryEnvironment, day: date, watermark: dict[str, int], unit: str = "FRONT", code: str = "LOKET-1"
) -> PostCoverage:
    return (await environment.row(day, watermark)).units[unit].posts[code]


def watermark_of(header: str) -> dict[str, int]:
    """Return the watermark of a position header such as `attendance/32/7`."""
    service, region, number = header.split("/")
    return {f"/piket/{region}/{service}": int(number)}


def has_reached(row: Coverage | None, watermark: dict[str, int]) -> bool:
    return row is not None and all(row.watermark.get(source, 0) >= number for source, number in watermark.items())


OPD_KEY = f"{REGION}/{OPD}"
SERVICES: Sequence[str] = ("policy", "roster", "attendance")
