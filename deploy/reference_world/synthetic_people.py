"""Synthetic civil servants: nobody here exists. Every name ends in `Contoh`, which means example."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from typing import NamedTuple

FIRST = (
    "Agus", "Ani", "Asep", "Budi", "Cecep", "Dadang", "Dedi", "Dewi", "Dian", "Eka", "Elis", "Euis", "Fitri", "Gita",
    "Hani", "Iis", "Imas", "Joko", "Kokom", "Lilis", "Mira", "Neng", "Nina", "Oman", "Rahmat", "Rina", "Rudi", "Sari",
    "Siti", "Tatang", "Teti", "Tini", "Ujang", "Wahyu", "Wati", "Yanti", "Yudi", "Yuli", "Zaenal", "Zahra",
)  # fmt: skip
BORN = date(1968, 1, 1)
DAYS = 11_000
PPPK_SHARE = 0.3


class Person(NamedTuple):
    """Somebody for the registry. The NIP tells a birth date, a first month of duty, a sex and a number."""

    name: str
    nip: str
    status: str
    position_class: str = "PELAKSANA"
    skills: tuple[str, ...] = ()


def staff(region: str, seed: int) -> Iterator[Person]:
    """People without end; within a region no NIP comes twice."""
    chance = random.Random(f"{seed}/{region}")  # noqa: S311 - a synthetic world, not a secret
    for number in count():
        born = BORN + timedelta(days=number % DAYS)
        sex, turn = chance.choice("12"), number // DAYS
        nip = f"{born:%Y%m%d}{born.year + 24}{turn % 12 + 1:02d}{sex}{turn % 1000:03d}"
        status = "PPPK" if chance.random() < PPPK_SHARE else "PNS"
        yield Person(f"{chance.choice(FIRST)} {number + 1} Contoh", nip, status)
