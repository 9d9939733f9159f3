"""A circular that begins at one office before all others: until then it binds there and nowhere else."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from services.policy.domain import decider
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.instruments.lifecycle import superseded
from services.policy.domain.read_models.conflict_report import met
from services.policy.domain.resolution.diff import differing
from services.policy.domain.snapshot import Asked, PolicySnapshot
from services.policy.pages import routes
from services.reporting.domain.fact_store.current import InForce
from services.roster.domain.planning.unit_day import UnitDay
from shared.domain.facts.policy import Instrument, PolicyChanged, Site
from shared.domain.work_location import Who
from tests.support.example_facts import ANI, SITE, arrangement, placed
from tests.support.given_when_then import folded
from tests.unit.policy.test_lifecycle import DAY, OPENED, REGION, Step, after, enact, refused, se, suspend

LAMA = se("depok-2025-lama", date(2025, 11, 3), decided_on=date(2025, 11, 1), published_on=date(2025, 11, 1),
          rules={"pattern": {"weekdays": ["TUE"]}, "weekly_cap_days": 3,
                 "hours": {"day_start": "07:30", "day_end": "16:00"}})  # fmt: skip
NOVEMBER, PILOT, BEGINS = date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 5)
TUESDAY, MONDAY = date(2025, 12, 9), date(2025, 12, 8)
DATES = {"decided_on": NOVEMBER, "published_on": NOVEMBER}
NEW: Mapping[str, Any] = {
    "pattern": {"weekdays": ["MON"]}, "weekly_cap_days": 1, "hours": {"day_start": "09:00", "day_end": "17:30"},
    "forced_on_site_positions": ["CAMAT"], "excluded_classes": ["MIXED"], "max_share": 0.5,
    "sites": [{"site": "BALAI-KOTA", "from": "2025-12-01"}],
}  # fmt: skip


def new(name: str = "depok-2025-baru", first: date | None = BEGINS, **more: Any) -> Instrument:
    rules = {**NEW, **more.pop("rules", {})}
    return se(name, first, rules=rules, **(DATES | more))


BARU = new()
OLD = enact(LAMA, NOVEMBER)


def books(*steps: Step) -> PolicySnapshot:
    state: decider.State = folded(decider, after(*steps)[f"instruments/{REGION}"])
    return PolicySnapshot(REGION, state.courses, ())


def asked(day: date, site: str | None, *steps: Step, **who: Any) -> Answer:
    return answer(books(*steps), Asked("BKPSDM", day, Who(site=site, **who)))


BOTH = (OLD, enact(BARU, NOVEMBER))


@pytest.mark.parametrize("site", ["KECAMATAN-BEJI", None])
@pytest.mark.parametrize("day", [MONDAY, TUESDAY])
def test_until_it_begins_everywhere_another_office_is_answered_as_if_it_were_not_there(
    day: date, site: str | None
) -> None:
    with_it, without = (asked(day, site, *steps, class_="MIXED", position="CAMAT") for steps in (BOTH, BOTH[:1]))
    assert with_it == without


@pytest.mark.parametrize(("day", "where"), [(MONDAY, "MAX_SHARE"), (TUESDAY, "WFO")])
def test_at_the_pilot_it_gives_all_its_rules(day: date, where: str) -> None:
    found = asked(day, "BALAI-KOTA", *BOTH)
    assert (found.answer, found.hours and found.hours.start, found.won_by["weekly_cap_days"]) == (
        where, "09:00", BARU.instrument,
    )  # fmt: skip


@pytest.mark.parametrize("site", ["BALAI-KOTA", "KECAMATAN-BEJI"])
def test_from_its_own_date_it_binds_everywhere(site: str) -> None:
    assert asked(BEGINS, site, *BOTH).won_by["hours"] == BARU.instrument


def test_before_the_pilot_it_binds_nowhere() -> None:
    assert BARU.instrument not in asked(PILOT - DAY, "BALAI-KOTA", *BOTH).won_by.values()


def test_where_nothing_else_gives_a_pattern_all_others_are_told_when_they_begin() -> None:
    found = asked(MONDAY, "KECAMATAN-BEJI", BOTH[1])
    assert (found.answer, found.hours, "lainnya 5 Januari 2026" in found.because.id) == ("WFO", None, True)


def test_all_others_may_be_named_with_the_common_date() -> None:
    named = new(rules={"sites": [*NEW["sites"], {"site": "*", "from": str(BEGINS)}]})
    assert asked(MONDAY, "BALAI-KOTA", enact(named, NOVEMBER)) == asked(MONDAY, "BALAI-KOTA", BOTH[1])


def test_two_pilots_begin_one_after_the_other() -> None:
    sites = [*NEW["sites"], {"site": "SETDA-2", "from": "2025-12-15"}]
    steps = OLD, enact(new(rules={"sites": sites}), NOVEMBER)
    found = [asked(day, "SETDA-2", *steps).won_by["pattern"] for day in (date(2025, 12, 14), date(2025, 12, 15))]
    assert found == [LAMA.instrument, BARU.instrument]


def test_a_pilot_by_dates_is_free_on_its_own_dates_only() -> None:
    sites = [
        {"site": "BALAI-KOTA", "from": "2025-12-01", "dates": ["2025-12-03"]},
        {"site": "SETDA-2", "from": "2025-12-01", "dates": ["2025-12-04"]},
    ]
    dated = new(rules={"pattern": {"dates": ["2026-01-07"]}, "sites": sites})
    days = date(2025, 12, 3), date(2025, 12, 4)
    found = [asked(day, "BALAI-KOTA", OLD, enact(dated, NOVEMBER)).won_by["pattern"] for day in days]
    assert found == [dated.instrument, LAMA.instrument]


def test_what_a_pilot_supersedes_ends_there_at_once_and_elsewhere_on_the_common_date() -> None:
    successor = new(supersedes=["depok-2025-lama"], rules={"weekly_cap_days": 4})
    steps = OLD, enact(successor, NOVEMBER)
    caps = [asked(MONDAY, site, *steps).won_by["weekly_cap_days"] for site in ("BALAI-KOTA", "KECAMATAN-BEJI")]
    assert (caps, superseded(books(*steps).courses)) == (
        [successor.instrument, LAMA.instrument], {LAMA.instrument: BEGINS},
    )  # fmt: skip


def test_a_pilot_that_is_suspended_before_the_common_date_supersedes_nothing() -> None:
    steps = OLD, enact(new(supersedes=["depok-2025-lama"]), NOVEMBER), suspend(MONDAY, BARU.instrument)
    assert superseded(books(*steps).courses) == {}


@pytest.mark.parametrize(("recorded", "first"), [(NOVEMBER, NOVEMBER), (MONDAY, MONDAY), (BEGINS, BEGINS)])
def test_no_pilot_begins_before_it_was_on_record(recorded: date, first: date) -> None:
    sites = [{"site": "BALAI-KOTA", "from": "2020-01-01"}]
    early = books(OLD, enact(new(rules={"sites": sites}), recorded))
    told = early.told("BKPSDM").periods
    bound = [p.from_ for p in told if BARU.instrument in {w.instrument for w in p.at("BALAI-KOTA").won_by.values()}]
    assert bound[0] == first


def test_an_attested_pilot_begins_with_its_publication_and_not_before() -> None:
    sites = [{"site": "BALAI-KOTA", "from": "2020-01-01"}]
    late = enact(new(rules={"sites": sites}), MONDAY, "SEKRETARIS_DAERAH")
    assert books(late).courses[BARU.instrument].first == NOVEMBER


def test_a_conflict_at_the_pilot_is_told() -> None:
    strict = se("depok-2025-pusat", NOVEMBER, layer="NATIONAL", government=None, rules={"weekly_cap_days": 1}, **DATES)
    loose = new(rules={"weekly_cap_days": 2})
    found = met(books(enact(strict, NOVEMBER), enact(loose, NOVEMBER)), PILOT)
    assert found[0].first == PILOT


def test_shares_that_cannot_both_hold_at_the_pilot_are_refused() -> None:
    home = se("depok-2025-banjir", NOVEMBER, effective_to=MONDAY, rules={"max_on_site_share": 0.25}, **DATES)
    assert "2025-12-01: depok-2025-baru / depok-2025-banjir" in refused(
        enact(home, NOVEMBER), enact(new(rules={"min_on_site_share": 0.5}), NOVEMBER)
    )


def test_a_dry_run_tells_the_rules_that_the_pilot_would_have() -> None:
    was, now = (books(*steps).told("BKPSDM") for steps in (BOTH[:1], BOTH))
    first = differing("BKPSDM", was, now)[0]
    assert (first.from_, first.to, list(first.rules), first.rules["pilots"][1]["BALAI-KOTA"]["weekly_cap_days"]) == (
        PILOT, BEGINS - DAY, ["pilots"], 1,
    )  # fmt: skip


def told() -> PolicyChanged:
    (*_, last) = after(*BOTH)[f"policy/{REGION}/BKPSDM"]
    assert isinstance(last, PolicyChanged)
    return last


def test_the_page_says_what_holds_at_the_pilot() -> None:
    shown = routes.shown(OPENED["BKPSDM"], told(), {}, MONDAY)
    lines = [each.id for each in shown["told"](shown["current"])]
    assert [line for line in lines if line.startswith("BALAI-KOTA: Hari WFH: Senin")] != []
    assert [line for line in lines if "Mulai: BALAI-KOTA 1 Desember 2025" in line] != []


def unit(site: str) -> UnitDay:
    here = Site.model_validate({**SITE.model_dump(), "site": site})
    office = arrangement(unit="TU", opd="BKPSDM", **{"class": "NON_SERVICE", "site": here})
    return UnitDay(MONDAY, office, told(), [placed(ANI, unit="TU")], {})


def test_a_roster_of_a_unit_at_the_pilot_follows_it_and_no_other() -> None:
    assert [unit(site).flexible for site in ("BALAI-KOTA", "KECAMATAN-BEJI")] == [True, False]


def test_a_presence_at_the_pilot_is_judged_by_its_rules() -> None:
    holds = InForce(policy=told())
    assert [holds.rules(MONDAY, site).weekly_cap_days for site in ("BALAI-KOTA", None)] == [1, 3]
