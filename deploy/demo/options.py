"""What `piket demo` is told, checked before anything starts."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import typer

from shared.domain.facts.base import EARLIEST
from shared.domain.places import places
from shared.domain.regions import zone
from shared.settings import addresses

T = TypeVar("T")
SHORTEST = 45
FIRST, LAST = date(2025, 1, 2), date(2027, 12, 30)
"""The years whose holidays are known, but for the days around which there would be no night before or after."""


@dataclass(frozen=True)
class Options:
    """A morning to show: which day of which governments, how many people, from when until when, how fast."""

    day: date
    regions: tuple[str, ...]
    people: int
    speed: float
    start: int
    end: int
    store: str
    broker: str
    headless: bool
    report: Path | None
    truth: Path | None
    seed: int
    port: int

    @property
    def midnight(self) -> datetime:
        """The begin of the day where it is played."""
        return datetime.combine(self.day, time(), zone(self.regions[0]))

    @property
    def begins(self) -> datetime:
        """The first instant that is played."""
        return self.midnight + timedelta(minutes=self.start)


def a_date(text: str) -> str:
    """Check `--date`."""
    if not FIRST <= _read(text, date.fromisoformat, "no date; write for example 2025-11-06") <= LAST:
        raise typer.BadParameter(f"{text} lies outside {FIRST} to {LAST}, the years whose holidays are known.")
    return text


def a_past_date(text: str) -> str:
    """Check `--from` of a view: no event tells of an earlier date than the first."""
    if _read(text, date.fromisoformat, "no date; write for example 2025-11-06") < EARLIEST:
        raise typer.BadParameter(f"{text} lies before {EARLIEST}, the first date that an event can tell of.")
    return text


def an_hour(text: str) -> str:
    """Check `--from` and `--to`."""
    _read(text, clock, "no time of day; write for example 06:30")
    return text


def some_regions(text: str) -> str:
    """Check `--regions`: codes of the board, each once."""
    codes = text.split(",")
    unknown = [code for code in codes if code not in places()]
    if unknown or len(set(codes)) < len(codes):
        known = f"{min(places())}, 3201 to {max(places())}"
        raise typer.BadParameter(
            f"{', '.join(unknown) or text} cannot be shown: give codes of West Java ({known}), each once."
        )
    return text


def a_speed(speed: float) -> float:
    """Check `--speed`: time must go on, and no clock of a computer keeps up with more than 1,000 times the day."""
    if not 0 < speed <= 1000 or math.isnan(speed):
        raise typer.BadParameter("time must go on: give a number above 0 and not above 1000.")
    return speed


def a_store(text: str) -> str:
    """Check `--store`."""
    address, named = urlsplit(text), text.replace("{service}", "")
    if text != "sqlite" and not (address.scheme == "postgresql" and address.path[1:] and not {*"{}"} & {*named}):
        raise typer.BadParameter("give sqlite, or postgresql://user@host:port/name.")
    return text


def a_broker(text: str) -> str:
    """Check `--broker`."""
    if text not in {"auto", "kafka"}:
        _read(text, addresses, "no broker; give auto, kafka (started here), or host:port of a running one")
    return text


def a_file(path: Path | None) -> Path | None:
    """Check `--report` and `--truth`: the play is long, so what it cannot write is said before it."""
    if path and (path.is_dir() or not path.resolve().parent.is_dir()):
        raise typer.BadParameter(f"{path} cannot be written: its folder is not there, or it is one itself.")
    return path


def clock(text: str) -> datetime:
    """`06:30`. Raises ValueError for anything else."""
    return datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - an hour, of a day that is not known here


def day_of(text: str) -> date:
    """`2025-11-06` as a date."""
    return date.fromisoformat(text)


def hours(start: str, end: str) -> tuple[int, int]:
    """`06:30` and `16:30` as minutes of the day. Raises BadParameter where nothing lies between them."""
    first, last = (read.hour * 60 + read.minute for read in map(clock, (start, end)))
    if last - first < SHORTEST:
        raise typer.BadParameter(f"{start} to {end} is too short a time: give at least {SHORTEST} minutes.")
    return first, last


def _read(text: str, read: Callable[[str], T], otherwise: str) -> T:
    try:
        return read(text)
    except ValueError as broken:
        raise typer.BadParameter(f"{text} is {otherwise}.") from broken
