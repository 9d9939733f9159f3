"""Instruments that ship with Piket, each of which a region enacts for itself.

When they were published is not reported: the day of issue is assumed.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from shared.domain.facts.policy import Instrument

FOLDER = Path(__file__).parent


def presets(folder: Path = FOLDER) -> Mapping[str, Instrument]:
    """Every preset by its name. Raises ValueError for a file that is none."""
    return {file.stem: _read(file) for file in sorted(folder.glob("*.json"))}


def preset(name: str, folder: Path = FOLDER) -> Instrument:
    """The preset of a name. Raises LookupError with the names that exist, ValueError for a file that is none."""
    known = presets(folder)
    if name not in known:
        raise LookupError(f"There is no preset {name!r}. There are: {', '.join(known) or 'none'}.")
    return known[name]


def _read(file: Path) -> Instrument:
    """Read closed: what is misspelt in a preset is an error, not a rule less."""
    try:
        instrument = Instrument.model_validate_json(file.read_bytes(), extra="forbid")
    except ValidationError as broken:
        raise ValueError(f"{file.name} is no instrument: {broken}") from broken
    if instrument.instrument != file.stem:
        raise ValueError(f"{file.name} holds the instrument {instrument.instrument}; name the file after it.")
    return instrument
