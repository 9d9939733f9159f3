"""SE 150 stage I: enactment, publication to every OPD, revocation; and commands without a valid meaning."""

from collections.abc import Sequence
from datetime import date

import pytest
from pydantic import ValidationError

from services.policy.domain import decider
from services.policy.domain.commands import EnactInstrument, PolicyCommand
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import InstrumentRevoked
from shared.domain.facts.policy import Holiday, HolidayDeclared
from shared.domain.facts.rules import Rules
from tests.support.example_facts import arrangement, at, post
from tests.support.given_when_then import decide, fold
from tests.support.messages import english, indonesian
from tests.support.se_150 import (
    AFTER_REVOCATION,
    ENACT,
    ENACTED,
    IN_FORCE,
    LATE,
    ON_TIME,
    OPENED,
    REGISTER,
    REVOKE,
    REVOKED,
    SE_150,
    THE_18TH,
    arrange,
    policy_of,
)


def test_an_enacted_circular_is_recorded_once_and_published_to_every_opd() -> None:
    facts = decide(decider, REGISTER, ENACT, ON_TIME)
    assert {stream: len(f) for stream, f in facts.items()} == {
        "instruments/32": 1,
        "policy/32/DPMPTSP": 1,
        "policy/32/BAPPEDA": 1,
    }


def test_thursday_is_flexible_for_all_but_direct_service_until_the_end_of_november() -> None:
    (period,) = policy_of(decide(decider, REGISTER, ENACT, ON_TIME)).periods
    assert (period.from_, period.to, period.rules.pattern, period.rules.excluded_classes) == (
        date(2025, 11, 6),
        date(2025, 11, 30),
        SE_150.rules.pattern,
        ("DIRECT", "EMERGENCY_24X7"),
    )


def test_every_rule_names_the_instrument_that_gave_it() -> None:
    (period,) = policy_of(decide(decider, REGISTER, ENACT, ON_TIME)).periods
    assert {rule: (w.instrument, w.layer) for rule, w in period.won_by.items()} == {
        "pattern": (SE_150.instrument, "PROVINCE"),
        "excluded_classes": (SE_150.instrument, "PROVINCE"),
        "max_share": (SE_150.instrument, "PROVINCE"),
        "accept_claimed": (SE_150.instrument, "PROVINCE"),
        "offline_limit_hours": (SE_150.instrument, "PROVINCE"),
    }


def test_a_circular_may_set_a_cap_and_no_weekday() -> None:
    cap = SE_150.model_copy(update={"rules": Rules(weekly_cap_days=2)})
    (period,) = policy_of(decide(decider, REGISTER, EnactInstrument(region="32", instrument=cap), ON_TIME)).periods
    assert (period.rules.pattern, period.rules.weekly_cap_days) == (None, 2)


def test_enacting_the_same_again_changes_nothing() -> None:
    assert decide(decider, IN_FORCE, ENACT, ON_TIME) == {}


def test_the_same_name_with_other_content_is_rejected() -> None:
    changed = SE_150.model_copy(update={"effective_to": date(2025, 12, 31)})
    with pytest.raises(Invalid, match="beri nama baru"):
        decide(decider, IN_FORCE, EnactInstrument(region="32", instrument=changed))


def test_a_publication_typed_in_late_binds_from_its_recording() -> None:
    assert policy_of(decide(decider, REGISTER, ENACT, LATE)).periods[0].from_ == date(2025, 11, 10)


def test_a_named_official_may_attest_an_earlier_publication() -> None:
    attested = EnactInstrument(region="32", instrument=SE_150, published_attested_by="KEPALA_BKD")
    assert policy_of(decide(decider, REGISTER, attested, LATE)).periods[0].from_ == date(2025, 11, 6)


def test_a_revoked_circular_binds_nobody_from_its_date_on() -> None:
    (period,) = policy_of(decide(decider, IN_FORCE, REVOKE, LATE)).periods
    assert (period.from_, period.to) == (date(2025, 11, 6), date(2025, 11, 12))


