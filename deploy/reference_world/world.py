"""A province on paper: which OPD a government has, what their units must provide, and how many people they have.

The province has its 38 OPD, every kab/kota the typical set of a city and its kecamatan. Sizes follow the province's
36,005 staff of 2021 and Kota Bogor's 6,767 of 2022 (others by population); shares of education and health are typical.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from deploy.reference_world.opd_catalogue import SMALLEST, Kind, Opd, Post, register
from deploy.reference_world.synthetic_people import Person, staff
from shared.domain.places import places

HEADS: Mapping[str, int] = {"32": 36_005, "3271": 6_767, "3276": 7_400, "3277": 4_600}
HEADS_OF_A_KOTA = 8_000
OFFICE_SIZE = 50
"""People in one back office, about."""
BACK_OFFICES = ("Perencanaan", "Program", "Pembinaan", "Pengembangan", "Evaluasi", "Data dan Informasi", "Kerja Sama")


class Unit(NamedTuple):
    """A unit, section or team with its people; `site` is its own place of work, or the OPD's."""

    unit: str
    name: str
    class_: str
    site: str
    posts: tuple[Post, ...]
    people: tuple[Person, ...]


class Office(NamedTuple):
    """One OPD of one government."""

    region: str
    opd: str
    name: str
    class_: str
    units: tuple[Unit, ...]

    @property
    def people(self) -> Iterator[Person]:
        """Everybody who works here."""
        return (person for unit in self.units for person in unit.people)


class TooFew(Exception):
    """Fewer people than the posts of these regions need."""

    def __init__(self, needed: int) -> None:
        super().__init__(f"These regions need at least {needed} people to staff their posts.")
        self.needed = needed


def world(regions: Sequence[str], people: int, seed: int) -> tuple[Office, ...]:
    """The OPD of these governments with so many people in all. The same arguments make the same world.

    Raises `TooFew`.
    """
    registers = {region: register(places()[region]) for region in regions}
    least = [sum(opd.least for opd in registers[region]) for region in regions]
    heads = share_out(people, [HEADS.get(region, HEADS_OF_A_KOTA) for region in regions], least)
    return tuple(office for region, count in zip(regions, heads, strict=True)
                 for office in _government(region, registers[region], count, seed))  # fmt: skip


def _government(region: str, register: Sequence[Opd], heads: int, seed: int) -> Iterator[Office]:
    sizes = share_out(heads, [opd.weight for opd in register], [opd.least for opd in register])
    made = staff(region, seed)
    for opd, size in zip(register, sizes, strict=True):
        yield Office(region, opd.opd, opd.name, opd.class_, tuple(_units(opd, size, made)))


def _units(opd: Opd, size: int, made: Iterator[Person]) -> Iterator[Unit]:
    """Service units by their shares, the rest in back offices of about fifty."""
    weights = [*(kind.share for kind in opd.kinds), max(1 - sum(kind.share for kind in opd.kinds), 0.05)]
    *serving, back = share_out(size, weights, [*(kind.least for kind in opd.kinds), 2 * SMALLEST])
    offices = max(2, round(back / OFFICE_SIZE))
    for number, heads in enumerate(share_out(back, [1.0] * offices, [SMALLEST] * offices)):
        unit, name = ("SEKRETARIAT", "Sekretariat") if number == 0 else (f"BIDANG-{number}", _field(number))
        yield Unit(unit, name, "NON_SERVICE", "KANTOR", (), _taken(made, heads, ()))
    for kind, people in zip(opd.kinds, serving, strict=True):
        yield from _service(kind, people, made)


def _field(number: int) -> str:
    round_, which = divmod(number - 1, len(BACK_OFFICES))
    return f"Bidang {BACK_OFFICES[which]}{f' {round_ + 1}' if round_ else ''}"


def _service(kind: Kind, people: int, made: Iterator[Person]) -> Iterator[Unit]:
    count = max(1, min(round(people / kind.size), people // kind.least))
    for number, heads in enumerate(share_out(people, [1.0] * count, [kind.least] * count), start=1):
        unit = kind.unit if count == 1 else f"{kind.unit}-{number}"
        name = kind.name if count == 1 else f"{kind.name} {number}"
        skills = tuple(dict.fromkeys(post.skill for post in kind.posts if post.skill))
        yield Unit(unit, name, kind.class_, unit, kind.posts, _taken(made, heads, skills))


def _taken(made: Iterator[Person], heads: int, skills: Sequence[str]) -> tuple[Person, ...]:
    """The next people; each has two of the unit's skills, by turns, and the first one heads the unit."""
    owned = [tuple(sorted({*skills[n % len(skills) :][:1], *skills[(n + 1) % len(skills) :][:1]})) if skills else ()
             for n in range(heads)]  # fmt: skip
    ranks = ("ADMINISTRATOR", "PENGAWAS")
    return tuple(
        next(made)._replace(skills=own, position_class=ranks[n] if n < len(ranks) else "PELAKSANA")
        for n, own in enumerate(owned)
    )


def share_out(total: int, weights: Sequence[float], least: Sequence[int]) -> list[int]:
    """Split a number by weights into whole parts, none below its least. Raises `TooFew`."""
    free = total - sum(least)
    if free < 0:
        raise TooFew(sum(least))
    exact = [free * weight / sum(weights) for weight in weights]
    parts = [low + int(more) for low, more in zip(least, exact, strict=True)]
    largest = sorted(range(len(parts)), key=lambda n: (int(exact[n]) - exact[n], n))
    for n in largest[: total - sum(parts)]:
        parts[n] += 1
    return parts
