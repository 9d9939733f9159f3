"""Creates a register to start from: typical OPD, with a secretariat and one unit per service."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from deploy.reference_world.opd_catalogue import CatalogueOpd, register
from deploy.reference_world.seeding import RADIUS_M, post_body
from services.policy.domain.opd_commands import ArrangeUnit, OpenOpd
from services.policy.domain.register_import.export import register_rows
from shared.domain.places import Government
from shared.domain.regions import region_timezone
from shared.domain.sheets.files import SheetRow


class RegisterTemplate(NamedTuple):
    """The OPD and units of a template."""

    agencies: tuple[OpenOpd, ...]
    units: tuple[ArrangeUnit, ...]


def register_template(government: Government, set_: str | None, since: date) -> RegisterTemplate:
    """Return the OPD of a set (`provinsi`, `kota`; default: by region). All sites are in the centre, to be edited."""
    opds = register(government, set_)
    openings = (OpenOpd(region=government.region, opd=opd.opd, name=opd.name, on=since) for opd in opds)
    return RegisterTemplate(tuple(openings), tuple(unit for opd in opds for unit in _units(government, opd, since)))


def template_rows(government: Government, template: RegisterTemplate) -> Sequence[SheetRow]:
    """Return the rows of a template; latitude and longitude are left empty if the centre is not known."""
    empty: SheetRow = {} if government.is_located else {"lat": "", "lng": ""}
    return [{**row, **empty} for row in register_rows(template.agencies, template.units)]


def _units(government: Government, opd: CatalogueOpd, since: date) -> Iterator[ArrangeUnit]:
    yield _unit(government, opd, since, {"unit": "SEKRETARIAT", "name": "Sekretariat", "class": "NON_SERVICE"})
    for service_type in opd.service_types:
        posts = [post_body(post) for post in service_type.posts]
        yield _unit(
            government,
            opd,
            since,
            {"unit": service_type.unit, "name": service_type.name, "class": service_type.class_, "posts": posts},
        )


def _unit(government: Government, opd: CatalogueOpd, since: date, details: Mapping[str, Any]) -> ArrangeUnit:
    code = "KANTOR" if details["unit"] == "SEKRETARIAT" else details["unit"]
    site = {
        "site": code,
        "lat": government.lat,
        "lng": government.lng,
        "radius_m": RADIUS_M,
        "timezone": region_timezone(government.region).key,
    }
    return ArrangeUnit.model_validate(
        {"region": government.region, "opd": opd.opd, "site": site, "valid_from": since, **details}
    )
