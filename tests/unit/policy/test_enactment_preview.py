"""Checks the preview of an enactment: changed dates, new conflicts and errors."""

from datetime import date, datetime

from services.policy.domain.presets.catalogue import presets
from services.policy.domain.presets.replay import reference_snapshot
from services.policy.domain.read_models.enactment_preview import EnactmentPreview, available_presets, preview_enactment
from services.policy.domain.reference_data.holidays import default_holidays
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.regions import region_timezone
from tests.support.example_facts import at
from tests.support.messages import english, indonesian

THURSDAY, RAMADAN, FRIDAY = date(2025, 11, 6), date(2026, 2, 23), date(2026, 4, 10)


SHIPPED = presets()


EMPTY = PolicySnapshot("32", {}, default_holidays([2025, 2026]))


def preview_of(snapshot: PolicySnapshot, instrument: str, day: date = THURSDAY) -> EnactmentPreview:
    return preview_enactment(
        snapshot,
        SHIPPED[instrument],
        datetime(day.year, day.month, day.day, 9, tzinfo=region_timezone(snapshot.region)),
    )


def test_stage_1_recorded_on_a_thursday_would_change_four_thursdays_of_the_offices_alone() -> None:
    (change,) = preview_of(EMPTY, "jabar-2025-se-150-stage-1").changes
    assert (change.days, change.first, change.last) == (4, THURSDAY, date(2025, 11, 27))
    assert [indonesian(text) for text in (change.subject, change.before, change.after)] == [
        "Kantor tanpa layanan langsung, kantor dengan loket", "di kantor", "di rumah",
    ]  # fmt: skip


def test_the_cap_of_two_days_is_a_change_that_no_date_shows_and_yet_is_listed() -> None:
    preview = [
        (indonesian(s.before), indonesian(s.after)) for s in preview_of(EMPTY, "nasional-2025-permenpanrb-4").changes
    ]
    assert preview == [
        ("tanpa jam kerja yang ditetapkan", "37,5 jam seminggu"),
        ("tanpa batas hari seminggu", "paling banyak 2 hari seminggu"),
    ]


def test_the_second_stage_under_the_cap_is_a_new_conflict() -> None:
    snapshot = reference_snapshot("32", at("09:00", date(2025, 10, 1)))
    (conflict,) = preview_of(snapshot, "jabar-2025-se-150-stage-2", date(2025, 10, 22)).conflicts
    assert (conflict.winner, conflict.first) == ("PermenPANRB 4/2025", date(2025, 12, 2))


def test_what_is_over_changes_no_date() -> None:
    assert preview_of(EMPTY, "panrb-2024-after-lebaran").changes == []


def test_a_circular_that_supersedes_what_is_not_on_record_cannot_be_recorded_and_says_so() -> None:
    (error,) = preview_of(EMPTY, "jabar-2026-se-188").errors
    assert (indonesian(error), english(error)) == (
        "jabar-2025-se-150-stage-2 tidak dikenal di wilayah ini.",
        "jabar-2025-se-150-stage-2 is unknown in this region.",
    )


def test_a_study_would_bind_nobody() -> None:
    preview = preview_of(PolicySnapshot("3275", {}, ()), "bekasi-2025-study")
    assert (preview.stage, preview.changes, preview.conflicts) == ("STUDY", [], [])


def test_examples_are_of_the_nation_and_the_own_government_and_not_on_record_yet() -> None:
    snapshot = reference_snapshot("3276", at("09:00", date(2026, 2, 1)))
    assert [i.instrument for i in available_presets(snapshot, SHIPPED)] == [
        "depok-2026-se-80", "ramadan-national", "panrb-2026-around-lebaran", "nasional-2026-friday",
    ]  # fmt: skip
