"""The template of a register: written from the tables of a typical government, and read back as the same."""

import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from deploy.reference_world.register_template import template
from services.policy.domain.register_import.export import FILLED, hari, rows
from services.policy.domain.register_import.rows import Kind
from shared.domain.places import places
from tests.support.register_sheets import read


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize(("region", "set_", "count"), [("32", None, 38), ("3276", None, 34), ("32", "kota", 34)])
def test_a_template_is_read_back_as_the_register_it_was_written_from(
    kind: Kind, region: str, set_: str | None, count: int
) -> None:
    own = template(places()[region], set_, date(2025, 1, 1))
    back = read(FILLED[kind](list(rows(own.agencies, own.units))), kind, region)
    assert [(a.opd, a.name, a.on) for a in back.agencies] == [(a.opd, a.name, a.on) for a in own.agencies]
    assert ([unit.command for unit in back.units], len(back.agencies) >= count) == ([*own.units], True)


def test_an_agency_without_units_and_a_unit_that_ends_are_written_too() -> None:
    own = template(places()["32"], None, date(2025, 1, 1))
    ending = own.units[0].model_copy(update={"valid_to": date(2025, 12, 31), "kinds": ("LOKET",)})
    back = read(FILLED["csv"](list(rows(own.agencies[:2], [ending]))))
    assert ([a.opd for a in back.agencies], [u.command for u in back.units]) == (["SETDA", "SETWAN"], [ending])


@pytest.mark.parametrize(("days", "said"), [("MON TUE WED", "SEN-RAB"), ("MON WED", "SEN,RAB"), ("SAT SUN", "SAB,MIN")])
def test_weekdays_are_written_as_people_read_them(days: str, said: str) -> None:
    assert hari(days.split()) == said


def test_the_template_lists_the_allowed_values() -> None:
    book = load_workbook(io.BytesIO(FILLED["xlsx"]([])))
    lists: Sequence[Any] = book["register"].data_validations.dataValidation
    assert (lists[0].formula1, book.sheetnames) == (
        '"NON_SERVICE,MIXED,DIRECT,EMERGENCY_24X7"', ["register", "pilihan"],
    )  # fmt: skip
