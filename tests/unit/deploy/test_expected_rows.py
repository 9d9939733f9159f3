"""Tests the comparison of view rows with expected rows: equal rows, rows that lack recent events, and wrong rows."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from deploy.operations.expected_rows import COMPARED_PERIOD, ExpectedRows
from services.reporting.domain.coverage.fact_set import FactSet
from services.reporting.domain.fact_store.compact import compact
from shared.clock import set_clock
from shared.domain.envelope import encode
from shared.domain.facts.base import Fact
from shared.domain.facts.coverage import Coverage
from shared.settings import Settings
from tests.support import example_facts as ex
from tests.support.example_facts import ANI, BUDI, THURSDAY, at

LATER = THURSDAY + timedelta(days=10)


class Records:
    """The stored facts of one office, their expected rows, and the row of a worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.set_noon(LATER)
        self.expected = ExpectedRows(Settings(folder=folder, profile="demo", clock=str(folder / "clock")), "32")
        self.expected.drop_expired_days()
        self.ledger = ex.Ledger()

    def set_noon(self, day: date) -> None:
        """Set the clock to noon of a day."""
        set_clock(self.folder / "clock", at("12:00", day), 1)

    def store(self, fact: Fact, when: datetime) -> None:
        self.expected.add(encode(self.ledger.record(fact, when)))

    def row(self, day: date = THURSDAY) -> Coverage:
        facts = FactSet("32", "DPMPTSP")
        for event in self.ledger.events:
            facts.add(compact(event))
        return facts.row(day, self.heads())

    def heads(self) -> Mapping[str, int]:
        return {event.source: event.sequence for event in self.ledger.events}

    def differing(self, *rows: Coverage, heads: Mapping[str, int]) -> list[str]:
        differences = self.expected.compare({row.key: row for row in rows}, heads)
        return [f"{difference.service_date} {difference.lane}" for difference in differences]


@pytest.fixture
def records(tmp_path: Path) -> Records:
    """Ani is rostered at her counter, and checks in."""
    records = Records(tmp_path)
    records.store(ex.arrangement(), at("06:00"))
    records.store(ex.roster(ex.shift(ANI), ex.shift(BUDI)), at("06:00"))
    records.store(ex.tap("in", ANI, at("08:00")), at("08:00"))
    return records


def test_a_row_that_is_as_its_facts_make_it_agrees(records: Records) -> None:
    assert records.differing(records.row(), heads=records.heads()) == []


def test_a_tap_that_is_on_its_way_is_no_difference(records: Records) -> None:
    row, heads = records.row(), records.heads()
    records.store(ex.tap("in", BUDI, at("08:30")), at("08:30"))
    assert records.differing(row, heads=heads) == []
    assert records.differing(records.row(), heads=heads) == []


def test_a_tap_that_never_came_into_the_row_is_one(records: Records) -> None:
    row = records.row()
    records.store(ex.tap("in", BUDI, at("08:30")), at("08:30"))
    assert records.differing(row, heads=records.heads()) == ["2025-11-06 FRONT/LOKET-1 known"]


def test_a_row_that_claims_to_have_seen_everything_hides_nothing(records: Records) -> None:
    row = records.row().model_copy(update={"watermark": {"/piket/32/attendance": 10**9}})
    records.store(ex.tap("in", BUDI, at("08:30")), at("08:30"))
    assert records.differing(row, heads=records.heads()) == ["2025-11-06 FRONT/LOKET-1 known"]


def test_a_row_that_is_missing_and_one_too_many_are_found(records: Records) -> None:
    phantom = records.row().model_copy(update={"service_date": LATER})
    assert records.differing(phantom, heads=records.heads()) == ["2025-11-06 row", f"{LATER} row"]


def test_what_was_recorded_after_a_day_was_closed_changes_it_only_where_its_row_has_seen_it(records: Records) -> None:
    before = records.row()
    records.store(ex.arrangement(ex.post(minimum=3)), at("06:00", LATER))
    assert records.differing(before, heads=records.heads()) == []
    assert records.differing(records.row(), heads=records.heads()) == []


def test_a_row_older_than_its_topic_keeps_is_left_out(records: Records) -> None:
    assert records.differing(records.row(), Coverage(
        region="32", opd="DPMPTSP", service_date=LATER - timedelta(days=40), definition=1, revision=1,
    ), heads=records.heads()) == []  # fmt: skip


def test_a_tap_that_was_on_its_way_and_never_came_is_found_the_next_time(records: Records) -> None:
    row, heads = records.row(), records.heads()
    records.store(ex.tap("in", BUDI, at("08:30")), at("08:30"))
    assert records.differing(row, heads=heads) == []
    assert records.differing(row, heads=records.heads()) == ["2025-11-06 FRONT/LOKET-1 known"]


def test_an_inspector_that_stays_forgets_what_may_have_left_the_topic(records: Records) -> None:
    heads, reference_facts = records.heads(), 1
    assert [difference[:10] for difference in records.differing(heads=heads)] == [str(THURSDAY)]
    records.set_noon(THURSDAY + COMPARED_PERIOD + timedelta(days=2))
    records.expected.drop_expired_days()
    assert (records.differing(heads=heads), len(records.expected._facts["32/DPMPTSP"])) == ([], reference_facts)
