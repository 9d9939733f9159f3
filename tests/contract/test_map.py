"""The documents are true: every arrow of a map is an import or a topic, every path that is cited exists."""

from pathlib import Path

import pytest

from tests.contract.code_map import (
    dead_references,
    event_sources,
    line_error,
    lines,
    malformed_fences,
    packages_left_out,
)

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))]
ARROWS = [(name, line) for name in DOCUMENTS for line in lines((ROOT / name).read_text())]

PLANTED = {
    "services/reporting/domain/lateness.py -> shared/domain  Lateness is derived.": "lateness.py does not exist",
    "shared/domain -> services/nowhere  It leads nowhere.": "services/nowhere does not exist",
    "services/attendance/domain -> shared/event_store  It stores.": "no module in services/attendance/domain imports",
    "shared/event_store -> services/attendance/http  It answers.": "no module in shared/event_store imports",
    "services/policy/domain/decider.py -> services/policy/pages  It shows.": "no module in services/policy/domain/",
    "services/reporting/worker -> piket.{region}.payroll.v1  It pays.": "piket.{region}.payroll.v1 does not exist",
    "shared/relay -> piket.32.roster.v1  It sends one region.": "piket.32.roster.v1 does not exist",
    "services/attendance/http -> piket.{region}.attendance.v1  It sends.": "services/attendance/http never publishes",
    "services/reporting/worker -> piket.{region}.attendance.v1  It sends.": "services/reporting/worker never publishes",
    "piket.{region}.coverage.v1 -> services/reporting/worker  It reads.": "services/reporting/worker never consumes",
    "piket.{region}.roster.v1 -> services/roster/app.py  It reads.": "services/roster/app.py never consumes",
    "piket.{region}.policy.v1 -> piket.{region}.coverage.v1  It flows.": "joins two topics",
    "services/attendance/http -> services/attendance/domain": "is not an arrow with a sentence",
    "services/attendance/http services/attendance/domain  It calls.": "is not an arrow with a sentence",
}


@pytest.mark.parametrize(("document", "line"), ARROWS)
def test_an_arrow_is_an_import_or_a_topic(document: str, line: str) -> None:
    assert line_error(ROOT, line) is None, document


FENCES = ["```map\n{}\n```", "~~~map\n{}\n~~~", "  ```map\n  {}\n  ```", "```map \n{}\n``` ", "````map\n{}\n````"]


@pytest.mark.parametrize("fence", FENCES)
def test_every_fence_is_read(fence: str) -> None:
    document = f"A map:\n\n{fence}\n\nText.\n".format("a -> b  It goes.")
    assert [line.strip() for line in lines(document)] == ["a -> b  It goes."]
    assert list(malformed_fences(document)) == []


@pytest.mark.parametrize("fence", ["```map of all", "```Map", "- ```map", "> ~~~map", "```map\na -> b  It goes.\n~~~"])
def test_a_malformed_fence_is_caught(fence: str) -> None:
    assert list(malformed_fences(f"A map:\n\n{fence}\n")) == [fence.splitlines()[0]]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_fence_is_malformed(document: str) -> None:
    assert list(malformed_fences((ROOT / document).read_text())) == []


@pytest.mark.parametrize("document", ["README.md", "docs/map.md"])
def test_a_map_is_there(document: str) -> None:
    assert sum(name == document for name, _ in ARROWS) >= 10


@pytest.mark.parametrize(("line", "error"), PLANTED.items())
def test_a_false_arrow_is_caught(line: str, error: str) -> None:
    assert error in (line_error(ROOT, line) or "")


def test_the_map_names_every_package() -> None:
    assert packages_left_out(ROOT, (ROOT / "docs/map.md").read_text()) == []


def test_a_package_that_the_map_leaves_out_is_caught() -> None:
    without = (ROOT / "docs/map.md").read_text().replace("`services/roster/storage`", "")
    assert packages_left_out(ROOT, without) == ["services/roster/storage"]


def test_four_services_have_an_event_store() -> None:
    assert event_sources(ROOT) == {"policy", "roster", "attendance", "reporting"}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_cites_exists(document: str) -> None:
    assert list(dead_references(ROOT, ROOT / document)) == []


def test_a_dead_reference_is_caught(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("See `tests/unit/test_gone.py`, [why](docs/gone.md#why), `python -m tests.bench.gone`.")
    assert list(dead_references(ROOT, document)) == ["docs/gone.md", "tests/unit/test_gone.py", "tests.bench.gone"]
