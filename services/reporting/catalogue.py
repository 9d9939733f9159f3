"""Renders the messages of reporting."""

from pathlib import Path

from shared.catalogue import Catalogue

LOCALE = Path(__file__).parent / "locale"
CATALOGUE = Catalogue(LOCALE)
