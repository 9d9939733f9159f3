"""Checks the options of `piket demo` before anything is started."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import typer

from shared.domain.facts.base import EARLIEST
from shared.domain.places import governments
from shared.domain.regions import region_timezone
from shared.settings import validate_addresses

Parsed = TypeVar("Parsed")
MIN_PLAY_MINUTES = 45
FIRST_DATE, LAST_DATE = date(2025, 1, 2), date(2027, 12, 30)
"""The dates whose holidays are known, without the first and the last: a demo also needs the neighbouring dates."""


@dataclass(frozen=True)
class Options:
    """The options of a demo. `start` and `end` are minutes of the day; `speed` is a factor of real time.

    `url` is the address that readers use if a gateway is before the demo, else empty.
    """

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
    observe: bool = True
    url: str = ""
    monitoring_files: Path | None = None

    @property
    def midnight(self) -> datetime:
        """Return the midnight of the day in the zone of the first region."""
        return datetime.combine(self.day, time(), region_timezone(self.regions[0]))

    @property
    def start_instant(self) -> datetime:
        """Return the instant at which the play starts."""
        return self.midnight + timedelta(minutes=self.start)


def check_date(text: str) -> str:
    """Check `--date`."""
    if not FIRST_DATE <= _parse(text, date.fromisoformat, "not a date; write for example 2025-11-06") <= LAST_DATE:
        raise typer.BadParameter(f"{text} is outside {FIRST_DATE} to {LAST_DATE}, the years whose holidays are known.")
    return text


def check_past_date(text: str) -> str:
    """Check `--from` of a rebuild: events cannot have an earlier date than `EARLIEST`."""
    if _parse(text, date.fromisoformat, "not a date; write for example 2025-11-06") < EARLIEST:
        raise typer.BadParameter(f"{text} is before {EARLIEST}, the first possible date of an event.")
    return text


def check_time(text: str) -> str:
    """Check `--from` and `--to`."""
    _parse(text, parse_time, "not a time of day; write for example 06:30")
    return text


def check_regions(text: str) -> str:
    """Check `--regions`: known codes without repetition."""
    codes = text.split(",")
    unknown = [code for code in codes if code not in governments()]
    if unknown or len(set(codes)) < len(codes):
        valid_codes = f"{min(governments())}, 3201 to {max(governments())}"
        raise typer.BadParameter(
            f"{', '.join(unknown) or text} cannot be used: give different codes of West Java ({valid_codes})."
        )
    return text


def check_speed(speed: float) -> float:
    """Check `--speed`: it must be above 0, and the services cannot follow more than 1,000 times real time."""
    if not 0 < speed <= 1000 or math.isnan(speed):
        raise typer.BadParameter("give a number above 0 and not above 1000.")
    return speed


def check_store(text: str) -> str:
    """Check `--store`."""
    address, without_placeholder = urlsplit(text), text.replace("{service}", "")
    if text != "sqlite" and not (
        address.scheme == "postgresql" and address.path[1:] and not {*"{}"} & {*without_placeholder}
    ):
        raise typer.BadParameter("give sqlite, or postgresql://user@host:port/name.")
    return text


def check_broker(text: str) -> str:
    """Check `--broker`."""
    if text not in {"auto", "kafka"}:
        _parse(text, validate_addresses, "not a broker; give auto, kafka (started here), or host:port of a running one")
    return text


def check_file(path: Path | None) -> Path | None:
    """Check `--report` and `--truth` before the play, because it takes long and writes them only at the end."""
    if path and (path.is_dir() or not path.resolve().parent.is_dir()):
        raise typer.BadParameter(f"{path} cannot be written: its folder does not exist, or it is a folder itself.")
    return path


def check_url(text: str) -> str:
    """Check `--url`."""
    if not re.fullmatch(r"(https?://[^\s/?#]+)?", text):
        raise typer.BadParameter(f"{text} is not the address of a gateway; give for example https://localhost:8443")
    return text


def check_folder(path: Path | None) -> Path | None:
    """Check `--monitoring-files`."""
    if path and not path.is_dir():
        raise typer.BadParameter(f"{path} is not a folder.")
    return path


def parse_time(text: str) -> datetime:
    """Parse a time such as `06:30`. Raise ValueError for other texts."""
    return datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a time without date and zone


def parse_date(text: str) -> date:
    """Parse a date such as `2025-11-06`."""
    return date.fromisoformat(text)


def play_window(start: str, end: str) -> tuple[int, int]:
    """Return two times such as `06:30` as minutes of the day. Raise `BadParameter` if the window is too short."""
    start_minute, end_minute = (parsed.hour * 60 + parsed.minute for parsed in map(parse_time, (start, end)))
    if end_minute - start_minute < MIN_PLAY_MINUTES:
        raise typer.BadParameter(f"{start} to {end} is too short: give at least {MIN_PLAY_MINUTES} minutes.")
    return start_minute, end_minute


def _parse(text: str, parser: Callable[[str], Parsed], expectation: str) -> Parsed:
    try:
        return parser(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is {expectation}.") from error
