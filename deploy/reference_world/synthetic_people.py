"""Generates synthetic civil servants. All names end in `Contoh`, which means example."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import NamedTuple

FIRST_NAMES = (
    "Agus", "Ani", "Asep", "Budi", "Cecep", "Dadang", "Dedi", "Dewi", "Dian", "Eka", "Elis", "Euis", "Fitri", "Gita",
    "Hani", "Iis", "Imas", "Joko", "Kokom", "Lilis", "Mira", "Neng", "Nina", "Oman", "Rahmat", "Rina", "Rudi", "Sari",
    "Siti", "Tatang", "Teti", "Tini", "Ujang", "Wahyu", "Wati", "Yanti", "Yudi", "Yuli", "Zaenal", "Zahra",
)  # fmt: skip
FIRST_BIRTH_DATE = date(1968, 1, 1)
BIRTH_DATES = 11_000
PPPK_SHARE = 0.3


class SyntheticPerson(NamedTuple):
    """A person for the registry. The NIP contains birth date, first month of service, sex and a number."""

    name: str
    nip: str
    status: str
    position_class: str = "PELAKSANA"
    skills: tuple[str, ...] = ()


def generate_people(region: str, seed: int) -> Iterator[SyntheticPerson]:
    """Generate people without limit. NIPs are unique within a region."""
    generator = random.Random(f"{seed}/{region}")  # noqa: S311 - a synthetic world, not a secret
    for number in count():
        born = FIRST_BIRTH_DATE + timedelta(days=number % BIRTH_DATES)
        sex, round_number = generator.choice("12"), number // BIRTH_DATES
        # Service starts at the age of 24; after all birth dates were used, month and number change.
        nip = f"{born:%Y%m%d}{born.year + 24}{round_number % 12 + 1:02d}{sex}{round_number % 1000:03d}"
        status = "PPPK" if generator.random() < PPPK_SHARE else "PNS"
        yield SyntheticPerson(f"{generator.choice(FIRST_NAMES)} {number + 1} Contoh", nip, status)
