"""What the page of a region reads: the date and the example that were asked for, and the books as they stand."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from services.policy.domain.decider import State
from services.policy.domain.explanation import nouns
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.read_models.enactment_preview import Preview, fitting, preview
from services.policy.domain.read_models.region_overview import overview
from services.policy.domain.read_models.timeline_chart import LOOKS, STATES
from services.policy.domain.snapshot import PolicySnapshot
from services.policy.pages.enactment_form import Filled, Refused
from services.policy.snapshots import books
from shared.domain.facts.base import Day
from shared.domain.facts.policy import Instrument
from shared.domain.places import places
from shared.domain.regions import local_date
from shared.event_store.store import Store

WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}")
DAY: TypeAdapter[date] = TypeAdapter(Day)


@dataclass(frozen=True)
class Wish:
    """What the address asks for."""

    day: str = ""
    example: str = ""
    recorded: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """`?tanggal=2026-04-10`, `?contoh=ID`, and after enacting `?tercatat=ID`."""
        return cls(*(query.get(name, "") for name in ("tanggal", "contoh", "tercatat")))


async def shown(
    store: Store[State], region: str, now: datetime, wish: Wish, refused: Refused | None = None
) -> Mapping[str, Any]:
    """The page of a region from its store."""
    return told(await books(store, region), now, wish, refused)


def told(known: PolicySnapshot, now: datetime, wish: Wish, refused: Refused | None = None) -> Mapping[str, Any]:
    """What the template reads. Pure, apart from a new key for each form."""
    region, today = known.region, local_date(now, known.region)
    asked = written(wish.day)
    examples = fitting(known, _shipped())
    return {
        "region": region,
        "place": places()[region].name if region in places() else region,
        "today": today,
        "wrong_day": bool(wish.day) and asked is None,
        "seen": overview(known, asked or today),
        "looks": [(look, STATES[name]) for name, look in LOOKS.items()],
        "examples": examples,
        "preview": _preview(known, wish.example, examples, now),
        "wish": wish,
        "recorded": known.courses.get(wish.recorded),
        "refused": refused,
        "filled": refused.filled if refused else Filled(wish.example),
        "written": nouns.day,
    }


def written(text: str) -> date | None:
    """A date as it is written in an address, if it is one that a fact can be about."""
    try:
        return DAY.validate_python(text) if WRITTEN.fullmatch(text) else None
    except ValidationError:
        return None


def _preview(known: PolicySnapshot, name: str, examples: Sequence[Instrument], now: datetime) -> Preview | None:
    chosen = next((example for example in examples if example.instrument == name), None)
    return preview(known, chosen, now) if chosen else None


@cache
def _shipped() -> Mapping[str, Instrument]:
    return presets()
