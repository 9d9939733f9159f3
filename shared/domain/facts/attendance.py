"""Defines what attendance publishes: accepted and refused taps, and outages.

A fact holds no coordinates, which stay on the phone, and no lateness or work date: these depend on rosters and rules.
Nothing derives lateness yet; `services/reporting` derives the shift that a tap belongs to.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.domain.facts.base import Code, Day, Fact, OfficeTitle, Value


class PlaceClass(Value):
    """Where a tap was made, as a class instead of coordinates: SITE, OTHER_SITE, HOME, PUBLIC, UNKNOWN (open)."""

    class_: str = Field(alias="class")
    site: Code | None = None


class Evidence(Value):
    """What supports the place: GEOFENCE, SITE_CODE, SUPERVISOR, DEVICE, CLAIM (open). Distance is given as a class."""

    kind: str
    accuracy_m: int | None = Field(None, ge=0)
    distance_class: str | None = None


class Tap(Fact):
    """One press of the button by one employee. `tap_date` is the local date of `occurred_at` in the region."""

    opd: Code
    employee: UUID
    unit: Code | None = None
    tap_date: Day
    mode: str
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    post: Code | None = None
    place: PlaceClass
    evidence: Evidence
    strength: str
    offline: bool
    client_id: str

    def happened_at(self, now: datetime) -> datetime:
        """Return when the button was pressed; an offline tap is recorded later."""
        del now
        return self.occurred_at


class CheckedIn(Tap):
    """An employee is present from this moment."""

    TYPE: ClassVar[str] = "id.piket.attendance.checked-in.v1"


class CheckedOut(Tap):
    """An employee has left."""

    TYPE: ClassVar[str] = "id.piket.attendance.checked-out.v1"


class PostTaken(Tap):
    """An employee fills a post from this moment, also if someone else was assigned to it."""

    TYPE: ClassVar[str] = "id.piket.attendance.post-taken.v1"

    post: Code


class CheckInRefused(Tap):
    """A tap was refused for a reason that the request itself proves. It can be appealed until `appeal_until`."""

    TYPE: ClassVar[str] = "id.piket.attendance.check-in-refused.v1"
    REFUSAL: ClassVar[bool] = True

    attempted: str
    reason: str
    appeal_until: AwareDatetime


class OutageApplied(Fact):
    """One channel accepted no taps between two instants, so employees are not responsible for late taps."""

    TYPE: ClassVar[str] = "id.piket.attendance.outage-applied.v1"

    opd: Code
    outage: Code
    channel: str
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    grace_until: AwareDatetime
    by: OfficeTitle


FACTS: tuple[type[Fact], ...] = (CheckedIn, CheckedOut, PostTaken, CheckInRefused, OutageApplied)
