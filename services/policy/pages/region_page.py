"""Builds the template context of a region's page for the date and the preset in the query."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from services.policy.catalogue import CATALOGUE
from services.policy.domain.decider import State
from services.policy.domain.presets.catalogue import presets
from services.policy.domain.read_models.enactment_preview import EnactmentPreview, available_presets, preview_enactment
from services.policy.domain.read_models.region_overview import region_overview
from services.policy.domain.read_models.timeline_chart import BAR_STYLES, STATE_LABELS
from services.policy.domain.snapshot import PolicySnapshot
from services.policy.pages.enactment_form import FormError, FormInput
from services.policy.snapshots import load_snapshot
from shared.domain.facts.base import Day
from shared.domain.facts.instruments import Instrument
from shared.domain.messages import LocalDate
from shared.domain.places import region_name
from shared.domain.regions import local_date
from shared.event_store.store import Store

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
DATE_ADAPTER: TypeAdapter[date] = TypeAdapter(Day)


@dataclass(frozen=True)
class PageQuery:
    """The query parameters of the page, as text; empty if absent."""

    day: str = ""
    preset: str = ""
    recorded: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Read `?tanggal=2026-04-10`, `?contoh=ID`, and after an enactment `?tercatat=ID`."""
        return cls(*(query.get(name, "") for name in ("tanggal", "contoh", "tercatat")))


async def load_context(
    store: Store[State], region: str, now: datetime, query: PageQuery, form_error: FormError | None = None
) -> Mapping[str, Any]:
    """Load the snapshot of a region and return the variables of the template."""
    return template_context(await load_snapshot(store, region), now, query, form_error)


def template_context(
    snapshot: PolicySnapshot, now: datetime, query: PageQuery, form_error: FormError | None = None
) -> Mapping[str, Any]:
    """Return the variables of the template `wilayah.html`, with a new idempotency key unless a form is shown again."""
    region, today = snapshot.region, local_date(now, snapshot.region)
    day = parse_date(query.day)
    available = available_presets(snapshot, _all_presets())
    return {
        "region": region,
        "place": region_name(region),
        "today": today,
        "wrong_day": bool(query.day) and day is None,
        "overview": region_overview(snapshot, day or today, CATALOGUE.max_length),
        "bar_styles": [(style, STATE_LABELS[state]) for state, style in BAR_STYLES.items()],
        "available": available,
        "preview": _preview(snapshot, query.preset, available, now),
        "page_query": query,
        "recorded": snapshot.instruments.get(query.recorded),
        "form_error": form_error,
        "form_input": form_error.form_input if form_error else FormInput(query.preset),
        "date_text": LocalDate,
    }


def parse_date(text: str) -> date | None:
    """Return the date in a query parameter, or None if it is not a date that an event may have."""
    try:
        # The pattern comes first: the adapter alone would also accept a number as a Unix timestamp.
        return DATE_ADAPTER.validate_python(text) if ISO_DATE.fullmatch(text) else None
    except ValidationError:
        return None


def _preview(
    snapshot: PolicySnapshot, name: str, available: Sequence[Instrument], now: datetime
) -> EnactmentPreview | None:
    chosen = next((preset for preset in available if preset.instrument == name), None)
    return preview_enactment(snapshot, chosen, now) if chosen else None


@cache
def _all_presets() -> Mapping[str, Instrument]:
    return presets()
