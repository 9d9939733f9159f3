"""Classifies OPD and units by code and name into the types that circulars use (`KECAMATAN`, `RSUD`).

A service type (`KESEHATAN`) is what a unit provides; it does not follow from the name of its agency: the back office
of a Dinas Kesehatan is not a health service. Where the sources are silent, the table in the JSON file is an assumption.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from services.policy.domain.reference_data.normalized_text import normalize


class UnitType(NamedTuple):
    """One type: the words that name it, its wider types, and the service class of a typical unit."""

    name_words: tuple[str, ...]
    wider_types: tuple[str, ...]
    class_: str
    is_service: bool


def unit_types_of(code: str, name: str) -> tuple[str, ...]:
    """Return the types of an OPD or unit, narrow types before wider ones; empty for an ordinary office."""
    text = f"{normalize(code)} {normalize(name)}"
    narrow = [
        type_code
        for type_code, unit_type in unit_types().items()
        if not unit_type.is_service and any(_contains_word(text, word) for word in unit_type.name_words)
    ]
    return tuple(dict.fromkeys([*narrow, *_wider_types(narrow)]))


def default_unit_type(name: str) -> tuple[str, tuple[str, ...]]:
    """Return the service class and types of a typical OPD or unit with a name: `NON_SERVICE` for an ordinary office."""
    text = normalize(name)
    named = [c for c, unit_type in unit_types().items() if text in (normalize(c), *unit_type.name_words)]
    types = tuple(dict.fromkeys([*named, *_wider_types(named), *unit_types_of(name, name)]))
    return (unit_types()[types[0]].class_ if types else "NON_SERVICE"), types


def _wider_types(narrow: Iterable[str]) -> Iterator[str]:
    return (wide for type_code in narrow for wide in unit_types()[type_code].wider_types)


@cache
def unit_types() -> Mapping[str, UnitType]:
    """Return all types by code."""
    table = json.loads(Path(__file__).with_suffix(".json").read_text())
    return {
        type_code: UnitType(tuple(row["words"]), tuple(row["of"]), row["class"], row.get("services", False))
        for type_code, row in table.items()
    }


def _contains_word(text: str, word: str) -> bool:
    """Return whether a text contains a word, with or without a number after it: `SMAN3`."""
    return re.search(rf"\b{word}[0-9]*\b", text) is not None
