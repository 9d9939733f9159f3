"""Tests how errors of a command are collected, raised and translated."""

import pytest
from pydantic import BaseModel, ValidationError

from shared.domain.errors import FieldError, Invalid, field_error, raise_if_any
from shared.domain.messages import Message
from tests.support.messages import english, indonesian

LATE = FieldError("/to", Message("Akhir mendahului awal."))
TWICE = FieldError("/units/1", Message("{unit} tertulis dua kali.", unit="A"))


class Person(BaseModel):
    names: tuple[int, ...]


def test_nothing_is_raised_without_an_error() -> None:
    raise_if_any(iter(()))


def test_all_errors_are_raised_together() -> None:
    with pytest.raises(Invalid) as invalid:
        raise_if_any(iter([LATE, TWICE]))
    assert invalid.value.errors == (LATE, TWICE)
    assert (invalid.value.pointer, str(invalid.value)) == ("/to", "Akhir mendahului awal.")


def test_an_error_of_pydantic_is_translated_without_its_value() -> None:
    with pytest.raises(ValidationError) as invalid:
        Person.model_validate({"names": ["198203042006041001x"]})
    (error,) = [field_error(error) for error in invalid.value.errors()]
    assert (error.pointer, indonesian(error.message)) == ("/names/0", "Nilai ini tidak sah.")
    assert "1982" not in english(error.message)
