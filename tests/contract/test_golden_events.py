"""One golden file for every event type ever published: the exact bytes that were stored and sent. Never edit one."""

from pathlib import Path

import pytest

from shared.domain.envelope import FACT_TYPES, FIRST_CHAIN, decode, encode, is_chained_to

FOLDER = Path(__file__).with_name("events")


def golden_file(event_type: str) -> Path:
    *_, name, version = event_type.split(".")
    return FOLDER / f"{name}.{version}.json"


@pytest.mark.parametrize("event_type", FACT_TYPES)
def test_bytes_of_every_published_type_are_read_and_written_as_they_were(event_type: str) -> None:
    body = golden_file(event_type).read_bytes()
    event = decode(body)
    assert (type(event.data), event.type) == (FACT_TYPES[event_type], event_type)
    assert encode(event) == body


@pytest.mark.parametrize("event_type", FACT_TYPES)
def test_a_golden_file_was_not_edited(event_type: str) -> None:
    assert is_chained_to(golden_file(event_type).read_bytes(), FIRST_CHAIN)


def test_no_published_type_was_removed() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {golden_file(event_type).name for event_type in FACT_TYPES}
