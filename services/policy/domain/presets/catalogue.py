"""Reads the instruments that ship with Piket (presets); a region enacts each of them for itself.

The sources do not state when the instruments were published: the presets assume the day of issue.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from shared.domain.facts.instruments import Instrument

PRESETS_FOLDER = Path(__file__).parent


def presets(folder: Path = PRESETS_FOLDER) -> Mapping[str, Instrument]:
    """Return all presets by name. Raise `ValueError` for a file that is not a valid preset."""
    return {file.stem: _read(file) for file in sorted(folder.glob("*.json"))}


def preset(name: str, folder: Path = PRESETS_FOLDER) -> Instrument:
    """Return a preset by name.

    Raise `LookupError`, which lists the existing names, for an unknown one, and `ValueError` for an invalid file.
    """
    by_name = presets(folder)
    if name not in by_name:
        raise LookupError(f"There is no preset {name!r}. There are: {', '.join(by_name) or 'none'}.")
    return by_name[name]


def _read(file: Path) -> Instrument:
    # Unknown fields are forbidden: a misspelt rule must be an error, not a rule that is silently missing.
    try:
        instrument = Instrument.model_validate_json(file.read_bytes(), extra="forbid")
    except ValidationError as error:
        raise ValueError(f"{file.name} is not an instrument: {error}") from error
    if instrument.instrument != file.stem:
        raise ValueError(f"{file.name} holds the instrument {instrument.instrument}; name the file after it.")
    return instrument
