"""Maps the names of positions to the codes that circulars use.

The list is closed: an unknown name would be answered as if its holder were free to work from home.
"""

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from services.policy.domain.reference_data.normalized_text import normalize
from shared.domain.errors import Invalid
from shared.domain.messages import Message

ECHELON = re.compile(r"^(?:eselon|echelon|esl) ?([ivx]+?|[1-5]) ?[abcd]?$")
"""Matches `Eselon III.a`, `echelon 3`, `ESL IIIB`. The letter is a step within the echelon and is ignored."""


def known_positions() -> tuple[str, ...]:
    """Return the codes of all positions that have names."""
    return tuple(_table())


def position_code(text: str, region: str, instrument_positions: Collection[str] = ()) -> str:
    """Return the code of a position by one of its names. Raise `Invalid` for an unknown name.

    `instrument_positions` are codes that the instruments of the region name; they are known as well.
    """
    name = _normalize(text)
    code = _codes_by_name(region).get(name) or {_normalize(code): code for code in instrument_positions}.get(name)
    if code is None:
        raise _unknown(", ".join(dict.fromkeys([*_table(), *sorted(instrument_positions)])))
    return code


def _unknown(choices: str) -> Invalid:
    return Invalid(
        "/position",
        Message(
            "Jabatan ini tidak dikenal; pilih {choices}, atau nama lain seperti eselon III atau kepala dinas.",
            choices=choices,
        ),
    )


def _codes_by_name(region: str) -> Mapping[str, str]:
    """Return the code of each normalized name. Some names differ by government: a sekda of a province and of a city."""
    level = "province" if len(region) == len("32") else "city"  # two digits: province; four: regency or city
    return {
        name: code
        for code, names in _table().items()
        for name in (_normalize(code), *names["words"], *names.get(level, ()))
    }


@cache
def _table() -> Mapping[str, Mapping[str, list[str]]]:
    table: Mapping[str, Mapping[str, list[str]]] = json.loads(Path(__file__).with_suffix(".json").read_text())
    return table


def _normalize(text: str) -> str:
    """Return the normalized name, with an echelon written as `eselon iii`, without its step."""
    return ECHELON.sub(r"eselon \1", normalize(text))
