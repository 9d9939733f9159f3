"""Who is asked about without a server: an OPD or unit of the reference world, or a typical one of a name."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from deploy.reference_world.opd_catalogue import Opd, register
from services.policy.domain.reference_data.unit_types import kinds_of, typical
from shared.domain.places import places

BACK_OFFICE = re.compile(r"^(SEKRETARIAT|BIDANG)\b")
GOVERNMENT = re.compile(r"-(PROVINSI|PROV|KOTA|KABUPATEN|KAB)-.*$")
NUMBER = re.compile(r"-[0-9]+$")


class Stranger(NamedTuple):
    """An OPD by its code, and the class and kinds of it or of one of its units; the weekdays on which posts open."""

    opd: str
    class_: str
    kinds: frozenset[str]
    opens: frozenset[str]


def code(text: str) -> str:
    """A code as it stands in facts: `Gedung Sate` is `GEDUNG-SATE`."""
    return re.sub(r"[^A-Z0-9_]+", "-", text.upper()).strip("-")


def stranger(region: str, opd: str, unit: str | None = None) -> Stranger:
    """An OPD of the reference world by its code or name, else a typical one; `unit` is a code."""
    own = _own(region, opd)
    name = own.opd if own else code(opd)
    class_, kinds = (own.class_, kinds_of(own.opd, own.name)) if own else typical(opd)
    part, more = _unit(own, unit) if unit else (None, ())
    codes = frozenset({name, *kinds, *more, *([unit] if unit else [])})
    return Stranger(name, part or class_, codes, _opens(own, unit))


def _opens(own: Opd | None, unit: str | None) -> frozenset[str]:
    """The weekdays on which the posts of a unit open, or of an OPD whichever unit they are of."""
    services = [k for k in (own.kinds if own else ()) if unit is None or k.unit == NUMBER.sub("", unit)]
    return frozenset(day for service in services for post in service.posts for day in post.weekdays)


def _own(region: str, opd: str) -> Opd | None:
    """An OPD of the register of the region, also where the government's name follows its own."""
    known = dict(_names(region))
    return known.get(code(opd)) or known.get(GOVERNMENT.sub("", code(opd)))


def _names(region: str) -> Iterator[tuple[str, Opd]]:
    for opd in register(places()[region]) if region in places() else ():
        yield from ((code(opd.opd), opd), (code(opd.name), opd))


def _unit(own: Opd | None, unit: str) -> tuple[str | None, tuple[str, ...]]:
    """The class and kinds of a unit; no class where nothing is known of it, since it is then as its OPD is."""
    if BACK_OFFICE.match(unit):
        return "NON_SERVICE", ()
    service = next((k for k in (own.kinds if own else ()) if k.unit == NUMBER.sub("", unit)), None)
    if service:
        return service.class_, kinds_of(service.unit, service.name)
    class_, kinds = typical(unit)
    return (class_ if kinds else None), kinds
