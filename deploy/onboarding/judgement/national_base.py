"""Lists the national instruments that every government records for itself. Pure."""

from collections.abc import Collection
from datetime import date

from services.policy.domain.presets.catalogue import presets
from shared.domain.facts.instruments import Instrument


def national_base(today: date) -> tuple[Instrument, ...]:
    """Return the national instruments that were published until today and have not ended, by date of publication."""
    national = (i for i in presets().values() if i.layer == "NATIONAL" and i.published_on <= today)
    return tuple(
        sorted((i for i in national if i.effective_to is None or i.effective_to >= today), key=lambda i: i.published_on)
    )


def missing_instruments(today: date, recorded: Collection[str]) -> tuple[Instrument, ...]:
    """Return the instruments of the national base that a government has not recorded."""
    return tuple(i for i in national_base(today) if i.instrument not in recorded)
