"""Tests which rows are copied to the readers' topic after the switch to a rebuilt view, and which are removed."""

from datetime import date, timedelta

from deploy.view_rebuild.topics import RowKey, corrections
from services.reporting.view.generations import Generation, view_topic_error
from shared.domain.facts.coverage import Coverage
from tests.support.example_facts import THURSDAY

NEW = Generation(number=2, since=THURSDAY - timedelta(days=20))
LONG_AGO = THURSDAY - timedelta(days=10)


def rows(generation: int, *days: date, opd: str = "DPMPTSP") -> dict[RowKey, Coverage]:
    coverage_rows = [
        Coverage(region="32", opd=opd, service_date=day, generation=generation, definition=1, revision=1)
        for day in days
    ]
    return {RowKey(0, row.key.encode()): row for row in coverage_rows}


def row_corrections(staged: dict[RowKey, Coverage], visible: dict[RowKey, Coverage]) -> list[tuple[str, bool]]:
    """Return each corrected row as `{opd}/{date}`, with True if it is copied and False if it is removed."""
    changes = corrections(staged, visible, NEW, {0: THURSDAY - timedelta(days=5)})
    return [(row_key.key.decode().split("/", 1)[1], row is not None) for row_key, row in changes]


def test_a_closed_day_is_moved_and_an_open_one_is_left_to_the_workers() -> None:
    staged = rows(2, LONG_AGO, THURSDAY)
    assert row_corrections(staged, rows(1, LONG_AGO, THURSDAY)) == [(f"DPMPTSP/{LONG_AGO}", True)]


def test_every_day_is_either_moved_or_published_by_the_workers() -> None:
    days = [THURSDAY - timedelta(days=number) for number in range(4, 8)]
    assert [row for row, _ in row_corrections(rows(2, *days), rows(1, *days))] == [f"DPMPTSP/{day}" for day in days[2:]]


def test_where_no_worker_has_reported_which_days_it_closed_none_is_moved() -> None:
    assert list(corrections(rows(2, LONG_AGO), rows(1, LONG_AGO), NEW, {})) == []


def test_a_row_that_was_never_shown_is_moved_too() -> None:
    assert row_corrections(rows(2, LONG_AGO), {}) == [(f"DPMPTSP/{LONG_AGO}", True)]


def test_a_row_that_the_new_view_has_not_is_removed_on_any_day_that_was_rebuilt() -> None:
    visible = rows(1, LONG_AGO, THURSDAY, THURSDAY - timedelta(days=30), opd="HANTU")
    assert row_corrections({}, visible) == [(f"HANTU/{LONG_AGO}", False), (f"HANTU/{THURSDAY}", False)]


def test_what_was_moved_is_not_moved_again() -> None:
    assert row_corrections(rows(2, LONG_AGO), rows(2, LONG_AGO)) == []


def test_a_row_that_the_new_workers_have_made_meanwhile_stays() -> None:
    assert row_corrections({}, rows(2, THURSDAY)) == []


def test_a_topic_of_the_view_that_is_absent_or_too_large_is_named_with_what_to_do() -> None:
    messages = [str(view_topic_error(sizes, "local")) for sizes in ({}, {"piket-coverage-local-view": 3})]
    assert [" ".join(message.split()[:4]) for message in messages] == [
        "Kafka has no topic",
        "Kafka's topic piket-coverage-local-view must",
    ]
    assert all("`piket topics create`" in message for message in messages)
    assert view_topic_error({"piket-coverage-local-view": 1}, "local") is None
