"""Renders messages of every package in Indonesian and English."""

from pathlib import Path

from shared.catalogue import Catalogue
from shared.domain.messages import Text

ROOT = Path(__file__).parents[2]
CATALOGUE = Catalogue(*sorted(path for root in ("services", "deploy") for path in (ROOT / root).glob("*/locale")))


def indonesian(text: Text) -> str:
    """Return a message in Indonesian."""
    return CATALOGUE.text(text, "id")


def english(text: Text) -> str:
    """Return a message in English."""
    return CATALOGUE.text(text, "en")
