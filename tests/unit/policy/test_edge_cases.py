"""Unusual combinations of instruments: approvals, lists and shares of several instruments."""

from collections.abc import Mapping
from datetime import date
from functools import reduce
from typing import Any

import pytest

from services.policy.domain import decider
from services.policy.domain.commands import EnactInstrument
from services.policy.domain.instruments.consistency import share_conflict_errors
from services.policy.domain.instruments.lifecycle import Instruments, apply_event
from services.policy.domain.opd_commands import ArrangeUnit
from services.policy.domain.resolution.binding import DayGrantPeriod
from services.policy.domain.resolution.conflicts import conflicts
from services.policy.domain.resolution.merge import merge_rules
from services.policy.domain.resolution.periods import merged_periods, resolve_periods
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import InstrumentEnacted
from shared.domain.facts.rules import Rules
from shared.domain.work_location import StaffProfile, WorkLocation, work_location
from tests.support.example_facts import arrangement, at, post
from tests.support.given_when_then import decide
from tests.support.messages import english
from tests.support.se_150 import OPENED, binding

THURSDAY, FRIDAY = date(2026, 1, 8), date(2026, 1, 9)
ALWAYS = (date(2025, 1, 1), date.max)
OFFER: Mapping[str, Any] = {"approvals": [{"kind": "OPD_DAYS", "approver": "BKD", "weekdays": ["FRI"]}]}
GRANT = DayGrantPeriod("se-188", "BKD", ("FRI",), *ALWAYS)


def resolved(*bindings: Any, granted: tuple[DayGrantPeriod, ...] = ()) -> Rules:
    return merge_rules(bindings, granted)[0]


def days(*bindings: Any) -> tuple[str, ...]:
    pattern = resolved(*bindings, granted=(GRANT,)).pattern
    return pattern.weekdays if pattern else ()


def test_a_granted_friday_adds_to_the_pattern_that_offers_it() -> None:
    assert days(binding("se-188", "PROVINCE", *ALWAYS, pattern={"weekdays": ["THU"]}, **OFFER)) == ("THU", "FRI")


def test_a_granted_friday_adds_to_a_pattern_of_the_opds_own_too() -> None:
    narrower = binding("bkd-1", "OPD", *ALWAYS, pattern={"weekdays": ["WED"]})
    assert days(binding("se-188", "PROVINCE", *ALWAYS, pattern={"weekdays": ["THU"]}, **OFFER), narrower) == (
        "WED",
        "FRI",
    )


def test_a_granted_friday_is_the_pattern_where_nothing_else_gives_one() -> None:
    assert days(binding("se-188", "PROVINCE", *ALWAYS, **OFFER)) == ("FRI",)


def test_a_friday_that_is_no_longer_offered_is_no_longer_granted() -> None:
    assert days(binding("se-188", "PROVINCE", *ALWAYS, pattern={"weekdays": ["THU"]})) == ("THU",)


def test_where_any_day_is_open_a_granted_friday_changes_nothing() -> None:
    rules = resolved(binding("se-188", "PROVINCE", *ALWAYS, pattern={"any_day": True}, **OFFER), granted=(GRANT,))
    assert rules.pattern
    assert rules.pattern.any_day


def test_a_site_has_its_own_date_beside_a_list_of_dates() -> None:
    rules: Mapping[str, Any] = {
        "pattern": {"dates": ["2026-01-08"]},
        "sites": [{"site": "A", "from": "2026-01-06", "dates": ["2026-01-06"]}],
    }
    periods = merged_periods([binding("se-1", "REGION", *ALWAYS, **rules)])
    assert [period.from_ for period in periods] == [date(2026, 1, 6), THURSDAY]


def test_units_with_days_of_their_own_are_joined_the_most_specific_first() -> None:
    national = binding("pusat", "NATIONAL", *ALWAYS, work_patterns=[{"units": ["SEKOLAH"], "work_days": ["SAT"]}])
    narrower = binding("kota", "REGION", *ALWAYS, work_patterns=[{"units": ["PASAR"], "work_days": ["SUN"]}])
    assert [item.units for item in resolved(national, narrower).work_patterns] == [("PASAR",), ("SEKOLAH",)]


@pytest.mark.parametrize(
    ("narrower", "effective"), [(["ANALIS", "ARSIPARIS"], ("ANALIS",)), (["PERENCANA"], ("ANALIS", "STATISTISI"))]
)
def test_a_city_may_narrow_the_job_types_of_the_nation_and_not_widen_them(
    narrower: list[str], effective: tuple[str, ...]
) -> None:
    national = binding("pusat", "NATIONAL", *ALWAYS, eligible_job_types=["ANALIS", "STATISTISI"])
    assert (
        resolved(national, binding("kota", "REGION", *ALWAYS, eligible_job_types=narrower)).eligible_job_types
        == effective
    )


