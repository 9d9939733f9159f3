"""Generates the governments of the reference world: OPD, units, posts and people.

The province has its 38 OPD; a kab/kota has the typical set of a city and its kecamatan. Staff numbers follow the
province's 36,005 of 2021 and Kota Bogor's 6,767 of 2022 (others by population); shares of education and health are
typical.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from deploy.reference_world.opd_catalogue import MIN_UNIT_PEOPLE, CatalogueOpd, ServicePost, ServiceType, register
from deploy.reference_world.synthetic_people import SyntheticPerson, generate_people
from shared.domain.places import governments

STAFF_COUNTS: Mapping[str, int] = {"32": 36_005, "3271": 6_767, "3276": 7_400, "3277": 4_600}
TYPICAL_KOTA_STAFF = 8_000
BACK_OFFICE_SIZE = 50
"""Approximate number of people in one back office."""
BACK_OFFICE_FIELDS = (
    "Perencanaan",
    "Program",
    "Pembinaan",
    "Pengembangan",
    "Evaluasi",
    "Data dan Informasi",
    "Kerja Sama",
)


class Unit(NamedTuple):
    """A unit, section or team with its people. `site` is its place of work, which may be the site of the OPD."""

    unit: str
    name: str
    class_: str
    site: str
    posts: tuple[ServicePost, ...]
    people: tuple[SyntheticPerson, ...]


class Office(NamedTuple):
    """One OPD of one government."""

    region: str
    opd: str
    name: str
    class_: str
    units: tuple[Unit, ...]

    @property
    def people(self) -> Iterator[SyntheticPerson]:
        """Return all people of the OPD."""
        return (person for unit in self.units for person in unit.people)


class TooFewPeople(Exception):
    """There are fewer people than the posts of these regions need."""

    def __init__(self, needed: int) -> None:
        super().__init__(f"These regions need at least {needed} people to staff their posts.")
        self.needed = needed


def world(regions: Sequence[str], people: int, seed: int) -> tuple[Office, ...]:
    """Return the OPD of these governments with `people` in total. The same arguments give the same world.

    Raise `TooFewPeople`.
    """
    registers = {region: register(governments()[region]) for region in regions}
    minimums = [sum(opd.min_people for opd in registers[region]) for region in regions]
    heads = distribute(people, [STAFF_COUNTS.get(region, TYPICAL_KOTA_STAFF) for region in regions], minimums)
    return tuple(office for region, count in zip(regions, heads, strict=True)
                 for office in _government(region, registers[region], count, seed))  # fmt: skip


def _government(region: str, register: Sequence[CatalogueOpd], heads: int, seed: int) -> Iterator[Office]:
    sizes = distribute(heads, [opd.weight for opd in register], [opd.min_people for opd in register])
    people = generate_people(region, seed)
    for opd, size in zip(register, sizes, strict=True):
        yield Office(region, opd.opd, opd.name, opd.class_, tuple(_units(opd, size, people)))


def _units(opd: CatalogueOpd, size: int, people: Iterator[SyntheticPerson]) -> Iterator[Unit]:
    """Yield service units according to their shares; the other people work in back offices of about fifty."""
    # Back offices get the remaining share, at least 0.05.
    weights = [
        *(service_type.share for service_type in opd.service_types),
        max(1 - sum(service_type.share for service_type in opd.service_types), 0.05),
    ]
    minimums = [*(service_type.min_people for service_type in opd.service_types), 2 * MIN_UNIT_PEOPLE]
    *serving, back = distribute(size, weights, minimums)
    offices = max(2, round(back / BACK_OFFICE_SIZE))
    for number, heads in enumerate(distribute(back, [1.0] * offices, [MIN_UNIT_PEOPLE] * offices)):
        unit, name = ("SEKRETARIAT", "Sekretariat") if number == 0 else (f"BIDANG-{number}", _division_name(number))
        yield Unit(unit, name, "NON_SERVICE", "KANTOR", (), _next_people(people, heads, ()))
    for service_type, heads in zip(opd.service_types, serving, strict=True):
        yield from _service_units(service_type, heads, people)


def _division_name(number: int) -> str:
    round_, which = divmod(number - 1, len(BACK_OFFICE_FIELDS))
    return f"Bidang {BACK_OFFICE_FIELDS[which]}{f' {round_ + 1}' if round_ else ''}"


def _service_units(service_type: ServiceType, staff: int, people: Iterator[SyntheticPerson]) -> Iterator[Unit]:
    count = max(1, min(round(staff / service_type.size), staff // service_type.min_people))
    for number, heads in enumerate(distribute(staff, [1.0] * count, [service_type.min_people] * count), start=1):
        unit = service_type.unit if count == 1 else f"{service_type.unit}-{number}"
        name = service_type.name if count == 1 else f"{service_type.name} {number}"
        skills = tuple(dict.fromkeys(post.skill for post in service_type.posts if post.skill))
        yield Unit(unit, name, service_type.class_, unit, service_type.posts, _next_people(people, heads, skills))


def _next_people(people: Iterator[SyntheticPerson], heads: int, skills: Sequence[str]) -> tuple[SyntheticPerson, ...]:
    """Return the next people. A person has two of the unit's skills in rotation; the first person heads the unit."""
    # Two skills in rotation: each post then has several people who can work there.
    skills_by_person = [
        tuple(sorted({skills[n % len(skills)], skills[(n + 1) % len(skills)]})) if skills else () for n in range(heads)
    ]
    ranks = ("ADMINISTRATOR", "PENGAWAS")
    return tuple(
        next(people)._replace(skills=person_skills, position_class=ranks[n] if n < len(ranks) else "PELAKSANA")
        for n, person_skills in enumerate(skills_by_person)
    )


def distribute(total: int, weights: Sequence[float], minimums: Sequence[int]) -> list[int]:
    """Split a number into integer parts by weights, none below its minimum. Raise `TooFewPeople`."""
    free = total - sum(minimums)
    if free < 0:
        raise TooFewPeople(sum(minimums))
    exact = [free * weight / sum(weights) for weight in weights]
    parts = [minimum + int(extra) for minimum, extra in zip(minimums, exact, strict=True)]
    # Rounding down leaves a few units over: the parts with the largest remainder get them.
    by_remainder = sorted(range(len(parts)), key=lambda n: (int(exact[n]) - exact[n], n))
    for n in by_remainder[: total - sum(parts)]:
        parts[n] += 1
    return parts
