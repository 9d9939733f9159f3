"""Tests the churn runs: errors in events and rows are found, and a seed repeats its faults."""

import json
from collections import Counter
from pathlib import Path

import pytest

from shared.domain.decider import Outcome, StoreCommand
from shared.event_store.database import Unavailable
from shared.event_store.store import Store
from tests.faults.churn import comparison, record
from tests.faults.churn.plan import KILLS, KINDS, draw_faults
from tests.faults.churn.run import RunParameters, RunResults
from tests.faults.churn.stores import SERVICES, Stores
from tests.faults.office_days import FRIDAY, THURSDAY, CounterRow, Offices

SOURCE = "/piket/32/attendance"
STORED = [b"Ani came", b"Budi came", b"Ani went"]
KEY = f"32/OPD-0/{THURSDAY}"
TRUTH = {KEY: CounterRow((0, 3, 3, 2, 2), 40)}


def errors_of(logged: list[bytes]) -> list[str]:
    return comparison.event_errors(comparison.SourceComparison(SOURCE, STORED, logged))


def test_every_event_in_kafka_once_or_repeated_is_right() -> None:
    source = comparison.SourceComparison(SOURCE, STORED, [*STORED, STORED[1], STORED[1]])
    assert (comparison.event_errors(source), source.repeats) == ([], 2)


def test_a_lost_event_is_found() -> None:
    assert errors_of(STORED[:2]) == [f"{SOURCE}: 1 events lost"]


def test_an_event_that_was_never_stored_is_found() -> None:
    assert errors_of([*STORED, b"a ghost came"]) == [f"{SOURCE}: 1 events never stored"]


@pytest.mark.parametrize(
    ("row", "lost", "doubled"),
    [
        (CounterRow((0, 3, 3, 2, 2), 39), 1, 0),  # a fact is missing, but the heads are right
        (CounterRow((0, 3, 3, 2, 2), 42), 0, 2),  # two are counted twice
        (CounterRow((0, 3, 4, 2, 2), 40), 0, 0),  # the count is right, the heads are not
    ],
)
def test_a_row_that_lost_or_doubled_a_fact_or_shows_other_heads_is_found(
    row: CounterRow, lost: int, doubled: int
) -> None:
    view = {KEY: row}
    assert len(comparison.row_errors(TRUTH, view)) == 1
    assert comparison.fact_count_errors(TRUTH, view) == (lost, doubled)


def test_a_missing_row_and_one_too_many_are_found() -> None:
    view = {f"32/OPD-0/{FRIDAY}": TRUTH[KEY]}
    assert [line.split(":")[0] for line in comparison.row_errors(TRUTH, view)] == [
        f"row {KEY}",
        f"row 32/OPD-0/{FRIDAY}",
    ]
    assert comparison.fact_count_errors(TRUTH, {}) == (40, 0)


def test_many_wrong_rows_are_reported_by_the_first_five() -> None:
    truth = {f"32/OPD-{n}/{THURSDAY}": CounterRow((1,), 1) for n in range(8)}
    assert comparison.row_errors(truth, {})[-1] == "and 3 more rows"
    assert comparison.row_errors(truth, truth) == []


def test_an_offset_that_was_not_committed_to_the_end_is_found() -> None:
    assert comparison.offset_errors("t", {0: 7, 1: 5}, {0: 7}) == ["t/1: committed up to 0 of 5"]


def test_a_seed_repeats_its_faults_and_another_gives_others() -> None:
    assert draw_faults(7, 300, 12, 3) == draw_faults(7, 300, 12, 3) != draw_faults(8, 300, 12, 3)


def test_every_kind_of_fault_strikes_once_and_kills_as_often_as_asked() -> None:
    faults = draw_faults(7, 300, 12, 3)
    assert {fault.kind for fault in faults} == set(KINDS)
    assert sum(fault.kind in KILLS for fault in faults) == 12
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert {fault.worker for fault in draw_faults(7, 300, 40, 3)} == {1, 2, 3}


async def test_the_driver_counts_who_came_and_did_not_go_and_the_facts_of_a_day_and_its_neighbours() -> None:
    recorded: Counter[str] = Counter()

    async def count(facts: object, _: object) -> None:
        recorded.update(type(fact).__name__ for fact in facts)  # type: ignore[attr-defined]

    offices = Offices("32", count, seed=1, opds=1)
    await offices.open(THURSDAY, FRIDAY)
    await offices.record_taps(101)
    rows = offices.expected()
    present = recorded["CheckedIn"] - recorded["CheckedOut"]
    assert sum(row.heads[-1] for row in rows.values()) == present > 0
    assert {row.facts for row in rows.values()} == {1 + 2 + 101}
    await offices.open(FRIDAY.replace(day=8))
    assert not offices.latest_final_rows()
    await offices.open(FRIDAY.replace(day=9))
    await offices.record_taps(10)
    assert offices.expected()[KEY] == rows[KEY]
    assert offices.latest_final_rows() == {KEY: rows[KEY]}


def test_a_failed_run_keeps_its_logs_and_prints_how_to_repeat_it(tmp_path: Path) -> None:
    with record.recorded_run(tmp_path, RunParameters(seed=7, workers=1)) as (folder, report):
        (folder / "worker-1.log").write_text("goes on at offset 7, not 6")
        (folder / "attendance.db").write_text("")
        report.results = RunResults(anomalies=["/piket/32/attendance: 1 events lost"])
    assert [file.name for file in folder.iterdir()] == ["worker-1.log"]
    assert "--seed 7 --seconds 300 --kills 12 --workers 1" in report.summary()
    assert json.loads(report.file.read_text())["anomalies"] == ["/piket/32/attendance: 1 events lost"]


def test_a_run_that_breaks_off_has_failed(tmp_path: Path) -> None:
    with record.recorded_run(tmp_path, RunParameters(seed=7)) as (_, report):
        report.results.faults.append({"kind": "broker killed"})
        report.results.operations["ok"] += 7
        raise LookupError("a broker never came")
    saved = record.read_report(report.file)
    assert saved["anomalies"][0] == "the run broke off: LookupError('a broker never came')"
    assert (saved["faults"], saved["operations"]) == (
        [{"kind": "broker killed"}],
        {"ok": 7, "failed": 0, "unknown": 0},
    )
    assert "1 failed" in str(record.summary_table([report.file]).title)


async def test_an_append_whose_end_is_unknown_is_counted_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, execute = RunResults(), Store.execute
    stores = Stores(tmp_path, results.operations)
    await stores.open()

    async def fail_once(store: Store[int], command: StoreCommand[int]) -> Outcome:
        outcome = await execute(store, command)
        if not results.operations["unknown"]:
            raise Unavailable("stored, but the answer was lost")
        return outcome

    monkeypatch.setattr(Store, "execute", fail_once)
    offices = Offices("32", stores.record_facts, seed=1, opds=1)
    await offices.open(THURSDAY)
    stored = [body for service in SERVICES for body in await stores.stored_events(service, "32")]
    await stores.close()
    assert (results.operations["unknown"], results.operations["ok"]) == (1, len(stored))


def test_an_exact_run_leaves_its_json_alone(tmp_path: Path) -> None:
    with record.recorded_run(tmp_path, RunParameters(seed=7)) as (folder, report):
        report.results = RunResults(anomalies=[], figures={record.EXACTNESS_FIGURE: 1.5})
    assert (folder.exists(), report.summary()) == (False, "exact 1.5 s after the last fault was healed")