def test_who_says_nothing_of_offline_taps_shortens_nobodys_limit() -> None:
    silent = binding("pusat", "NATIONAL", *ALWAYS, presence={"reply_within_s": 300})
    rules = resolved(silent, binding("kota", "REGION", *ALWAYS, presence={"offline_limit_hours": 168}))
    assert rules.presence
    assert rules.presence.offline_hours == 168


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"min_on_site_share": 1.0}, WorkLocation("WFO", "min_on_site_share")),
        ({"min_on_site_share": 0.4}, WorkLocation("MAX_SHARE", "min_on_site_share")),
        ({"max_share": 0.0}, WorkLocation("WFO", "max_share")),
        ({"weekly_cap_days": 0}, WorkLocation("WFO", "weekly_cap_days")),
        ({"max_share": 0.75, "min_on_site_share": 0.5}, WorkLocation("MAX_SHARE", "min_on_site_share")),
        ({}, WorkLocation("WFH", "pattern")),
    ],
)
def test_the_rule_that_bounds_a_day_at_home_is_named(rules: Mapping[str, Any], expected: WorkLocation) -> None:
    assert (
        work_location(Rules.model_validate({"pattern": {"weekdays": ["THU"]}, **rules}), THURSDAY, StaffProfile())
        == expected
    )


def test_an_approval_of_a_kind_that_a_later_version_adds_leaves_people_in_the_office() -> None:
    rules = Rules.model_validate({"approvals": [{"kind": "EXCHANGE", "approver": "BKD"}]})
    assert work_location(rules, THURSDAY, StaffProfile(), approved=True) == WorkLocation("WFO", "pattern")


@pytest.mark.parametrize(
    ("pattern", "conflicting"),
    [({"any_day": True}, True), ({"weekdays": ["MON", "WED", "FRI"]}, True), ({"weekdays": ["THU"]}, False)],
)
def test_more_days_at_home_than_the_cap_is_a_conflict_whatever_the_pattern(
    pattern: Mapping[str, Any], conflicting: object
) -> None:
    narrower = binding("kota", "REGION", *ALWAYS, pattern=pattern, max_share=0.75)
    detected = conflicts(resolve_periods([narrower, binding("pusat", "NATIONAL", *ALWAYS, weekly_cap_days=2)]))
    assert bool(detected) == conflicting


def test_of_two_patterns_of_one_day_neither_is_later() -> None:
    both = [
        binding(name, "REGION", *ALWAYS, pattern={"weekdays": [day]})
        for name, day in (("aa-1", "MON"), ("bb-1", "TUE"))
    ]
    (conflict,) = conflicts(resolve_periods(both))
    assert conflict.resolved_by == "SAME_DATE:bb-1"


def streams_with_share_conflict() -> dict[str, list[Fact]]:
    """Return two recorded instruments whose shares cannot both hold, and a third one that cuts their dates."""
    rules: list[dict[str, Any]] = [{"min_on_site_share": 0.5}, {"max_on_site_share": 0.25}, {"covers": ["PNS"]}]
    instruments = [binding(f"edaran-{n}", "PROVINCE", *ALWAYS, **values).instrument for n, values in enumerate(rules)]
    dates = (date(2025, 1, 1), date(2025, 1, 1), date(2025, 6, 1))
    return {
        "instruments/32": [
            InstrumentEnacted(region="32", instrument=i.model_copy(update={"effective_to": None}), binds_from=first)
            for i, first in zip(instruments, dates, strict=True)
        ]
    }


def test_a_shortage_that_is_on_record_blocks_no_other_circular() -> None:
    unrelated = binding("edaran-9", "PROVINCE", *ALWAYS, requires=["LAPORAN"]).instrument
    facts = decide(
        decider,
        streams_with_share_conflict(),
        EnactInstrument(region="32", instrument=unrelated),
        at("09:00", THURSDAY),
    )
    assert [type(fact) for fact in facts["instruments/32"]] == [InstrumentEnacted]


def test_a_shortage_is_named_once_however_often_its_dates_are_cut() -> None:
    nothing: Instruments = {}
    recorded = reduce(apply_event, streams_with_share_conflict()["instruments/32"], nothing)
    assert len(list(share_conflict_errors({}, recorded))) == 1


def test_a_shortage_of_one_opd_is_named_with_it() -> None:
    least = binding("edaran-1", "PROVINCE", *ALWAYS, min_on_site_share=0.5).instrument
    narrower = binding("bkd-1", "OPD", *ALWAYS, max_on_site_share=0.25).instrument.model_copy(update={"opds": ("BKD",)})
    facts = [InstrumentEnacted(region="32", instrument=i, binds_from=date(2025, 11, 6)) for i in (least, narrower)]
    nothing: Instruments = {}
    ((_, message),) = share_conflict_errors(nothing, reduce(apply_event, facts, nothing))
    assert "(BKD, 2025-11-06: edaran-1 / bkd-1)" in english(message)


def test_a_post_of_another_day_is_no_post_written_twice() -> None:
    posts = [post(weekdays=("MON",)), post("LOKET-2"), post(weekdays=("TUE",))]
    given = {"policy/32/DPMPTSP": [OPENED]}
    fields = {**arrangement().model_dump(by_alias=True), "posts": [item.model_dump() for item in posts]}
    command = ArrangeUnit.model_validate({k: v for k, v in fields.items() if k != "kinds"})
    assert len(decide(decider, given, command)) == 1
