"""SE 150 stage I: enacted, told to every OPD, revoked; and what a command cannot mean."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.policy.domain import decider
from services.policy.domain.commands import ArrangeUnit, EnactInstrument, OpenOpd, PolicyCommand, RevokeInstrument
from services.policy.domain.resolution.binding import Binding
from services.policy.domain.resolution.merge import periods
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.policy import (
    ArrangementChanged,
    Instrument,
    InstrumentEnacted,
    InstrumentRevoked,
    OpdOpened,
    PolicyChanged,
    Presence,
    Rules,
)
from tests.support.example_facts import SITE, at, post
from tests.support.given_when_then import outcome

PRESET = Path("services/policy/domain/presets/jabar-2025-se-150-stage-1.json")
SHIPPED = Instrument.model_validate_json(PRESET.read_text())
ITS_RULES = {"covers": (), "sites": (), "evaluation": None}
SE_150 = SHIPPED.model_copy(update={"government": None, "rules": SHIPPED.rules.model_copy(update=ITS_RULES)})
"""Its pattern and who is excluded; the pilot at Gedung Sate and the evaluation are told elsewhere."""
ON_TIME = at("09:00", date(2025, 10, 22))
LATE = at("09:00", date(2025, 11, 10))
OPENED = OpdOpened(region="32", opd="DPMPTSP", name="Dinas Penanaman Modal dan PTSP", on=date(2025, 1, 1))
BAPPEDA = OpdOpened(region="32", opd="BAPPEDA", name="Badan Perencanaan", on=date(2025, 1, 1))
REGISTER: dict[str, Sequence[Fact]] = {"policy/32/DPMPTSP": [OPENED], "policy/32/BAPPEDA": [BAPPEDA]}
ENACT = EnactInstrument(region="32", instrument=SE_150)
ENACTED = InstrumentEnacted(region="32", instrument=SE_150, binds_from=date(2025, 11, 6))
IN_FORCE: dict[str, Sequence[Fact]] = {**REGISTER, "instruments/32": [ENACTED]}
REVOKE = RevokeInstrument(
    region="32",
    instrument=SE_150.instrument,
    decided_on=date(2025, 11, 12),
    published_on=date(2025, 11, 12),
    effective_from=date(2025, 11, 13),
)


def told(facts: Mapping[str, Any], opd: str = "DPMPTSP") -> PolicyChanged:
    (fact,) = facts[f"policy/32/{opd}"]
    assert isinstance(fact, PolicyChanged)
    return fact


def test_an_enacted_circular_is_recorded_once_and_told_to_every_opd() -> None:
    facts = outcome(decider, REGISTER, ENACT, ON_TIME)
    assert {stream: len(f) for stream, f in facts.items()} == {
        "instruments/32": 1,
        "policy/32/DPMPTSP": 1,
        "policy/32/BAPPEDA": 1,
    }


def test_thursday_is_flexible_for_all_but_direct_service_until_the_end_of_november() -> None:
    (period,) = told(outcome(decider, REGISTER, ENACT, ON_TIME)).periods
    assert (period.from_, period.to, period.rules.pattern, period.rules.excluded_classes) == (
        date(2025, 11, 6),
        date(2025, 11, 30),
        SE_150.rules.pattern,
        ("DIRECT", "EMERGENCY_24X7"),
    )


def test_every_rule_names_the_instrument_that_gave_it() -> None:
    (period,) = told(outcome(decider, REGISTER, ENACT, ON_TIME)).periods
    assert {rule: (w.instrument, w.layer) for rule, w in period.won_by.items()} == {
        "pattern": (SE_150.instrument, "PROVINCE"),
        "excluded_classes": (SE_150.instrument, "PROVINCE"),
        "max_share": (SE_150.instrument, "PROVINCE"),
        "accept_claimed": (SE_150.instrument, "PROVINCE"),
        "offline_limit_hours": (SE_150.instrument, "PROVINCE"),
    }


def test_a_circular_may_set_a_cap_and_no_weekday() -> None:
    cap = SE_150.model_copy(update={"rules": Rules(weekly_cap_days=2)})
    (period,) = told(outcome(decider, REGISTER, EnactInstrument(region="32", instrument=cap), ON_TIME)).periods
    assert (period.rules.pattern, period.rules.weekly_cap_days) == (None, 2)


def test_enacting_the_same_again_changes_nothing() -> None:
    assert outcome(decider, IN_FORCE, ENACT, ON_TIME) == {}


def test_the_same_name_with_other_content_is_turned_away() -> None:
    other = SE_150.model_copy(update={"effective_to": date(2025, 12, 31)})
    with pytest.raises(Invalid, match="own name"):
        outcome(decider, IN_FORCE, EnactInstrument(region="32", instrument=other))


def test_a_publication_typed_in_late_binds_from_its_recording() -> None:
    assert told(outcome(decider, REGISTER, ENACT, LATE)).periods[0].from_ == date(2025, 11, 10)


def test_a_named_official_may_attest_an_earlier_publication() -> None:
    attested = EnactInstrument(region="32", instrument=SE_150, published_attested_by="KEPALA_BKD")
    assert told(outcome(decider, REGISTER, attested, LATE)).periods[0].from_ == date(2025, 11, 6)


def test_a_revoked_circular_binds_nobody_from_its_date_on() -> None:
    (period,) = told(outcome(decider, IN_FORCE, REVOKE, LATE)).periods
    assert (period.from_, period.to) == (date(2025, 11, 6), date(2025, 11, 12))


def test_revoking_twice_changes_nothing() -> None:
    revoked = InstrumentRevoked(**REVOKE.model_dump(), binds_until=date(2025, 11, 13))
    assert outcome(decider, {**IN_FORCE, "instruments/32": [ENACTED, revoked]}, REVOKE, LATE) == {}


def test_a_revocation_never_reaches_back_before_it_was_known() -> None:
    assert told(outcome(decider, IN_FORCE, REVOKE, at("09:00", date(2025, 11, 20)))).periods[0].to == date(2025, 11, 19)


REVOKED = InstrumentRevoked(**REVOKE.model_dump(), binds_until=date(2025, 11, 13))
AFTER_REVOCATION: dict[str, Sequence[Fact]] = {**REGISTER, "instruments/32": [ENACTED, REVOKED]}
THE_18TH = at("09:00", date(2025, 11, 18))


@pytest.mark.parametrize("attested", [None, "KEPALA_BKD"])
def test_a_revoked_circular_enacted_again_binds_again_from_now_on(attested: str | None) -> None:
    again = ENACT.model_copy(update={"published_attested_by": attested})
    first, second = told(outcome(decider, AFTER_REVOCATION, again, THE_18TH)).periods
    assert (first.to, second.from_, second.to) == (date(2025, 11, 12), date(2025, 11, 18), date(2025, 11, 30))


def test_enacted_again_it_can_be_revoked_again_and_its_first_time_stays() -> None:
    again = outcome(decider, AFTER_REVOCATION, ENACT, THE_18TH)["instruments/32"]
    facts = {**REGISTER, "instruments/32": [ENACTED, REVOKED, *again]}
    periods_told = told(outcome(decider, facts, REVOKE, at("09:00", date(2025, 11, 20)))).periods
    assert [p.to for p in periods_told] == [date(2025, 11, 12), date(2025, 11, 19)]


def test_revoking_one_circular_leaves_another() -> None:
    other = ENACTED.model_copy(update={"instrument": SE_150.model_copy(update={"instrument": "lain"})})
    facts = {**REGISTER, "instruments/32": [ENACTED, other, REVOKED]}
    cap = SE_150.model_copy(update={"instrument": "cap", "rules": Rules(weekly_cap_days=2)})
    last = told(outcome(decider, facts, EnactInstrument(region="32", instrument=cap), THE_18TH)).periods[-1]
    assert last.won_by["pattern"].instrument == "lain"


def opened(*facts: Fact, on: datetime = ON_TIME) -> Sequence[Fact]:
    command = OpenOpd(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 11, 1))
    return outcome(decider, {"instruments/32": facts}, command, on)["policy/32/BKD"]


def test_an_opd_opened_later_is_told_of_what_still_binds() -> None:
    standing = SE_150.model_copy(update={"instrument": "standing", "effective_to": None})
    _, policy = opened(ENACTED.model_copy(update={"instrument": standing}), ENACTED, REVOKED, on=THE_18TH)
    assert isinstance(policy, PolicyChanged)
    assert policy.change.instrument == "standing"


@pytest.mark.parametrize("on", [at("09:00", date(2025, 11, 13)), at("09:00", date(2025, 12, 1))])
def test_an_opd_opened_when_nothing_binds_any_more_is_only_opened(on: datetime) -> None:
    assert [type(f) for f in opened(ENACTED, REVOKED, on=on)] == [OpdOpened]


@pytest.mark.parametrize("who", ["Kepala BKD", "Asep Sunandar", "KB", "1KEPALA"])
def test_who_attests_is_a_function_and_never_a_name(who: str) -> None:
    with pytest.raises(ValidationError):
        EnactInstrument.model_validate({**ENACT.model_dump(), "published_attested_by": who})


def test_an_unknown_instrument_cannot_be_revoked() -> None:
    with pytest.raises(Invalid, match="not enacted in this region"):
        outcome(decider, REGISTER, REVOKE)


def test_the_revision_of_an_opd_grows_with_every_change() -> None:
    given_facts = {**IN_FORCE, "policy/32/DPMPTSP": [OPENED, told(outcome(decider, REGISTER, ENACT, ON_TIME))]}
    assert told(outcome(decider, given_facts, REVOKE, LATE)).revision == 2


def test_an_opd_opened_later_learns_what_is_in_force() -> None:
    command = OpenOpd(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 11, 1))
    facts = outcome(decider, {"instruments/32": [ENACTED]}, command)["policy/32/BKD"]
    assert [type(f) for f in facts] == [OpdOpened, PolicyChanged]


def test_an_opd_before_any_instrument_is_only_opened() -> None:
    command = OpenOpd(region="32", opd="BKD", name="Badan Kepegawaian Daerah", on=date(2025, 11, 1))
    assert [type(f) for f in outcome(decider, {}, command)["policy/32/BKD"]] == [OpdOpened]


def test_opening_an_opd_again_changes_nothing() -> None:
    again = OpenOpd.model_validate(OPENED.model_dump())
    assert outcome(decider, REGISTER, again) == {}


def arrange(**more: object) -> ArrangeUnit:
    fields = {"region": "32", "opd": "DPMPTSP", "unit": "FRONT", "name": "Front Office", "class": "DIRECT"}
    rest = {"site": SITE.model_dump(), "posts": [post().model_dump()], "valid_from": "2025-11-01"}
    return ArrangeUnit.model_validate({**fields, **rest, **more})


def test_an_arranged_unit_is_told() -> None:
    (fact,) = outcome(decider, REGISTER, arrange())["arrangement/32/DPMPTSP/FRONT"]
    assert isinstance(fact, ArrangementChanged)


def test_the_same_arrangement_again_changes_nothing() -> None:
    facts = outcome(decider, REGISTER, arrange())
    assert outcome(decider, {**REGISTER, **facts}, arrange()) == {}


def test_a_unit_of_an_unregistered_opd_is_turned_away() -> None:
    with pytest.raises(Invalid, match="not in the register"):
        outcome(decider, {}, arrange())


NIGHTLESS = post().model_copy(update={"opens_minute": 900, "closes_minute": 480})
IMPOSSIBLE: list[tuple[PolicyCommand, str]] = [
    (
        EnactInstrument(region="32", instrument=SE_150.model_copy(update={"effective_to": date(2025, 11, 1)})),
        "/instrument/effective_to",
    ),
    (EnactInstrument(region="32", instrument=SE_150.model_copy(update={"layer": "GALAXY"})), "/instrument/layer"),
    (EnactInstrument(region="32", instrument=SE_150.model_copy(update={"layer": "OPD"})), "/instrument/opds"),
    (EnactInstrument(region="32", instrument=SE_150.model_copy(update={"layer": "REGION"})), "/instrument/layer"),
    (EnactInstrument(region="3271", instrument=SE_150), "/instrument/layer"),
    (
        EnactInstrument(
            region="32",
            instrument=SE_150.model_copy(update={"rules": Rules.model_validate({"pattern": {"weekdays": ["KAMIS"]}})}),
        ),
        "/instrument/rules/pattern/weekdays",
    ),
    (arrange(valid_to="2025-10-01"), "/valid_to"),
    (arrange(posts=[NIGHTLESS.model_dump()]), "/posts/0/closes_minute"),
    (arrange(posts=[post().model_dump(), post().model_dump()]), "/posts/1/post"),
    (arrange(posts=[post(weekdays=()).model_dump()]), "/posts/0/weekdays"),
]


@pytest.mark.parametrize(("command", "pointer"), IMPOSSIBLE, ids=[pointer for _, pointer in IMPOSSIBLE])
def test_what_cannot_be_meant_is_named_in_both_languages(command: PolicyCommand, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        outcome(decider, REGISTER, command)
    assert (refused.value.pointer, bool(refused.value.indonesian), bool(refused.value.english)) == (pointer, True, True)


def test_facts_of_tomorrow_change_nothing_today() -> None:
    assert decider.evolve(decider.initial, Fact(region="32")) == decider.initial


def binding(name: str, layer: str, first: date, until: date, **rules: object) -> Binding:
    fields = json.loads(SE_150.model_dump_json()) | {"instrument": name, "layer": layer, "rules": rules}
    return Binding(Instrument.model_validate(fields), first, until)


def test_the_own_government_gives_the_pattern_and_the_strictest_cap_holds() -> None:
    national = binding(
        "nasional-2025", "NATIONAL", date(2025, 4, 21), date.max, weekly_cap_days=2, excluded_classes=["DIRECT"]
    )
    province = binding(
        "jabar-2025", "PROVINCE", date(2025, 11, 6), date(2025, 12, 1), pattern={"weekdays": ["THU"]}, weekly_cap_days=4
    )
    first, second, third = periods([province, national])
    assert (first.rules.pattern, second.won_by["weekly_cap_days"].instrument, second.won_by["pattern"].instrument) == (
        None,
        "nasional-2025",
        "jabar-2025",
    )
    assert (third.to, third.rules.weekly_cap_days) == (None, 2)


def test_caps_of_all_layers_hold_together_and_each_names_who_gave_it() -> None:
    strict = binding("pusat", "NATIONAL", date(2025, 1, 1), date.max, presence={"accept_claimed": False}, max_share=0.5)
    own = binding("jabar", "PROVINCE", date(2025, 1, 1), date.max, presence={"offline_limit_hours": 24}, max_share=0.8)
    (period,) = periods([strict, own])
    assert (period.rules.max_share, period.rules.presence) == (
        0.5,
        Presence(accept_claimed=False, offline_limit_hours=24),
    )
    assert {rule: w.instrument for rule, w in period.won_by.items()} == {
        "max_share": "pusat", "accept_claimed": "pusat", "offline_limit_hours": "jabar"
    }  # fmt: skip


def test_a_presence_that_nobody_sets_stays_unset() -> None:
    (period,) = periods([binding("jabar", "PROVINCE", date(2025, 1, 1), date.max, weekly_cap_days=2)])
    assert (period.rules.presence, period.rules.weekly_cap_days) == (None, 2)


def test_within_a_layer_the_one_later_in_force_gives_the_pattern() -> None:
    later = binding("a-later", "PROVINCE", date(2025, 2, 1), date.max, pattern={"weekdays": ["THU"]})
    earlier = binding("b-earlier", "PROVINCE", date(2025, 1, 1), date.max, pattern={"weekdays": ["WED"]})
    assert periods([later, earlier])[-1].won_by["pattern"].instrument == "a-later"


def test_dates_that_nothing_binds_have_no_period() -> None:
    early = binding("a-b", "PROVINCE", date(2025, 1, 1), date(2025, 2, 1))
    late = binding("a-c", "PROVINCE", date(2025, 3, 1), date(2025, 4, 1))
    assert [(p.from_.month, p.to) for p in periods([early, late])] == [(1, date(2025, 1, 31)), (3, date(2025, 3, 31))]


@given(st.permutations(range(3)))
def test_resolution_does_not_depend_on_the_order_of_enactment(order: list[int]) -> None:
    three = [
        binding("nasional", "NATIONAL", date(2025, 1, 1), date.max, pattern={"weekdays": ["FRI"]}, weekly_cap_days=2),
        binding("jabar-a", "PROVINCE", date(2025, 11, 6), date(2025, 12, 1), pattern={"weekdays": ["THU"]}),
        binding("jabar-b", "PROVINCE", date(2025, 11, 6), date(2026, 1, 1), pattern={"weekdays": ["WED"]}),
    ]
    assert periods([three[n] for n in order]) == periods(three)
