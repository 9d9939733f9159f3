"""Defines the commands of attendance, and the request bodies that become commands."""

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from shared.domain.facts.base import Code, Command, OfficeTitle, Region

EARLIEST_INSTANT, LATEST_INSTANT = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Instants outside this range are mistakes, and arithmetic on them could overflow."""

TapKind = Literal["checked-in", "checked-out", "post-taken"]


class TapPlace(Command):
    """The place as the phone classified it; coordinates stay on the phone."""

    class_: Literal["SITE", "OTHER_SITE", "HOME", "PUBLIC", "UNKNOWN"] = Field("UNKNOWN", alias="class")
    site: Code | None = None


class TapEvidence(Command):
    """The evidence for the place."""

    kind: Literal["GEOFENCE", "SITE_CODE", "SUPERVISOR", "DEVICE", "CLAIM"] = "CLAIM"
    accuracy_m: int | None = Field(None, ge=0, le=100_000)
    distance_class: Literal["INSIDE", "EDGE", "OUTSIDE"] | None = None


class TapRequest(Command):
    """One tap. Without `occurred_at` the server's clock counts, for a device that has no clock."""

    # One spelling only: the event id is computed from this text, and a repeated tap must have the same one.
    client_id: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
    occurred_at: AwareDatetime | None = Field(None, ge=EARLIEST_INSTANT, le=LATEST_INSTANT)
    employee: UUID | None = None
    mode: Literal["WFO", "WFH", "WFA"] = "WFO"
    unit: Code | None = None
    post: Code | None = None
    place: TapPlace = TapPlace()
    evidence: TapEvidence = TapEvidence()
    offline: bool = False


class RecordTap(Command):
    """Record a tap of the person of the token, with the times of both clocks: the device's and the server's."""

    kind: TapKind
    region: Region
    opd: Code
    employee: UUID
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    request: TapRequest


class OutageRequest(Command):
    """A channel took no taps in these OPD from `from` to `to`; they may be submitted late until `grace_until`."""

    outage: Code
    channel: Literal["APP", "KIOSK", "TERMINAL"] = "APP"
    from_: AwareDatetime = Field(alias="from", ge=EARLIEST_INSTANT, le=LATEST_INSTANT)
    to: AwareDatetime = Field(ge=EARLIEST_INSTANT, le=LATEST_INSTANT)
    grace_until: AwareDatetime = Field(ge=EARLIEST_INSTANT, le=LATEST_INSTANT)
    by: OfficeTitle
    opds: tuple[Code, ...] = Field(min_length=1, max_length=200)

    def to_command(self, region: str) -> "ApplyOutage":
        """Return the command that records this outage in a region."""
        return ApplyOutage(
            region=region,
            outage=self.outage,
            channel=self.channel,
            from_=self.from_,
            to=self.to,
            grace_until=self.grace_until,
            by=self.by,
            opds=self.opds,
        )


class ApplyOutage(OutageRequest):
    """Record an outage of a region, once for each OPD that it affected."""

    region: Region


AttendanceCommand = RecordTap | ApplyOutage
