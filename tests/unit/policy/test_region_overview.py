"""Checks the overview of West Java, Depok and Kota Bogor on a Thursday, a Ramadan Monday and a Friday."""

from datetime import date
from typing import Any

from services.policy.catalogue import CATALOGUE
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.presets.replay import reference_snapshot
from services.policy.domain.read_models.region_overview import RegionOverview, region_overview
from services.policy.domain.reference_data.holidays import default_holidays
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.facts.instruments import InstrumentEnacted
from tests.support.messages import english, indonesian

THURSDAY, RAMADAN, FRIDAY = date(2025, 11, 6), date(2026, 2, 23), date(2026, 4, 10)


SHIPPED = presets()


EMPTY = PolicySnapshot("32", {}, default_holidays([2025, 2026]))


def overview_of(region: str, day: date) -> RegionOverview:
    return region_overview(reference_snapshot(region), day, CATALOGUE.max_length)


def bound_groups(region: str, day: date) -> dict[str, tuple[str, str | None]]:
    return {
        indonesian(row.subject): (indonesian(row.location), row.winner) for row in overview_of(region, day).bound_groups
    }


STAGE_1, SE_188, SE_80 = "SE 150/KPG.03/BKD tahap I", "SE 188/KPG.03/BKD", "SE 800/80/BKPSDM/2026"


NATIONAL = "SE MenPANRB 3/2026 dan SE Mendagri 800.1.5/3349/SJ"


def test_on_a_thursday_of_november_the_province_is_at_home_but_for_its_services() -> None:
    assert bound_groups("32", THURSDAY) == {
        "Kantor tanpa layanan langsung": ("Di rumah", STAGE_1),
        "Kantor dengan loket": ("Di rumah", STAGE_1),
        "Layanan langsung": ("Di kantor", STAGE_1),
        "Layanan 24 jam": ("Di kantor", STAGE_1),
    }


def test_before_depok_had_a_circular_of_its_own_everybody_was_on_site_and_no_instrument_won() -> None:
    assert bound_groups("3276", THURSDAY)["Kantor tanpa layanan langsung"] == ("Di kantor", None)


def test_on_depok_s_monday_the_kecamatan_stay_and_the_heads_of_markets_decide() -> None:
    result = bound_groups("3276", RAMADAN)
    assert (
        result["Kecamatan, kelurahan, pajak, perpustakaan"],
        result["Pasar, alun-alun, PBJ dan LPSE, kebersihan"],
    ) == (
        ("Di kantor", SE_80),
        ("Kepala unit memutuskan", SE_80),
    )


def test_on_the_national_friday_echelons_stay_on_site_by_the_national_circular() -> None:
    subject = "Administrator, camat, JPT madya, JPT pratama, lurah"
    assert [bound_groups(region, FRIDAY)[subject] for region in ("32", "3271")] == [("Di kantor", NATIONAL)] * 2


def test_units_that_stay_for_the_same_reason_are_in_one_row() -> None:
    reasons = [indonesian(row.reason) for row in overview_of("3276", FRIDAY).bound_groups[4:]]
    assert len(reasons) == len(set(reasons))


def test_a_conflict_names_who_meets_who_wins_and_why() -> None:
    (conflict,) = overview_of("3276", FRIDAY).current_conflicts
    assert (conflict.titles, conflict.winner, indonesian(conflict.reason)) == (
        (SE_80, NATIONAL),
        SE_80,
        "Pola mengikuti pemerintah sendiri.",
    )


def test_a_conflict_to_come_says_from_when_and_one_that_is_over_is_gone() -> None:
    winners = [
        [(c.winner, c.is_current, c.first) for c in overview_of("3276", day).conflicts] for day in (RAMADAN, FRIDAY)
    ]
    lebaran, friday = (SE_80, False, date(2026, 3, 16)), (SE_80, True, date(2026, 4, 1))
    assert winners == [[lebaran, (SE_80, False, date(2026, 4, 1))], [friday]]


def test_the_mean_of_a_week_is_written_as_each_language_writes_it() -> None:
    (conflict,) = [c for c in overview_of("32", THURSDAY).conflicts if "tahap II" in c.titles[0]]
    assert ("paling banyak 0,4" in indonesian(conflict.reason), "at most 0.4" in english(conflict.reason)) == (
        True,
        True,
    )


def states(region: str, day: date) -> dict[str, str]:
    return {row.instrument.instrument: row.state for row in overview_of(region, day).instruments}


def test_every_instrument_is_in_the_state_of_the_date() -> None:
    result = [states("3276", day)[f"depok-2026-se-{n}"] for day in (THURSDAY, RAMADAN) for n in ("42", "80")]
    assert result == ["UNKNOWN", "UNKNOWN", "SUPERSEDED", "IN_FORCE"]


def test_a_decree_without_a_date_is_enacted_and_not_in_force() -> None:
    assert states("3271", FRIDAY)["kota-bogor-2025-kep-196"] == "ENACTED"


def test_what_is_in_force_comes_first_and_what_is_over_last() -> None:
    order = list(states("32", FRIDAY).values())
    assert (order[:5], order[5], set(order[6:])) == (["IN_FORCE"] * 5, "EXPIRED", {"EXPIRED", "SUPERSEDED"})


def instruments_after(snapshot: PolicySnapshot, fact: Any) -> Any:
    from services.policy.domain.instruments.lifecycle import apply_event

    return apply_event(snapshot.instruments, fact)


def with_enacted(snapshot: PolicySnapshot, **fields: Any) -> PolicySnapshot:
    """Return the snapshot with one more circular, which is in force on the Thursday of SE 150 stage 1."""
    dates = dict.fromkeys(("decided_on", "published_on", "effective_from"), THURSDAY)
    content = {"instrument": "edaran-sendiri", "title": "Edaran sendiri", **dates, **fields}
    fact = InstrumentEnacted.model_validate({"region": snapshot.region, "instrument": content, "binds_from": THURSDAY})
    return PolicySnapshot(snapshot.region, instruments_after(snapshot, fact), snapshot.holidays)


def test_groups_that_take_turns_are_at_home_up_to_their_share() -> None:
    rules = {"pattern": {"groups": 2}, "max_share": 0.5}
    snapshot = with_enacted(EMPTY, layer="PROVINCE", rules=rules)
    location = region_overview(snapshot, THURSDAY, CATALOGUE.max_length).bound_groups[0].location
    assert (indonesian(location), english(location)) == ("Paling banyak 50 % di rumah", "At most 50 % at home")


def test_an_opd_with_an_instruction_of_its_own_is_shown_beside_the_others() -> None:
    snapshot = with_enacted(EMPTY, layer="OPD", opds=["BAPPEDA"], rules={"pattern": {"weekdays": ["THU"]}})
    last = region_overview(snapshot, THURSDAY, CATALOGUE.max_length).bound_groups[-1]
    assert (indonesian(last.subject), indonesian(last.location)) == ("BAPPEDA", "Di rumah")


def test_hours_of_its_own_that_give_the_week_of_the_law_are_no_conflict() -> None:
    hours = {"week": 37.5, "day_start": "08:00"}
    snapshot = with_enacted(reference_snapshot("32"), layer="PROVINCE", rules={"hours": hours})
    assert [
        c
        for c in region_overview(snapshot, THURSDAY, CATALOGUE.max_length).current_conflicts
        if indonesian(c.rule) == "Jam kerja"
    ] == []
