"""The settings: each says what it means, the manual has all of them, and a name with a typing error is noticed."""

from pathlib import Path

import pytest

from deploy.settings.table import READERS, document, rows
from services.reporting.worker.settings import WorkerSettings
from shared.settings import Settings
from shared.settings.unknown_variables import OTHER_SETTINGS, known_variables, unknown_variables

MANUAL = Path(__file__).parents[2] / "docs/operations/settings.md"


def test_the_manual_is_made_from_the_code() -> None:
    assert MANUAL.read_text() == document(), "python -m deploy.settings > docs/operations/settings.md"


def test_each_setting_says_in_a_sentence_what_it_means() -> None:
    assert [row.variable for row in rows() if not row.meaning.endswith(".")] == []


def test_the_processes_are_named_for_settings_only() -> None:
    assert READERS.keys() <= known_variables()


def test_a_worker_has_the_settings_that_every_process_knows() -> None:
    of_worker = WorkerSettings.model_fields.keys() - Settings.model_fields.keys()
    assert {f"PIKET_{name.upper()}" for name in of_worker} == OTHER_SETTINGS


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("PIKET_STORE_PASWORD_FILE", "and has no effect. Did you mean PIKET_STORE_PASSWORD_FILE?"),
        ("PIKET_REGION", "Did you mean PIKET_REGIONS?"),
        ("PIKET_XYZZY", "PIKET_XYZZY is no setting of Piket and has no effect. See docs/operations/settings.md."),
    ],
)
def test_a_name_with_a_typing_error_is_named_with_the_most_similar_setting(name: str, sentence: str) -> None:
    (line,) = unknown_variables([name, "PATH", "PIKET_STORE"])
    assert line.endswith(sentence)


def test_what_kubernetes_and_the_tools_of_piket_add_is_no_typing_error() -> None:
    links = ("PIKET_ROSTER_SERVICE_HOST", "PIKET_ROSTER_PORT", "PIKET_ROSTER_PORT_8080_TCP_ADDR")
    assert list(unknown_variables([*links, "PIKET_CACHE", "PIKET_MEMBER", "PIKET_PORT"])) == []
