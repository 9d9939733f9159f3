"""Loads gettext catalogues, and renders messages in the languages of the reader.

Code and templates are written in Indonesian. English is in files `en.po`: those of this package, and those of the
package that owns the messages.
"""

from collections.abc import Mapping
from functools import cached_property
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from shared.domain.facts.instruments import BilingualText
from shared.domain.messages import INDONESIAN, Language, Text, render

SHARED_LOCALE = Path(__file__).parent / "web" / "locale"
# The first one is the default of `shared.web.pages.language`.
LANGUAGES = ("id", "en")


class Catalogue:
    """Renders messages. `folders` hold the catalogues of the packages whose messages are rendered.

    The files are read at the first rendering.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = (SHARED_LOCALE, *folders)

    @cached_property
    def _languages(self) -> Mapping[str, Language]:
        english = load_translations(*(folder / "en.po" for folder in self._folders))
        return {"id": INDONESIAN, "en": Language("en", english.gettext)}

    def text(self, message: Text, lang: str) -> str:
        """Return a message in a language."""
        return render(message, self._languages[lang])

    def bilingual(self, message: Text) -> BilingualText:
        """Return a message in both languages, without validation."""
        # `model_construct` skips the length limits of facts: a text that is only displayed may be longer.
        return BilingualText.model_construct(id=self.text(message, "id"), en=self.text(message, "en"))

    def max_length(self, message: Text) -> int:
        """Return the number of characters of a message in the language that needs more of them."""
        return max(len(self.text(message, lang)) for lang in LANGUAGES)


SHARED_CATALOGUE = Catalogue()
"""Renders the messages of this package."""


def load_translations(*files: Path) -> Translations:
    """Return the translations of several catalogues; a file that does not exist counts as empty."""
    translations = Translations()
    for file in files:
        translations.merge(_read_catalogue(file))
    return translations


def _read_catalogue(file: Path) -> Translations:
    if not file.exists():
        return Translations()
    # Compiled in memory at the start, so that no build step is needed (docs/decisions/0004-libraries.md).
    compiled = BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return Translations(compiled)
