"""A register to begin with: the OPD of a typical government, each with a secretariat and one unit of each service."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from deploy.reference_world.opd_catalogue import Opd, register
from deploy.reference_world.seeding import RADIUS_M, posted
from services.policy.domain.commands import ArrangeUnit, OpenOpd
from shared.domain.places import Place
from shared.domain.regions import zone


class Template(NamedTuple):
    """What the template says of the register of a region."""

    agencies: tuple[OpenOpd, ...]
    units: tuple[ArrangeUnit, ...]


def template(place: Place, set_: str | None, since: date) -> Template:
    """The OPD of a set (`provinsi`, `kota`; else that of the place); the sites lie in its centre, to be filled in."""
    own = register(place, set_)
    opened = (OpenOpd(region=place.region, opd=opd.opd, name=opd.name, on=since) for opd in own)
    return Template(tuple(opened), tuple(unit for opd in own for unit in _units(place, opd, since)))


def _units(place: Place, opd: Opd, since: date) -> Iterator[ArrangeUnit]:
    yield _unit(place, opd, since, {"unit": "SEKRETARIAT", "name": "Sekretariat", "class": "NON_SERVICE"})
    for kind in opd.kinds:
        posts = [posted(post) for post in kind.posts]
        yield _unit(place, opd, since, {"unit": kind.unit, "name": kind.name, "class": kind.class_, "posts": posts})


def _unit(place: Place, opd: Opd, since: date, says: Mapping[str, Any]) -> ArrangeUnit:
    code = "KANTOR" if says["unit"] == "SEKRETARIAT" else says["unit"]
    where = {"site": code, "lat": place.lat, "lng": place.lng, "radius_m": RADIUS_M, "timezone": zone(place.region).key}
    return ArrangeUnit.model_validate(
        {"region": place.region, "opd": opd.opd, "site": where, "valid_from": since, **says}
    )
