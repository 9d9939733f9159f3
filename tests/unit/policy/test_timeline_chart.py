"""Checks the timeline chart: bars, their labels, and the text for screen readers."""

from datetime import date
from typing import Any

from services.policy.catalogue import CATALOGUE
from services.policy.domain.instruments.lifecycle import OPEN_END
from services.policy.domain.presets.replay import reference_snapshot
from services.policy.domain.read_models.region_overview import RegionOverview, region_overview
from services.policy.domain.read_models.timeline_chart import TimelineWindow, state_spans, timeline_row
from services.policy.domain.snapshot import PolicySnapshot
from shared.domain.facts.instruments import InstrumentRevoked, InstrumentSuspended
from tests.support.messages import indonesian

THURSDAY, RAMADAN, FRIDAY = date(2025, 11, 6), date(2026, 2, 23), date(2026, 4, 10)


def overview_of(region: str, day: date) -> RegionOverview:
    return region_overview(reference_snapshot(region), day, CATALOGUE.max_length)


def timeline_row_of(region: str, day: date, instrument: str) -> Any:
    return next(r for _, rows in overview_of(region, day).layers for r in rows if r.instrument == instrument)


def test_the_timeline_has_an_accessible_name_with_states_and_dates() -> None:
    assert indonesian(timeline_row_of("3276", FRIDAY, "depok-2026-se-42").screen_reader_text) == (
        "Ditetapkan, belum berlaku 23 Januari 2026 sampai 28 Januari 2026; "
        "Berlaku 29 Januari 2026 sampai 16 Februari 2026; Digantikan sejak 17 Februari 2026"
    )


def test_what_is_over_is_grey_where_it_was_in_force_and_says_how_it_ended() -> None:
    (bar,) = timeline_row_of("3276", FRIDAY, "depok-2026-se-42").bars
    assert (bar.style, indonesian(bar.text), bar.text_position) == ("past", "Digantikan", "before")


def test_what_is_in_force_says_its_days_inside_the_bar() -> None:
    (bar,) = timeline_row_of("3276", FRIDAY, "depok-2026-se-80").bars
    assert (bar.style, indonesian(bar.text), bar.text_position) == ("inforce", "Berlaku · Senin", "inside")


def test_what_ended_before_the_window_has_no_bar_but_its_label() -> None:
    preview = timeline_row_of("32", FRIDAY, "panrb-2024-after-lebaran")
    assert (preview.bars, indonesian(preview.state_label)) == ((), "Berakhir")


def test_what_ends_at_the_edge_of_the_window_has_its_label_after_the_bar() -> None:
    (bar,) = timeline_row_of("32", FRIDAY, "jabar-2025-se-150-stage-2").bars
    assert (bar.style, indonesian(bar.text), bar.text_position) == ("past", "Digantikan", "after")


def test_layers_come_from_the_nation_down() -> None:
    assert [indonesian(layer) for layer, _ in overview_of("3276", FRIDAY).layers] == ["Nasional", "Kabupaten/kota"]


def test_the_window_is_ten_months_and_the_date_is_in_its_fifth() -> None:
    window = TimelineWindow.around(FRIDAY)
    months = window.month_marks()
    assert (window.first, window.until, [indonesian(m) for _, m in months][4]) == (
        date(2025, 12, 1),
        date(2026, 10, 1),
        "Apr",
    )
    assert months[4][0] < window.percent_at(FRIDAY) < months[5][0]


def test_a_suspension_is_a_bar_of_its_own_and_before_it_the_instrument_was_in_force() -> None:
    snapshot, dates = (
        reference_snapshot("3276"),
        dict.fromkeys(("decided_on", "published_on", "effective_from", "binds_until"), FRIDAY),
    )
    fact = InstrumentSuspended.model_validate({"region": "3276", "instrument": "depok-2026-se-80", **dates})
    history = instruments_after(snapshot, fact)["depok-2026-se-80"]
    assert [
        bar.style for bar in timeline_row(history, OPEN_END, TimelineWindow.around(FRIDAY), CATALOGUE.max_length).bars
    ] == [
        "inforce",
        "susp",
    ]


def test_what_was_revoked_before_it_began_was_never_in_force() -> None:
    snapshot, dates = (
        reference_snapshot("3271"),
        dict.fromkeys(("decided_on", "published_on", "effective_from", "binds_until"), FRIDAY),
    )
    fact = InstrumentRevoked.model_validate({"region": "3271", "instrument": "kota-bogor-2025-kep-196", **dates})
    history = instruments_after(snapshot, fact)["kota-bogor-2025-kep-196"]
    assert [span.state for span in state_spans(history, OPEN_END)] == ["ENACTED", "REVOKED"]


def instruments_after(snapshot: PolicySnapshot, fact: Any) -> Any:
    from services.policy.domain.instruments.lifecycle import apply_event

    return apply_event(snapshot.instruments, fact)