def test_revoking_twice_changes_nothing() -> None:
    revoked = InstrumentRevoked(**REVOKE.model_dump(), binds_until=date(2025, 11, 13))
    assert decide(decider, {**IN_FORCE, "instruments/32": [ENACTED, revoked]}, REVOKE, LATE) == {}


def test_a_revocation_never_reaches_back_before_it_was_known() -> None:
    assert policy_of(decide(decider, IN_FORCE, REVOKE, at("09:00", date(2025, 11, 20)))).periods[0].to == date(
        2025, 11, 19
    )


@pytest.mark.parametrize("attested", [None, "KEPALA_BKD"])
def test_a_revoked_circular_enacted_again_binds_again_from_now_on(attested: str | None) -> None:
    again = ENACT.model_copy(update={"published_attested_by": attested})
    first, second = policy_of(decide(decider, AFTER_REVOCATION, again, THE_18TH)).periods
    assert (first.to, second.from_, second.to) == (date(2025, 11, 12), date(2025, 11, 18), date(2025, 11, 30))


def test_enacted_again_it_can_be_revoked_again_and_its_first_time_stays() -> None:
    again = decide(decider, AFTER_REVOCATION, ENACT, THE_18TH)["instruments/32"]
    facts = {**REGISTER, "instruments/32": [ENACTED, REVOKED, *again]}
    periods_told = policy_of(decide(decider, facts, REVOKE, at("09:00", date(2025, 11, 20)))).periods
    assert [p.to for p in periods_told] == [date(2025, 11, 12), date(2025, 11, 19)]


def test_revoking_one_circular_leaves_another() -> None:
    changed = ENACTED.model_copy(update={"instrument": SE_150.model_copy(update={"instrument": "lain"})})
    facts = {**REGISTER, "instruments/32": [ENACTED, changed, REVOKED]}
    cap = SE_150.model_copy(update={"instrument": "cap", "rules": Rules(weekly_cap_days=2)})
    last = policy_of(decide(decider, facts, EnactInstrument(region="32", instrument=cap), THE_18TH)).periods[-1]
    assert last.won_by["pattern"].instrument == "lain"


@pytest.mark.parametrize("who", ["Kepala BKD", "Asep Sunandar", "KB", "1KEPALA"])
def test_who_attests_is_a_function_and_never_a_name(who: str) -> None:
    with pytest.raises(ValidationError):
        EnactInstrument.model_validate({**ENACT.model_dump(), "published_attested_by": who})


def test_an_unknown_instrument_cannot_be_revoked() -> None:
    with pytest.raises(Invalid, match="belum ditetapkan di wilayah ini"):
        decide(decider, REGISTER, REVOKE)


def test_the_revision_of_an_opd_grows_with_every_change() -> None:
    given_facts = {**IN_FORCE, "policy/32/DPMPTSP": [OPENED, policy_of(decide(decider, REGISTER, ENACT, ON_TIME))]}
    assert policy_of(decide(decider, given_facts, REVOKE, LATE)).revision == 2


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
        decide(decider, REGISTER, command)
    assert (refused.value.pointer, bool(indonesian(refused.value.message)), bool(english(refused.value.message))) == (
        pointer,
        True,
        True,
    )


NYEPI = Holiday(date=date(2026, 3, 19), kind="public", name="Hari Suci Nyepi", source="SKB 3 Menteri")
STREAMS: list[Sequence[Fact]] = [
    [],
    [ENACTED],
    [OPENED],
    [arrangement()],
    [HolidayDeclared(region="32", holiday=NYEPI)],
]


@pytest.mark.parametrize("facts", STREAMS, ids=["empty", "instruments", "opd", "arrangement", "calendar"])
def test_facts_of_tomorrow_change_nothing_today(facts: Sequence[Fact]) -> None:
    state = fold(decider, facts)
    assert decider.evolve(state, Fact(region="32")) == state


def test_a_stream_is_never_read_as_one_of_another_kind() -> None:
    with pytest.raises(TypeError, match="of kind OpdState, not InstrumentsState"):
        decider.instruments_state(fold(decider, [OPENED]))
