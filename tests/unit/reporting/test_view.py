"""Tests that rows of a rebuilt view replace older ones, and that tombstones remove rows that it does not have."""

import pytest
from aiokafka.structs import ConsumerRecord

from services.reporting.view.consumer import apply_records
from services.reporting.view.rows import CoverageView
from shared.domain.facts.coverage import Coverage
from tests.support.example_facts import THURSDAY, at

KEY = "32/DPMPTSP/2025-11-06"


def row(generation: int, revision: int = 1) -> Coverage:
    return Coverage(
        region="32", opd="DPMPTSP", service_date=THURSDAY, generation=generation, definition=1, revision=revision
    )


def record(value: Coverage | None, **headers: bytes) -> ConsumerRecord[bytes, bytes]:
    body = value.model_dump_json().encode() if value else None
    return ConsumerRecord("piket.32.coverage.v1", 0, 0, 0, 0, KEY.encode(), body, None, 0, 0, tuple(headers.items()))


def versions_after(*records: ConsumerRecord[bytes, bytes]) -> list[tuple[int, int]]:
    """Return generation and revision of the rows of a view that has read these records, one by one."""
    view = CoverageView(lambda: at("08:00"))
    for consumed in records:
        apply_records(view, [consumed])
    return [(row.generation, row.revision) for row in view.rows.values()]


def test_a_row_that_is_read_again_is_not_new() -> None:
    view, records = CoverageView(lambda: at("08:00")), [record(row(0)), record(row(0, revision=2))]
    assert apply_records(view, records) == records
    assert apply_records(view, [*records, record(None, generation=b"1")]) == []


def test_a_rebuilt_row_replaces_one_of_a_higher_revision() -> None:
    assert versions_after(record(row(0, revision=99)), record(row(1)), record(row(0, revision=100))) == [(1, 1)]


def test_a_row_that_the_rebuilt_view_has_not_is_forgotten_also_when_its_worker_writes_it_again() -> None:
    assert versions_after(record(row(0)), record(None, generation=b"1"), record(row(0, revision=2))) == []


def test_a_row_of_the_rebuilt_view_outlives_what_is_forgotten_late() -> None:
    assert versions_after(record(row(1)), record(None, generation=b"1")) == [(1, 1)]
    assert versions_after(record(None, generation=b"1"), record(row(1))) == [(1, 1)]


@pytest.mark.parametrize("headers", [{}, {"generation": b"x"}])
def test_a_null_that_no_rebuild_wrote_forgets_nothing(headers: dict[str, bytes]) -> None:
    assert versions_after(record(row(0)), record(None, **headers)) == [(0, 1)]


def test_the_first_generation_is_not_reported() -> None:
    assert (b"generation" in row(0).model_dump_json().encode(), row(1).model_dump(mode="json")["generation"]) == (
        False,
        1,
    )
