"""Renders the messages of policy."""

from pathlib import Path

from shared.catalogue import Catalogue

LOCALE = Path(__file__).parent / "locale"
CATALOGUE = Catalogue(LOCALE)
