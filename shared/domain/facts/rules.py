"""The words of the rule language: what an instrument may set.

Read open; `services/policy/domain/validation/rule_errors.py` closes it.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.domain.facts.base import Day, Value

Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A local time of day, `07:30`."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]{1,39}$")]
"""A position, a job type, a condition: a word of the language, never a text."""

OneOrAll = Annotated[str, StringConstraints(pattern=r"^([A-Z0-9][A-Z0-9_-]{0,39}|\*)$")]
"""A code, or `*` for every one."""

Kinds = tuple[OneOrAll, ...]
"""Codes of OPD and units, or the kinds they are of (`KECAMATAN`, `RSUD`)."""

OFFLINE_HOURS = 72
FIVE_DAYS = ("MON", "TUE", "WED", "THU", "FRI")
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
SET = Field(exclude_if=lambda listed: not listed)
"""A list that no instrument sets is as absent as a number."""


class Pattern(Value):
    """When the location is flexible: on weekdays (MON..SUN), on dates, for one of so many groups in turn, on any day.

    Exactly one of them. Heads choose who is in which group; a grouping promises no equal parts, only that `max_share`
    holds on each day.
    """

    weekdays: tuple[str, ...] = ()
    dates: tuple[Day, ...] = ()
    groups: int | None = None
    any_day: bool = False


class Approval(Value):
    """What adds to the pattern once somebody approves it.

    Kinds (open): OPD_DAYS, weekdays for an OPD that applied; APPLICATION, of one person; ORDER, to one person.
    Resolved, it names the `instrument` that offers it.
    """

    kind: str
    approver: Name
    weekdays: tuple[str, ...] = ()
    requires: tuple[Name, ...] = ()
    counts_against_weekly_cap: bool = True
    instrument: str | None = None


class Discretion(Value):
    """Whose heads decide for themselves, and what (open): WHETHER, WHO, SHARE, DAY, JOB_TYPES."""

    units: Kinds
    may_decide: tuple[Name, ...]


class Place(Value):
    """Where one may work away from the own office (open): HOME, OTHER_OFFICE, OTHER_PLACE, PUBLIC_PLACE."""

    place: Name
    conditions: tuple[Name, ...] = ()


class Rest(Value):
    """The break of some weekdays: its length in minutes, and when, if that is fixed."""

    weekdays: tuple[str, ...]
    minutes: int = Field(ge=0, le=240)
    begins: Clock | None = None


class WorkPattern(Value):
    """Units that keep other days than the office: six days, Saturday counters, shifts."""

    units: Kinds
    work_days: tuple[str, ...]
    shifts: bool = False


class Hours(Value):
    """Hours of the office. `week` is without breaks; of `week` and `day_end` one follows from the other."""

    week: float | None = Field(None, gt=0, le=60)
    day_start: Clock
    day_end: Clock | None = None
    breaks: tuple[Rest, ...] = ()
    work_days: tuple[str, ...] = FIVE_DAYS


class Presence(Value):
    """How a presence is proved, how fast a call is answered, and how long an offline tap may be handed in."""

    checks: int | None = Field(None, ge=1, le=24)
    place: Name | None = None
    grace_minutes: int | None = Field(None, ge=0, le=240)
    no_show_minutes: int | None = Field(None, ge=0, le=1440)
    reply_within_s: int | None = Field(None, ge=1, le=86_400)
    max_calls: int | None = Field(None, ge=1, le=20)
    reprimand_after_calls: int | None = Field(None, ge=1, le=20)
    review_days: int | None = Field(None, ge=0, le=60)
    accept_claimed: bool | None = None
    offline_limit_hours: int | None = Field(None, ge=0, le=8784)

    @property
    def takes_claims(self) -> bool:
        """Whether a tap without proof of place counts: unless an instrument says no."""
        return self.accept_claimed is not False

    @property
    def offline_hours(self) -> int:
        """For how long an offline tap may be handed in: 72 hours unless an instrument says otherwise."""
        return OFFLINE_HOURS if self.offline_limit_hours is None else self.offline_limit_hours


class SiteStart(Value):
    """A site (`*`: every other) that begins on its own date, and dates of its own beside the pattern."""

    site: OneOrAll
    from_: Day = Field(alias="from")
    dates: tuple[Day, ...] = ()


class Evaluation(Value):
    """When and by what an instrument is judged."""

    from_: Day | None = Field(None, alias="from")
    to: Day | None = None
    decides: int | None = Field(None, ge=2000, le=2199)
    review_after_days: int | None = Field(None, ge=1, le=3660)
    measures: tuple[Name, ...] = ()
    reports: str | None = None


class Rules(Value):
    """What instruments set; a rule that none sets is absent.

    Shares are of those present on a day, over the whole OPD unless `share_of` (open: OPD, UNIT) says otherwise.
    """

    pattern: Pattern | None = None
    max_share: Share | None = None
    min_on_site_share: Share | None = None
    max_on_site_share: Share | None = None
    share_of: str | None = None
    weekly_cap_days: int | None = Field(None, ge=0, le=7)
    weekly_cap_exempt: Annotated[tuple[Name, ...], SET] = ()
    approvals: Annotated[tuple[Approval, ...], SET] = ()
    covers: Annotated[tuple[Name, ...], SET] = ()
    eligible_job_types: Annotated[tuple[Name, ...], SET] = ()
    excluded_units: Annotated[Kinds, SET] = ()
    excluded_classes: Annotated[tuple[str, ...], SET] = ()
    forced_on_site_positions: Annotated[tuple[Name, ...], SET] = ()
    unit_head_decides: Annotated[tuple[Discretion, ...], SET] = ()
    person_rules: Annotated[tuple[Name, ...], SET] = ()
    new_in_post_days: int | None = Field(None, ge=0, le=3660)
    requires: Annotated[tuple[Name, ...], SET] = ()
    places: Annotated[tuple[Place, ...], SET] = ()
    hours: Hours | None = None
    work_patterns: Annotated[tuple[WorkPattern, ...], SET] = ()
    presence: Presence | None = None
    publish_notice_days: int | None = Field(None, ge=0, le=60)
    sites: Annotated[tuple[SiteStart, ...], SET] = ()
    evaluation: Evaluation | None = None
