"""Prints the validation errors of `piket policy` in Indonesian and in English."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.onboarding import people_sheet
from services.policy.catalogue import LOCALE
from services.policy.snapshots import UnknownOpd
from shared.catalogue import Catalogue
from shared.domain.errors import Invalid
from shared.domain.messages import Text

CATALOGUE = Catalogue(LOCALE, Path(__file__).parent / "locale", people_sheet.LOCALE)
"""Renders the messages of policy, of this package, and of the sheet of people."""


def both_languages(message: Text) -> str:
    """Return a message in Indonesian and in English; once if it is the same in both languages."""
    text = CATALOGUE.bilingual(message)
    return text.id if text.id == text.en else f"{text.id} / {text.en}"


@contextmanager
def exit_on_invalid() -> Iterator[None]:
    """Print each validation error and exit with status 1."""
    try:
        yield
    except UnknownOpd as unknown:
        print(unknown, file=sys.stderr)
        sys.exit(1)
    except Invalid as invalid:
        print(*(f"{f.pointer or '/'}: {both_languages(f.message)}" for f in invalid.errors), sep="\n", file=sys.stderr)
        sys.exit(1)
