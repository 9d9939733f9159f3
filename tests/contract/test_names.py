"""The rules of names, sizes and sentences: the tree keeps them, and each planted violation is caught."""

from pathlib import Path

import pytest

from tests.contract.source_rules import MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_MODULES, violations

ROOT = Path(__file__).parents[2]
INIT = {"services/__init__.py": '"""Serves nothing."""\n'}
LONG_FUNCTION = "def count() -> None:\n" + "    print()\n" * MAX_FUNCTION_LINES
MANY_MODULES = {f"services/module_{number}.py": "" for number in range(MAX_MODULES + 1)}
PLANTED = [
    ({"services/one.py": "class Tap:\n    pass\n", "services/two.py": "Tap = int | str\n"}, "type Tap is defined in"),
    ({"services/one.py": "def told() -> None:\n    pass\n"}, "services/one.py:1 is named told"),
    ({"services/one.py": "class Desk:\n    pass\n"}, "services/one.py:1 is named Desk"),
    ({"services/one.py": "def add(each: int) -> None:\n    pass\n"}, "services/one.py:1 is named each"),
    ({"services/one.py": "#\n" * (MAX_FILE_LINES + 1)}, "services/one.py has 201 lines"),
    ({"services/one.py": LONG_FUNCTION}, "services/one.py:1 count has 31 lines"),
    (MANY_MODULES, "services has 9 modules"),
    ({"services/rooms/one.py": ""}, "services/rooms does not say what it does"),
    ({"services/one.py": "# Made anew at each start.\n"}, "services/one.py:1 says 'anew'"),
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


def test_one_state_in_each_service_is_no_finding(tmp_path: Path) -> None:
    for name in ("roster", "policy"):
        (tmp_path / "services" / name).mkdir(parents=True)
        (tmp_path / "services" / name / "__init__.py").write_text('"""Decides."""\n\nclass State:\n    pass\n')
    (tmp_path / "services" / "__init__.py").write_text('"""Serves nothing."""\n')
    assert violations(tmp_path) == []
