"""The rules of names, sizes and sentences: the tree keeps them, and each planted violation is caught."""

from pathlib import Path

import pytest

from tests.contract.source_rules import MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_MODULES, MAX_TEST_LINES, violations

ROOT = Path(__file__).parents[2]
INIT = {"services/__init__.py": '"""Serves no request."""\n'}
LONG_FUNCTION = "def count() -> None:\n" + "    print()\n" * MAX_FUNCTION_LINES
TAP = "class Tap:\n    pass\n"
IN_A_BLOCK = "{}\n    class Tap:\n        pass\n"
TRIED = "try:\n    pass\nexcept ImportError:\n    Tap = int | str\n"
MANY_MODULES = {f"services/module_{number}.py": "" for number in range(MAX_MODULES + 1)}
PLANTED = [
    ({"services/one.py": TAP, "services/two.py": "Tap = int | str\n"}, "type Tap is defined in"),
    ({"services/one.py": "class OPD:\n    pass\n\n\nclass OPD:\n    pass\n"}, "type OPD is defined in"),
    ({"services/one.py": IN_A_BLOCK.format("if True:"), "services/two.py": TAP}, "type Tap is defined in"),
    ({"services/one.py": IN_A_BLOCK.format("class Day:"), "services/two.py": TAP}, "type Tap is defined in"),
    ({"services/one.py": TRIED, "services/two.py": TAP}, "type Tap is defined in services/one.py, services/two.py"),
    ({"services/one.py": "def told() -> None:\n    pass\n"}, "services/one.py:1 is named told"),
    ({"services/one.py": "class Desk:\n    pass\n"}, "services/one.py:1 is named Desk"),
    ({"services/one.py": "def add(each: int) -> None:\n    pass\n"}, "services/one.py:1 is named each"),
    ({"services/one.py": "told = 1\n"}, "services/one.py:1 is named told"),
    ({"services/one.py": "class Tap:\n    own: int\n"}, "services/one.py:2 is named own"),
    ({"services/one.py": "def add(self) -> None:\n    self._own = 1\n"}, "services/one.py:2 is named _own"),
    ({"services/one.py": "for each in ():\n    pass\n"}, "services/one.py:1 is named each"),
    ({"services/one.py": "PAIRS = [1 for _, other in ()]\n"}, "services/one.py:1 is named other"),
    ({"services/one.py": "import uuid as own\n"}, "services/one.py:1 is named own"),
    ({"services/told.py": ""}, "services/told.py is named told"),
    ({"services/bars.py": ""}, "services/bars.py is named bars"),
    ({"services/utils.py": ""}, "services/utils.py is named utils"),
    ({"services/one.py": "class Helper:\n    pass\n"}, "services/one.py:1 is named Helper"),
    ({"services/one.py": "class _TapManager:\n    pass\n"}, "services/one.py:1 is named _TapManager"),
    ({"services/one.py": "#\n" * (MAX_FILE_LINES + 1)}, "services/one.py has 201 lines"),
    ({"services/one.py": LONG_FUNCTION}, "services/one.py:1 count has 31 lines"),
    ({"tests/test_one.py": "#\n" * (MAX_TEST_LINES + 1)}, "tests/test_one.py has 401 lines"),
    (MANY_MODULES, "services has 9 modules"),
    ({"services/rooms/one.py": ""}, "services/rooms does not say what it does"),
    ({"services/rooms/__init__.py": '"""Rooms."""\n'}, "services/rooms does not say what it does"),
    ({"services/rooms/__init__.py": '"""Plans who works where"""\n'}, "services/rooms does not say what it does"),
    ({"services/one.py": "# Made anew at each start.\n"}, "services/one.py:1 says 'anew'"),
    ({"docs/how-to/add.md": "It lasts for ever.\n"}, "docs/how-to/add.md:1 says 'for ever'"),
    ({"README.md": "A board hears of its sources.\n"}, "README.md:1 says 'hears'"),
    ({"services/pages/board.html": "<p>Strangers</p>\n"}, "services/pages/board.html:1 says 'Strangers'"),
    (
        {"tests/test_one.py": "def test_it_starts_all_the_same() -> None: ...\n"},
        "tests/test_one.py:1 says 'all the same'",
    ),
]


def test_the_tree_keeps_the_rules() -> None:
    assert violations(ROOT) == []


@pytest.mark.parametrize(("files", "finding"), PLANTED)
def test_a_planted_violation_is_caught(tmp_path: Path, files: dict[str, str], finding: str) -> None:
    for name, text in (INIT | files).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    findings = violations(tmp_path)
    assert len(findings) == 1
    assert findings[0].startswith(finding)


def test_a_test_may_be_longer_than_code(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_one.py").write_text("#\n" * MAX_TEST_LINES)
    assert violations(tmp_path) == []


def test_one_state_in_each_service_is_no_finding(tmp_path: Path) -> None:
    for name in ("roster", "policy"):
        (tmp_path / "services" / name).mkdir(parents=True)
        (tmp_path / "services" / name / "__init__.py").write_text(
            '"""Decides who works where."""\n\nclass State:\n    pass\n'
        )
    (tmp_path / "services" / "__init__.py").write_text('"""Serves no request."""\n')
    assert violations(tmp_path) == []
