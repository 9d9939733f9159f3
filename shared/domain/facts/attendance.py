"""What attendance tells: taps, accepted or refused. No coordinate, no lateness, no work date: those are derived."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.domain.facts.base import Code, Day, Fact, Function, Value


class Place(Value):
    """Where a tap was made, as a class: SITE, OTHER_SITE, HOME, PUBLIC, UNKNOWN (open)."""

    class_: str = Field(alias="class")
    site: Code | None = None


class Evidence(Value):
    """What supports the place: GEOFENCE, SITE_CODE, SUPERVISOR, DEVICE, CLAIM (open); distances as classes."""

    kind: str
    accuracy_m: int | None = Field(None, ge=0)
    distance_class: str | None = None


class Tap(Fact):
    """One press of the button by one employee. `tap_date` is the region's local date of `occurred_at`."""

    opd: Code
    employee: UUID
    unit: Code | None = None
    tap_date: Day
    mode: str
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    post: Code | None = None
    place: Place
    evidence: Evidence
    strength: str
    offline: bool
    client_id: str

    def happened(self, now: datetime) -> datetime:
        """When the button was pressed, whatever the hour of its recording."""
        del now
        return self.occurred_at


class CheckedIn(Tap):
    """An employee is present from this moment."""

    TYPE: ClassVar[str] = "id.piket.attendance.checked-in.v1"


class CheckedOut(Tap):
    """An employee has left."""

    TYPE: ClassVar[str] = "id.piket.attendance.checked-out.v1"


class PostTaken(Tap):
    """An employee fills a post from this moment, whoever was assigned to it."""

    TYPE: ClassVar[str] = "id.piket.attendance.post-taken.v1"

    post: Code


class CheckInRefused(Tap):
    """A tap was refused for a reason that the request itself proves; it may be appealed."""

    TYPE: ClassVar[str] = "id.piket.attendance.check-in-refused.v1"
    REFUSAL: ClassVar[bool] = True

    attempted: str
    reason: str
    appeal_until: AwareDatetime


class OutageApplied(Fact):
    """Taps of one channel could not be handed in between two instants; what came late is not the people's doing."""

    TYPE: ClassVar[str] = "id.piket.attendance.outage-applied.v1"

    opd: Code
    outage: Code
    channel: str
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    grace_until: AwareDatetime
    by: Function


FACTS: tuple[type[Fact], ...] = (CheckedIn, CheckedOut, PostTaken, CheckInRefused, OutageApplied)
