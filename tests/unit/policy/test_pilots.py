"""A circular that begins at one office before all others: until then it binds only at that office."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from services.policy.domain import decider
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.read_models.conflict_report import conflicts_from
from services.policy.domain.resolution.diff import diff_timelines
from services.policy.domain.snapshot import PolicyQuery, PolicySnapshot
from services.policy.pages import opd_page
from services.reporting.domain.fact_store.current import CurrentFacts
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.instruments import Instrument
from shared.domain.facts.policy import PolicyChanged, Site
from shared.domain.work_location import StaffProfile
from tests.support.depok_circulars import DAY, OPENED, REGION, Step, enact, error_of, se, streams_after, suspend
from tests.support.example_facts import ANI, SITE, arrangement, placement
from tests.support.given_when_then import fold
from tests.support.messages import indonesian

OLD_CIRCULAR = se("depok-2025-lama", date(2025, 11, 3), decided_on=date(2025, 11, 1), published_on=date(2025, 11, 1),
          rules={"pattern": {"weekdays": ["TUE"]}, "weekly_cap_days": 3,
                 "hours": {"day_start": "07:30", "day_end": "16:00"}})  # fmt: skip
NOVEMBER, PILOT_START, GENERAL_START = date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 5)
TUESDAY, MONDAY = date(2025, 12, 9), date(2025, 12, 8)
DATES = {"decided_on": NOVEMBER, "published_on": NOVEMBER}
NEW_RULES: Mapping[str, Any] = {
    "pattern": {"weekdays": ["MON"]}, "weekly_cap_days": 1, "hours": {"day_start": "09:00", "day_end": "17:30"},
    "forced_on_site_positions": ["CAMAT"], "excluded_classes": ["MIXED"], "max_share": 0.5,
    "sites": [{"site": "BALAI-KOTA", "from": "2025-12-01"}],
}  # fmt: skip


def new_circular(name: str = "depok-2025-baru", first: date | None = GENERAL_START, **more: Any) -> Instrument:
    rules = {**NEW_RULES, **more.pop("rules", {})}
    return se(name, first, rules=rules, **(DATES | more))


NEW_CIRCULAR = new_circular()
ENACT_OLD = enact(OLD_CIRCULAR, NOVEMBER)


def snapshot_after(*steps: Step) -> PolicySnapshot:
    state: decider.State = fold(decider, streams_after(*steps)[f"instruments/{REGION}"])
    return PolicySnapshot(REGION, decider.instruments_state(state).instruments, ())


def answer_on(day: date, site: str | None, *steps: Step, **who: Any) -> Answer:
    return answer(snapshot_after(*steps), PolicyQuery("BKPSDM", day, StaffProfile(site=site, **who)))


BOTH = (ENACT_OLD, enact(NEW_CIRCULAR, NOVEMBER))


@pytest.mark.parametrize("site", ["KECAMATAN-BEJI", None])
@pytest.mark.parametrize("day", [MONDAY, TUESDAY])
def test_until_it_begins_everywhere_another_office_is_answered_as_if_it_were_not_there(
    day: date, site: str | None
) -> None:
    with_it, without = (answer_on(day, site, *steps, class_="MIXED", position="CAMAT") for steps in (BOTH, BOTH[:1]))
    assert with_it == without


@pytest.mark.parametrize(("day", "where"), [(MONDAY, "MAX_SHARE"), (TUESDAY, "WFO")])
def test_at_the_pilot_it_gives_all_its_rules(day: date, where: str) -> None:
    result = answer_on(day, "BALAI-KOTA", *BOTH)
    assert (result.answer, result.hours and result.hours.start, result.won_by["weekly_cap_days"]) == (
        where, "09:00", NEW_CIRCULAR.instrument,
    )  # fmt: skip


@pytest.mark.parametrize("site", ["BALAI-KOTA", "KECAMATAN-BEJI"])
def test_from_its_own_date_it_binds_everywhere(site: str) -> None:
    assert answer_on(GENERAL_START, site, *BOTH).won_by["hours"] == NEW_CIRCULAR.instrument


def test_before_the_pilot_it_binds_nowhere() -> None:
    assert NEW_CIRCULAR.instrument not in answer_on(PILOT_START - DAY, "BALAI-KOTA", *BOTH).won_by.values()


def test_where_nothing_else_gives_a_pattern_all_others_are_answered_when_they_begin() -> None:
    result = answer_on(MONDAY, "KECAMATAN-BEJI", BOTH[1])
    assert (result.answer, result.hours, "lainnya 5 Januari 2026" in indonesian(result.because)) == ("WFO", None, True)


def test_all_others_may_be_named_with_the_common_date() -> None:
    named = new_circular(rules={"sites": [*NEW_RULES["sites"], {"site": "*", "from": str(GENERAL_START)}]})
    assert answer_on(MONDAY, "BALAI-KOTA", enact(named, NOVEMBER)) == answer_on(MONDAY, "BALAI-KOTA", BOTH[1])


def test_two_pilots_begin_one_after_the_other() -> None:
    sites = [*NEW_RULES["sites"], {"site": "SETDA-2", "from": "2025-12-15"}]
    steps = ENACT_OLD, enact(new_circular(rules={"sites": sites}), NOVEMBER)
    result = [answer_on(day, "SETDA-2", *steps).won_by["pattern"] for day in (date(2025, 12, 14), date(2025, 12, 15))]
    assert result == [OLD_CIRCULAR.instrument, NEW_CIRCULAR.instrument]


def test_a_pilot_by_dates_is_free_on_its_own_dates_only() -> None:
    sites = [
        {"site": "BALAI-KOTA", "from": "2025-12-01", "dates": ["2025-12-03"]},
        {"site": "SETDA-2", "from": "2025-12-01", "dates": ["2025-12-04"]},
    ]
    dated = new_circular(rules={"pattern": {"dates": ["2026-01-07"]}, "sites": sites})
    days = date(2025, 12, 3), date(2025, 12, 4)
    result = [answer_on(day, "BALAI-KOTA", ENACT_OLD, enact(dated, NOVEMBER)).won_by["pattern"] for day in days]
    assert result == [dated.instrument, OLD_CIRCULAR.instrument]


def test_what_a_pilot_supersedes_ends_there_at_once_and_elsewhere_on_the_common_date() -> None:
    successor = new_circular(supersedes=["depok-2025-lama"], rules={"weekly_cap_days": 4})
    steps = ENACT_OLD, enact(successor, NOVEMBER)
    caps = [answer_on(MONDAY, site, *steps).won_by["weekly_cap_days"] for site in ("BALAI-KOTA", "KECAMATAN-BEJI")]
    assert (caps, supersession_dates(snapshot_after(*steps).instruments)) == (
        [successor.instrument, OLD_CIRCULAR.instrument], {OLD_CIRCULAR.instrument: GENERAL_START},
    )  # fmt: skip


def test_a_pilot_that_is_suspended_before_the_common_date_supersedes_nothing() -> None:
    steps = (
        ENACT_OLD,
        enact(new_circular(supersedes=["depok-2025-lama"]), NOVEMBER),
        suspend(MONDAY, NEW_CIRCULAR.instrument),
    )
    assert supersession_dates(snapshot_after(*steps).instruments) == {}


@pytest.mark.parametrize(
    ("recorded", "first"), [(NOVEMBER, NOVEMBER), (MONDAY, MONDAY), (GENERAL_START, GENERAL_START)]
)
def test_no_pilot_begins_before_it_was_on_record(recorded: date, first: date) -> None:
    sites = [{"site": "BALAI-KOTA", "from": "2020-01-01"}]
    early = snapshot_after(ENACT_OLD, enact(new_circular(rules={"sites": sites}), recorded))
    periods = early.timeline_of("BKPSDM").periods
    pilot_starts = [
        p.from_
        for p in periods
        if NEW_CIRCULAR.instrument in {w.instrument for w in p.at_site("BALAI-KOTA").won_by.values()}
    ]
    assert pilot_starts[0] == first


def test_an_attested_pilot_begins_with_its_publication_and_not_before() -> None:
    sites = [{"site": "BALAI-KOTA", "from": "2020-01-01"}]
    late = enact(new_circular(rules={"sites": sites}), MONDAY, "SEKRETARIS_DAERAH")
    assert snapshot_after(late).instruments[NEW_CIRCULAR.instrument].first == NOVEMBER


def test_a_conflict_at_the_pilot_is_reported() -> None:
    strict = se("depok-2025-pusat", NOVEMBER, layer="NATIONAL", government=None, rules={"weekly_cap_days": 1}, **DATES)
    loose = new_circular(rules={"weekly_cap_days": 2})
    result = conflicts_from(snapshot_after(enact(strict, NOVEMBER), enact(loose, NOVEMBER)), PILOT_START)
    assert result[0].first == PILOT_START


def test_shares_that_cannot_both_hold_at_the_pilot_are_refused() -> None:
    home = se("depok-2025-banjir", NOVEMBER, effective_to=MONDAY, rules={"max_on_site_share": 0.25}, **DATES)
    assert "2025-12-01: depok-2025-baru / depok-2025-banjir" in error_of(
        enact(home, NOVEMBER), enact(new_circular(rules={"min_on_site_share": 0.5}), NOVEMBER)
    )


def test_a_dry_run_lists_the_rules_that_the_pilot_would_have() -> None:
    was, now = (snapshot_after(*steps).timeline_of("BKPSDM") for steps in (BOTH[:1], BOTH))
    first = diff_timelines("BKPSDM", was, now)[0]
    assert (first.from_, first.to, list(first.rules), first.rules["pilots"][1]["BALAI-KOTA"]["weekly_cap_days"]) == (
        PILOT_START, GENERAL_START - DAY, ["pilots"], 1,
    )  # fmt: skip


def last_policy() -> PolicyChanged:
    (*_, last) = streams_after(*BOTH)[f"policy/{REGION}/BKPSDM"]
    assert isinstance(last, PolicyChanged)
    return last


def test_the_page_says_what_holds_at_the_pilot() -> None:
    context = opd_page.template_context(OPENED["BKPSDM"], last_policy(), {}, MONDAY)
    lines = [indonesian(text) for text in context["rule_texts"](context["current"])]
    assert [line for line in lines if line.startswith("BALAI-KOTA: Hari WFH: Senin")] != []
    assert [line for line in lines if "Mulai: BALAI-KOTA 1 Desember 2025" in line] != []


def unit_day(site: str) -> UnitDay:
    location = Site.model_validate({**SITE.model_dump(), "site": site})
    office = arrangement(unit="TU", opd="BKPSDM", **{"class": "NON_SERVICE", "site": location})
    return UnitDay(MONDAY, office, last_policy(), [placement(ANI, unit="TU")], {})


def test_a_roster_of_a_unit_at_the_pilot_follows_it_and_no_other() -> None:
    assert [unit_day(site).is_flexible for site in ("BALAI-KOTA", "KECAMATAN-BEJI")] == [True, False]


def test_a_presence_at_the_pilot_is_judged_by_its_rules() -> None:
    holds = CurrentFacts(policy=last_policy())
    assert [holds.rules(MONDAY, site).weekly_cap_days for site in ("BALAI-KOTA", None)] == [1, 3]
