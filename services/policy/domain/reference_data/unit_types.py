"""The kinds of OPD and units that circulars speak of (`KECAMATAN`, `RSUD`), told from codes and names by a table.

A kind of services (`KESEHATAN`) is what a unit gives, not the name of the agency above it: the back office of a
Dinas Kesehatan is no health service. What the sources leave open here is an assumption of the table.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Kind(NamedTuple):
    """One kind: the words that name it, the wider kinds it is of, the class of a typical one."""

    words: tuple[str, ...]
    of: tuple[str, ...]
    class_: str
    services: bool


def kinds_of(code: str, name: str) -> tuple[str, ...]:
    """The kinds of an OPD or a unit, narrow before wide; none for an ordinary office."""
    spoken = f"{_plain(code)} {_plain(name)}"
    narrow = [k for k, kind in table().items() if not kind.services and any(_says(spoken, w) for w in kind.words)]
    return tuple(dict.fromkeys([*narrow, *(wide for k in narrow for wide in table()[k].of)]))


def typical(name: str) -> tuple[str, tuple[str, ...]]:
    """The class and kinds of a typical OPD or unit of a name; an ordinary office gives no service."""
    named = tuple(k for k, kind in table().items() if _plain(name) in (_plain(k), *kind.words))
    kinds = tuple(dict.fromkeys([*named, *(wide for k in named for wide in table()[k].of), *kinds_of(name, name)]))
    return (table()[kinds[0]].class_ if kinds else "NON_SERVICE"), kinds


@cache
def table() -> Mapping[str, Kind]:
    """Every kind by its code."""
    written = json.loads(Path(__file__).with_suffix(".json").read_text())
    return {
        k: Kind(tuple(v["words"]), tuple(v["of"]), v["class"], v.get("services", False)) for k, v in written.items()
    }


def _says(spoken: str, word: str) -> bool:
    """Whether a text has a word of the table, a number behind it or not: `SMAN3`."""
    return re.search(rf"\b{word}[0-9]*\b", spoken) is not None


def _plain(text: str) -> str:
    """Words in lower case with single spaces, whatever stands between them."""
    parts: Sequence[str] = re.findall(r"[a-z0-9]+", text.casefold())
    return " ".join(parts)
