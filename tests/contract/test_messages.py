"""Checks that every message of code and templates has its English, and that no translation is left over."""

from pathlib import Path

import pytest

from tests.contract.message_rules import message_violations

ROOT = Path(__file__).parents[2]
CATALOGUE = """
msgid "OPD {opd} belum terdaftar."
msgstr "OPD {opd} is not in the register."

msgctxt "POWER"
msgid "listrik"
msgstr "power"

msgid "Kembali"
msgstr "Back"
"""
MODULE = """
NOT_REGISTERED = Message("OPD {opd} belum terdaftar.", opd=opd)
POWER = Message("listrik", context="POWER")
"""
TEMPLATE = '{{ _("Kembali") }}'
ENGLISH = "services/roster/locale/en.po"
FILES = {ENGLISH: CATALOGUE, "services/roster/app.py": MODULE, "services/roster/x.html": TEMPLATE}
PAIR = 'BilingualText(id="Hari libur.", en="A holiday.")'
PLANTED = [
    ({"services/roster/one.py": 'Message("Libur")'}, "'Libur' is not translated"),
    ({"services/roster/one.py": 'Message("listrik")'}, "'listrik' is not translated"),
    ({"services/roster/one.py": 'Message(f"Libur {day}")'}, "one.py: the text of a message is not a literal"),
    ({"services/roster/one.py": 'messages.Message("Libur")'}, "'Libur' is not translated"),
    (
        {"services/roster/one.py": 'from shared.domain.messages import Message as Msg\nMsg("Libur")'},
        "'Libur' is not translated",
    ),
    ({"services/roster/one.py": 'Message(text="Libur")'}, "one.py: the text of a message is not a literal"),
    ({"services/roster/one.py": "Message(*texts)"}, "one.py: the text of a message is not a literal"),
    ({"services/roster/one.py": PAIR}, "one.py: English is beside the Indonesian text, not in en.po"),
    ({"services/roster/one.py": f"facts.{PAIR}"}, "one.py: English is beside the Indonesian text, not in en.po"),
    (
        {"services/roster/one.py": 'Message("OPD {opd} belum terdaftar.", code=code)'},
        "'OPD {opd} belum terdaftar.' has other values in one.py",
    ),
    ({"services/roster/y.html": '{{ _("Maju") }}'}, "'Maju' is not translated"),
    ({"services/roster/x.html": ""}, "'Kembali' is not used"),
    ({ENGLISH: CATALOGUE.replace('"Back"', '""')}, "'Kembali' has no English"),
    ({"services/roster/pages/en.po": 'msgid "Kembali"\nmsgstr "Return"\n'}, "'Kembali' is translated twice"),
    (
        {ENGLISH: CATALOGUE.replace("OPD {opd} is", "OPD {code} is")},
        "'OPD {opd} belum terdaftar.' has other placeholders in English",
    ),
]


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_the_tree_keeps_the_rules() -> None:
    assert message_violations(ROOT) == []


@pytest.mark.parametrize(("files", "finding"), PLANTED)
def test_a_planted_violation_is_caught(tmp_path: Path, files: dict[str, str], finding: str) -> None:
    write(tmp_path, FILES | files)
    assert message_violations(tmp_path) == [f"services/roster: {finding}"]


def test_a_message_that_shared_translates_differently_is_caught(tmp_path: Path) -> None:
    shared = {"shared/locale/en.po": 'msgid "Kembali"\nmsgstr "Return"\n', "shared/x.html": TEMPLATE}
    write(tmp_path, FILES | shared)
    assert message_violations(tmp_path) == ["services/roster: 'Kembali' has other English in shared"]


def test_circulars_that_ship_with_piket_and_texts_that_are_passed_on_may_be_pairs(tmp_path: Path) -> None:
    passed_on = "BilingualText(id=row.title, en=row.english)"
    write(tmp_path, FILES | {"services/policy/domain/presets/one.py": PAIR, "services/policy/one.py": passed_on})
    assert message_violations(tmp_path) == []


def test_one_language_may_leave_out_a_value_that_the_other_needs(tmp_path: Path) -> None:
    write(tmp_path, FILES | {ENGLISH: CATALOGUE.replace("OPD {opd} is", "It is")})
    assert message_violations(tmp_path) == []
