"""Defines the rules that an instrument can set: the vocabulary of the rule language.

Readers accept unknown codes; `services/policy/domain/validation` accepts only known ones when policy takes a command.
"""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.domain.facts.base import Day, Value

TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A local time of day, for example `07:30`."""

VocabularyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]{1,39}$")]
"""A code of the vocabulary, for example a position, a job type or a condition; never free text."""

CodeOrAll = Annotated[str, StringConstraints(pattern=r"^([A-Z0-9][A-Z0-9_-]{0,39}|\*)$")]
"""A code, or `*` for all."""

UnitSelectors = tuple[CodeOrAll, ...]
"""Codes of OPD and units, or codes of their types (`KECAMATAN`, `RSUD`)."""

DEFAULT_OFFLINE_HOURS = 72
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
FIVE_DAY_WEEK = ("MON", "TUE", "WED", "THU", "FRI")
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
OMIT_IF_EMPTY = Field(exclude_if=lambda values: not values)
"""Leaves an empty list out of the JSON, as a number that is not set is left out."""


class Pattern(Value):
    """The days with a flexible location. Exactly one field is set.

    `weekdays` (MON..SUN); `dates`; `groups`: that many groups take turns; `any_day`. Heads of units choose the members
    of groups. Groups can differ in size; only `max_share` holds on every day.
    """

    weekdays: tuple[str, ...] = ()
    dates: tuple[Day, ...] = ()
    groups: int | None = None
    any_day: bool = False


class Approval(Value):
    """An exception to the pattern that takes effect when it is approved.

    Kinds (open): OPD_DAYS, weekdays for an OPD that applied; APPLICATION, by one person; ORDER, to one person.
    In resolved rules `instrument` is the one that allows it.
    """

    kind: str
    approver: VocabularyCode
    weekdays: tuple[str, ...] = ()
    requires: tuple[VocabularyCode, ...] = ()
    counts_against_weekly_cap: bool = True
    instrument: str | None = None


class Discretion(Value):
    """Units whose heads decide, and what they decide (open): WHETHER, WHO, SHARE, DAY, JOB_TYPES."""

    units: UnitSelectors
    may_decide: tuple[VocabularyCode, ...]


class AllowedPlace(Value):
    """A place of work outside the office (open): HOME, OTHER_OFFICE, OTHER_PLACE, PUBLIC_PLACE."""

    place: VocabularyCode
    conditions: tuple[VocabularyCode, ...] = ()


class OfficeBreak(Value):
    """The break on some weekdays: its length in minutes, and its start if that is fixed."""

    weekdays: tuple[str, ...]
    minutes: int = Field(ge=0, le=240)
    begins: TimeOfDay | None = None


class WorkPattern(Value):
    """Units with other work days than the office: a six-day week, Saturday counters, shifts."""

    units: UnitSelectors
    work_days: tuple[str, ...]
    shifts: bool = False


class WorkingHours(Value):
    """Office hours. `week` is hours without breaks; either `week` or `day_end` can be derived from the other."""

    week: float | None = Field(None, gt=0, le=60)
    day_start: TimeOfDay
    day_end: TimeOfDay | None = None
    breaks: tuple[OfficeBreak, ...] = ()
    work_days: tuple[str, ...] = FIVE_DAY_WEEK


class Presence(Value):
    """How presence is proved, how fast a call must be answered, and how late an offline tap may be submitted."""

    checks: int | None = Field(None, ge=1, le=24)
    place: VocabularyCode | None = None
    grace_minutes: int | None = Field(None, ge=0, le=240)
    no_show_minutes: int | None = Field(None, ge=0, le=1440)
    reply_within_s: int | None = Field(None, ge=1, le=86_400)
    max_calls: int | None = Field(None, ge=1, le=20)
    reprimand_after_calls: int | None = Field(None, ge=1, le=20)
    review_days: int | None = Field(None, ge=0, le=60)
    accept_claimed: bool | None = None
    offline_limit_hours: int | None = Field(None, ge=0, le=8784)  # 366 days

    @property
    def accepts_claims(self) -> bool:
        """Return whether a tap without proof of place counts: yes, unless an instrument says no."""
        return self.accept_claimed is not False

    @property
    def offline_hours(self) -> int:
        """Return how many hours late an offline tap may be submitted: 72 unless an instrument says otherwise."""
        return DEFAULT_OFFLINE_HOURS if self.offline_limit_hours is None else self.offline_limit_hours


class SiteStart(Value):
    """The start date of a site (`*`: all other sites), and extra flexible dates of that site."""

    site: CodeOrAll
    from_: Day = Field(alias="from")
    dates: tuple[Day, ...] = ()


class Evaluation(Value):
    """When an instrument is evaluated, and by which measures."""

    from_: Day | None = Field(None, alias="from")
    to: Day | None = None
    decides: int | None = Field(None, ge=2000, le=2199)
    review_after_days: int | None = Field(None, ge=1, le=3660)
    measures: tuple[VocabularyCode, ...] = ()
    reports: str | None = None


class Rules(Value):
    """All rules that instruments can set; a rule that no instrument sets is None or empty.

    Shares are fractions (0 to 1) of the people present on a day, counted over the whole OPD, or over each unit if
    `share_of` (open: OPD, UNIT) is UNIT.
    """

    pattern: Pattern | None = None
    max_share: Share | None = None
    min_on_site_share: Share | None = None
    max_on_site_share: Share | None = None
    share_of: str | None = None
    weekly_cap_days: int | None = Field(None, ge=0, le=7)
    weekly_cap_exempt: Annotated[tuple[VocabularyCode, ...], OMIT_IF_EMPTY] = ()
    approvals: Annotated[tuple[Approval, ...], OMIT_IF_EMPTY] = ()
    covers: Annotated[tuple[VocabularyCode, ...], OMIT_IF_EMPTY] = ()
    eligible_job_types: Annotated[tuple[VocabularyCode, ...], OMIT_IF_EMPTY] = ()
    excluded_units: Annotated[UnitSelectors, OMIT_IF_EMPTY] = ()
    excluded_classes: Annotated[tuple[str, ...], OMIT_IF_EMPTY] = ()
    forced_on_site_positions: Annotated[tuple[VocabularyCode, ...], OMIT_IF_EMPTY] = ()
    unit_head_decides: Annotated[tuple[Discretion, ...], OMIT_IF_EMPTY] = ()
    person_rules: Annotated[tuple[VocabularyCode, ...], OMIT_IF_EMPTY] = ()
    new_in_post_days: int | None = Field(None, ge=0, le=3660)
    requires: Annotated[tuple[VocabularyCode, ...], OMIT_IF_EMPTY] = ()
    places: Annotated[tuple[AllowedPlace, ...], OMIT_IF_EMPTY] = ()
    hours: WorkingHours | None = None
    work_patterns: Annotated[tuple[WorkPattern, ...], OMIT_IF_EMPTY] = ()
    presence: Presence | None = None
    publish_notice_days: int | None = Field(None, ge=0, le=60)
    sites: Annotated[tuple[SiteStart, ...], OMIT_IF_EMPTY] = ()
    evaluation: Evaluation | None = None
