"""Builds example facts of one office: DPMPTSP of West Java on Thursday 6 November 2025."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from shared.domain.envelope import FIRST_CHAIN, Event, seal, source
from shared.domain.facts.attendance import CheckedIn, CheckedOut, CheckInRefused, Evidence, PlaceClass, PostTaken, Tap
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import ArrangementChanged, Change, Holiday, Period, PolicyChanged, Post, Site
from shared.domain.facts.roster import Assignment, Break, EmployeePlaced, Plan, PolicySeen, Reason, RosterAssigned
from shared.domain.facts.rules import Rules
from shared.domain.regions import local_date, region_timezone

THURSDAY = date(2025, 11, 6)
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI")
EVERY_DAY = (*WEEKDAYS, "SAT", "SUN")
SITE = Site(site="DPMPTSP-1", lat=-6.9218, lng=107.6072, radius_m=100, timezone="Asia/Jakarta")


def person(name: str) -> UUID:
    """Return the random id of a synthetic person."""
    return uuid5(NAMESPACE_URL, f"urn:example:{name}")


ANI, BUDI, CITRA, DEDI = map(person, ("Ani", "Budi", "Citra", "Dedi"))


def at(hours: str, day: date = THURSDAY, region: str = "32") -> datetime:
    """Return the instant of a local time such as `08:16` or `08:16:30`, by default in Bandung."""
    return datetime.combine(day, time.fromisoformat(hours), region_timezone(region)).astimezone(UTC)


class Ledger:
    """Records facts as their services would: one contiguous, chained sequence for each source."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._head: dict[str, tuple[int, str, datetime]] = {}

    def record(self, fact: Fact, when: datetime, event_id: UUID | None = None) -> Event:
        service = type(fact).TYPE.split(".")[2]
        origin = source(fact.region, service)
        number, chain, last = self._head.get(origin, (0, FIRST_CHAIN, when))
        recorded = max(last, when)
        event, _ = seal(
            Event(
                id=event_id or uuid5(NAMESPACE_URL, f"{origin}/{number + 1}"),
                source=origin,
                type=type(fact).TYPE,
                subject=f"{service}/{fact.partition_key}",
                time=fact.happened_at(recorded),
                recordedtime=recorded,
                sequence=number + 1,
                streamversion=number + 1,
                partitionkey=fact.partition_key,
                data=fact,
            ),
            chain,
        )
        self._head[origin] = (number + 1, event.chain, recorded)
        self.events.append(event)
        return event


def post(code: str = "LOKET-1", opens: int = 480, closes: int = 900, minimum: int = 1, **more: object) -> Post:
    fields: Mapping[str, object] = {"weekdays": WEEKDAYS, **more}
    return Post.model_validate(
        {"post": code, "opens_minute": opens, "closes_minute": closes, "minimum": minimum, **fields}
    )


def arrangement(*posts: Post, unit: str = "FRONT", opd: str = "DPMPTSP", **more: object) -> ArrangementChanged:
    fields: dict[str, object] = {
        "region": "32",
        "opd": opd,
        "unit": unit,
        "name": "Front Office Perizinan",
        "class": "DIRECT",
        "site": SITE,
        "posts": posts or (post(),),
        "valid_from": date(2025, 1, 1),
    }
    return ArrangementChanged.model_validate(fields | more)


def policy(*holidays: Holiday, rules: Rules | None = None) -> PolicyChanged:
    return PolicyChanged(
        region="32",
        opd="DPMPTSP",
        change=Change(
            kind="ENACTED",
            instrument="jabar-2025-se-150-stage-1",
            decided_on=date(2025, 10, 22),
            published_on=date(2025, 10, 22),
            effective_from=THURSDAY,
        ),
        revision=1,
        periods=(Period(from_=THURSDAY, to=date(2025, 11, 30), rules=rules or Rules()),),
        holidays=holidays,
    )


def placement(employee: UUID, *skills: str, unit: str = "FRONT") -> EmployeePlaced:
    return EmployeePlaced(
        region="32",
        opd="DPMPTSP",
        employee=employee,
        unit=unit,
        position_class="PELAKSANA",
        job_type="LOKET",
        status="PNS",
        skills=skills,
        from_=date(2025, 1, 1),
    )


def shift(
    employee: UUID,
    start: int = 450,
    end: int = 960,
    *,
    at_post: str | None = "LOKET-1",
    mode: str = "WFO",
    rest: tuple[int, int] | None = None,
) -> Assignment:
    return Assignment(
        employee=employee,
        mode=mode,
        post=at_post,
        from_minute=start,
        to_minute=end,
        breaks=(Break(from_minute=rest[0], to_minute=rest[1]),) if rest else (),
        reason=Reason(rule="post_minimum", code="SERVICE_STANDARD"),
    )


def roster(*shifts: Assignment, unit: str = "FRONT", day: date = THURSDAY, revision: int = 1) -> RosterAssigned:
    return RosterAssigned(
        region="32",
        opd="DPMPTSP",
        unit=unit,
        work_date=day,
        roster_revision=revision,
        status="PUBLISHED" if revision == 1 else "AMENDED",
        assignments=shifts,
        policy=PolicySeen(revision=1, sequence=1),
        plan=Plan(solver="weekday", version="1"),
        cause="PLANNED",
    )


TAPS: Mapping[str, type[Tap]] = {"in": CheckedIn, "out": CheckedOut, "take": PostTaken}


def tap(kind: str, employee: UUID, when: datetime, **more: object) -> Tap:
    fields: dict[str, object] = {
        "region": "32",
        "opd": "DPMPTSP",
        "employee": employee,
        "unit": "FRONT",
        "tap_date": local_date(when, "32"),
        "mode": "WFO",
        "occurred_at": when,
        "received_at": when,
        "place": PlaceClass(class_="SITE", site="DPMPTSP-1"),
        "evidence": Evidence(kind="GEOFENCE", accuracy_m=12, distance_class="INSIDE"),
        "strength": "CONFIRMED",
        "offline": False,
        "client_id": str(uuid5(NAMESPACE_URL, f"{kind}/{employee}/{when}")),
    }
    return TAPS[kind].model_validate(fields | more)


def refused_check_in(employee: UUID, when: datetime) -> CheckInRefused:
    fields = tap("in", employee, when).model_dump()
    more = {"attempted": "checked-in", "reason": "IMPOSSIBLE_TIME", "appeal_until": when + timedelta(days=3)}
    return CheckInRefused.model_validate(fields | more)
