"""Checks hand-written answers, each with the sentence of its source, through `piket policy effective`."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from services.policy.domain.instruments.in_force import supersession_dates
from services.policy.domain.instruments.lifecycle import OPEN_END, state_on
from services.policy.domain.presets import replay
from tests.support.pinned_answers import ADMINISTRATOR, DEPOK, OFFICE, PROVINCE, TYPICAL, Pin
from tests.support.pinned_answers_elsewhere import HOURS, OTHERS
from tests.support.policy_cli import answer_of


def value_at(result: Mapping[str, Any], path: str) -> object:
    """Return the value at a dotted path; None if there is none."""
    value: object = result
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def pin_id(pin: Pin) -> str:
    return " ".join((pin.region, pin.opd, pin.day, *filter(None, pin.subject.values())))


@pytest.mark.parametrize("pin", [*PROVINCE, *DEPOK, *OTHERS, *HOURS], ids=pin_id)
def test_on_this_day_it_is_as_the_source_says(pin: Pin) -> None:
    result = answer_of(pin.region, pin.opd, pin.day, pin.subject)
    value = {path: value_at(result, path) for path in pin.expected}
    assert value == dict(pin.expected), f"{pin.source}\nTold: {result['because']['en']}"


@pytest.mark.parametrize(
    ("region", "opd", "day", "subject", "source"),
    [
        ("3277", "any", "2026-04-17", {**OFFICE, "--position": "JPT_MADYA"}, "SE MenPANRB 3/2026"),
        ("3277", "any", "2026-04-17", ADMINISTRATOR, "Kota Cimahi"),
        ("3276", "BPBD", "2026-04-06", OFFICE, "SE MenPANRB 3/2026"),
        ("3276", "perpustakaan", "2026-04-06", TYPICAL, "SE 800/80/BKPSDM/2026"),
        ("32", "SATPOLPP", "2026-04-09", OFFICE, "SE MenPANRB 3/2026"),
        ("32", "RSUD", "2026-04-09", OFFICE, "SE 188/KPG.03/BKD"),
    ],
    ids=["JPT madya", "administrator", "BPBD", "library", "public order", "hospital"],
)
def test_who_stays_on_site_is_shown_the_instrument_that_names_him(
    region: str, opd: str, day: str, subject: Mapping[str, str], source: str
) -> None:
    assert source in answer_of(region, opd, day, subject)["because"]["en"]


def test_half_of_each_day_and_two_days_a_week_are_shown_as_a_conflict_with_the_weekly_mean() -> None:
    effects = {(c["rule"], c["effect"]) for c in answer_of("32", "BAPPEDA", "2025-12-04", OFFICE)["conflicts"]}
    assert ("max_share", "WEEKLY_MEAN_SHARE:0.4") in effects


def test_the_provinces_longer_week_of_ramadan_is_shown_against_the_law() -> None:
    effects = {(c["rule"], c["effect"]) for c in answer_of("32", "BAPPEDA", "2026-02-24", OFFICE)["conflicts"]}
    assert ("hours", "WEEK_HOURS:34.5") in effects


END_OF_MAY = date(2026, 5, 31)


STATES: Mapping[str, Mapping[str, str]] = {
    "32": {
        "nasional-2025-permenpanrb-4": "IN_FORCE",
        "jabar-2022-pergub-102": "IN_FORCE",
        "jabar-2023-wfa-permanent": "IN_FORCE",
        "jabar-2025-se-150-stage-1": "EXPIRED",
        "jabar-2025-se-150-stage-2": "SUPERSEDED",
        "jabar-2026-se-188": "IN_FORCE",
        "nasional-2026-friday": "IN_FORCE",
        "panrb-2024-after-lebaran": "EXPIRED",
        "panrb-2026-around-lebaran": "EXPIRED",
        "ramadan-national": "EXPIRED",
        "ramadan-jabar-2026": "EXPIRED",
    },
    "3275": {"bekasi-2025-study": "STUDY"},
    "3276": {"depok-2026-se-42": "SUPERSEDED", "depok-2026-se-80": "IN_FORCE"},
    "3271": {"kota-bogor-2025-kep-196": "ENACTED", "kota-bogor-2026-se-1633": "IN_FORCE"},
    "3273": {"bandung-2023-study": "STUDY"},
    "3201": {"kab-bogor-2022-draft": "DRAFT", "kab-bogor-2026-se-578": "IN_FORCE"},
    "3277": {"cimahi-2026-friday": "IN_FORCE"},
    "3216": {"kab-bekasi-2026-flood": "IN_FORCE"},
}
"""The state of each instrument at the end of May 2026, by the government that records it."""


@pytest.mark.parametrize("region", STATES)
def test_at_the_end_of_may_each_instrument_is_in_the_state_of_its_source(region: str) -> None:
    instruments = replay.reference_snapshot(region).instruments
    ends = supersession_dates(instruments)
    value = {name: state_on(instruments[name], END_OF_MAY, ends.get(name, OPEN_END)) for name in STATES[region]}
    assert value == dict(STATES[region])


def test_the_national_base_and_all_twenty_instruments_are_among_these_states() -> None:
    assert sum(len(states) for states in STATES.values()) == 21


@pytest.mark.parametrize("region", STATES)
def test_a_government_has_its_own_instruments_on_record_and_the_nations_and_no_other(region: str) -> None:
    national = {name for name in STATES["32"] if name.startswith(("nasional", "panrb", "ramadan-national"))}
    assert set(replay.reference_snapshot(region).instruments) == set(STATES[region]) | national


@pytest.mark.parametrize("region", STATES)
def test_the_instruments_are_recorded_in_the_order_of_their_dates(region: str) -> None:
    instants = [entry.recorded_at for entry in replay.replay_presets(region)]
    assert instants == sorted(instants)
