"""Checks that a sheet is decided as one command: changes, repeats and errors."""

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from services.policy.domain import decider
from services.policy.domain.register_import import import_decider
from services.policy.domain.register_import.import_decider import ImportSummary
from services.policy.domain.register_import.sheet import RegisterSheet
from shared.domain.decider import Context
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.policy import OpdMerged, OpdOpened
from tests.support.example_facts import at
from tests.support.given_when_then import fold, new_id
from tests.support.register_sheets import COUNTER, OFFICE, sheet_from_rows
from tests.support.se_150 import ENACTED

BACK = {**OFFICE, "unit": "BACK", "nama_unit": "Tata Usaha", "kelas": "NON_SERVICE"}
NOON = Context(at("12:00"), new_id)
OPD, UNIT = "policy/32/DPMPTSP", "arrangement/32/DPMPTSP/FRONT"
Given = Mapping[str, Sequence[Fact]]


def decide(sheet: RegisterSheet, given: Given) -> Given:
    return import_decider.decide(sheet, {name: fold(decider, facts) for name, facts in given.items()}, NOON)


def summarize(sheet: RegisterSheet, given: Given) -> ImportSummary:
    """Summarize an import; as in the store, each event has the next version of its stream."""
    facts = decide(sheet, given)
    return import_decider.import_summary(sheet, ((name, len(given.get(name, ())) + 1) for name in facts))


RECORDED = decide(sheet_from_rows(COUNTER), {})


def pointers(sheet: RegisterSheet, given: Given) -> list[str]:
    with pytest.raises(Invalid) as caught:
        decide(sheet, given)
    return [error.pointer for error in caught.value.errors]


def test_an_agency_and_its_counter_are_entered_together() -> None:
    assert {name: len(facts) for name, facts in RECORDED.items()} == {OPD: 1, UNIT: 1}


def test_an_agency_entered_from_a_sheet_gets_the_rules_that_bind_it() -> None:
    assert len(decide(sheet_from_rows(COUNTER), {"instruments/32": [ENACTED]})[OPD]) == 2


def test_the_same_sheet_again_changes_nothing() -> None:
    assert decide(sheet_from_rows(COUNTER), RECORDED) == {}


def test_a_sheet_reads_its_own_agencies_and_their_units_and_no_other() -> None:
    assert (import_decider.stream(sheet_from_rows(COUNTER)), *import_decider.reads(sheet_from_rows(COUNTER, BACK))) == (
        "instruments/32", "calendar/32", OPD, "arrangement/32/DPMPTSP/",
    )  # fmt: skip


def test_a_rehearsal_counts_what_is_new_changed_and_unchanged() -> None:
    sheet = sheet_from_rows({**COUNTER, "minimum": "2"}, BACK)
    assert (summarize(sheet, {}).opd_new, summarize(sheet, RECORDED)) == (
        ("DPMPTSP",),
        ImportSummary(opd_new=(), opd_unchanged=1, units_new=("DPMPTSP/BACK",), units_changed=("DPMPTSP/FRONT",),
              units_unchanged=0),
    )  # fmt: skip


def test_an_import_is_counted_by_what_was_stored() -> None:
    stored = [(OPD, 1), (OPD, 2), (UNIT, 1)]
    summary = import_decider.import_summary(sheet_from_rows(COUNTER, BACK), stored)
    assert (summary.opd_new, summary.units_new, summary.units_unchanged) == (("DPMPTSP",), ("DPMPTSP/FRONT",), 1)


def test_progress_is_reported_during_an_import() -> None:
    progress: list[tuple[int, int]] = []
    import_decider.decide(sheet_from_rows(COUNTER, BACK), {}, NOON, lambda number, of: progress.append((number, of)))
    assert progress == [(1, 3), (2, 3), (3, 3)]


def test_an_agency_of_the_register_needs_neither_name_nor_date() -> None:
    assert decide(sheet_from_rows({**COUNTER, "nama_opd": ""}), RECORDED) == {}


def test_a_sheet_cannot_call_an_agency_otherwise_than_the_register() -> None:
    sheet = sheet_from_rows({**COUNTER, "nama_opd": "Dinas Lain", "opd_sejak": "2001-01-01"})
    assert pointers(sheet, RECORDED) == ["/rows/2/nama_opd", "/rows/2/opd_sejak"]


def test_a_new_agency_needs_a_name_and_its_units_are_not_missed_besides() -> None:
    assert pointers(sheet_from_rows({**COUNTER, "nama_opd": ""}, {**BACK, "nama_opd": ""}), {}) == ["/rows/2/nama_opd"]


def test_a_new_agency_without_units_needs_a_date() -> None:
    assert pointers(sheet_from_rows(dict.fromkeys(OFFICE, "") | {"opd": "BKD", "nama_opd": "Badan"}), {}) == [
        "/rows/2/opd_sejak"
    ]


def test_no_unit_is_arranged_in_an_agency_that_has_ended() -> None:
    opened = OpdOpened(region="32", opd="DPMPTSP", name=COUNTER["nama_opd"], on=date(2025, 1, 1))
    merged = OpdMerged(region="32", opd="DPMPTSP", into="BKD", on=date(2025, 7, 1))
    sheet = sheet_from_rows(COUNTER, {**BACK, "berlaku_dari": "2025-07-01"})
    assert pointers(sheet, {OPD: [opened, merged]}) == ["/rows/3/berlaku_dari"]


def test_an_end_before_the_begin_is_a_fault_of_its_row() -> None:
    assert pointers(sheet_from_rows(BACK, {**COUNTER, "berlaku_sampai": "2024-12-31"}), {}) == [
        "/rows/3/berlaku_sampai"
    ]
