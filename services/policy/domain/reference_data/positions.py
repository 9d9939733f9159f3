"""The positions that circulars speak of, and the other names by which people call them. Pure.

The list is closed: a name that nobody knows would be answered as if its holder were free to stay at home.
"""

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path

from shared.domain.facts.base import Invalid

ECHELON = re.compile(r"^(?:eselon|echelon|esl) ?([ivx]+?|[1-5]) ?[abcd]?$")
"""`Eselon III.a`, `echelon 3`, `ESL IIIB`: the letter is a step within the echelon."""


def position(text: str, region: str, named: Collection[str] = ()) -> str:
    """The code of a position by any of its names; `named` are those of instruments. Raises `Invalid` for any other."""
    spoken = _plain(text)
    found = _spoken(region).get(spoken) or {_plain(code): code for code in named}.get(spoken)
    if found is None:
        raise _unknown(", ".join(dict.fromkeys([*_table(), *sorted(named)])))
    return found


def _unknown(known: str) -> Invalid:
    return Invalid(
        "/position",
        f"Jabatan ini tidak dikenal; pilih {known}, atau nama lain seperti eselon III atau kepala dinas.",
        f"This position is unknown; choose one of {known}, or another name such as eselon III or kepala dinas.",
    )


def _spoken(region: str) -> Mapping[str, str]:
    """Every name, plainly written, with its code: what a sekda is depends on the government."""
    level = "province" if len(region) == len("32") else "city"
    return {
        name: code
        for code, names in _table().items()
        for name in (_plain(code), *names["words"], *names.get(level, ()))
    }


@cache
def _table() -> Mapping[str, Mapping[str, list[str]]]:
    table: Mapping[str, Mapping[str, list[str]]] = json.loads(Path(__file__).with_suffix(".json").read_text())
    return table


def _plain(text: str) -> str:
    """Words in lower case with single spaces, whatever stands between them; an echelon without its step."""
    words = " ".join(re.findall(r"[a-z0-9]+", text.casefold()))
    return ECHELON.sub(r"eselon \1", words)
