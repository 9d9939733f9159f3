"""Defines messages: texts that the code writes in Indonesian and that are rendered in the reader's language. Pure.

The Indonesian text is the key of the translation, as in the templates of pages. `shared.catalogue` loads translations.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeAlias

from babel.dates import format_date
from babel.numbers import format_decimal

from shared.domain.facts.instruments import BilingualText

CONTEXT_SEPARATOR = "\x04"
"""Separates the context from the text in the key of a translation. Defined by gettext."""


@dataclass(frozen=True, init=False)
class Message:
    """A text in Indonesian with `{name}` placeholders, and their values.

    `context` distinguishes messages with the same Indonesian text and different translations.
    """

    text: str
    context: str
    values: tuple[tuple[str, "MessageValue"], ...]

    def __init__(self, text: str, /, *, context: str = "", **values: "MessageValue") -> None:
        # A frozen dataclass sets its fields in this way.
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "context", context)
        object.__setattr__(self, "values", tuple(values.items()))

    def fill(self, **values: "MessageValue") -> "Message":
        """Return the message with values for placeholders."""
        return Message(self.text, context=self.context, **dict(self.values), **values)


class Joined(NamedTuple):
    """Several texts with a separator between them."""

    parts: tuple["Text", ...]
    separator: str


class Capitalized(NamedTuple):
    """A text whose first letter is a capital; the other letters keep their case, unlike `str.capitalize`."""

    content: "Text"


class LocalDate(NamedTuple):
    """A date in the words of a language, in a pattern of Unicode CLDR: `6 November 2025`."""

    day: date
    pattern: str = "d MMMM y"


class LocalNumber(NamedTuple):
    """A number with the decimal separator of a language: `37,5` and `37.5`."""

    number: float


class LocalTime(NamedTuple):
    """A time of day, or a span of two, in the notation of a language: `07:30` is `07.30` in Indonesian."""

    time: str


Text: TypeAlias = str | Message | Joined | Capitalized | LocalDate | LocalNumber | LocalTime | BilingualText
"""What can be rendered in a language. A `str` is the same in all languages: a code, a name, a title."""

MessageValue: TypeAlias = Text | float | date | None
"""The value of a placeholder. Plain numbers and dates are the same in all languages: `0.5`, `2025-11-06`."""


class Language(NamedTuple):
    """A language: its code, and the lookup of a translation, which returns the key itself if there is none."""

    code: str
    translate: Callable[[str], str]


INDONESIAN = Language("id", str)


def join(parts: Iterable[Text], separator: str = ", ") -> Joined:
    """Return texts as one text, with a separator between them."""
    return Joined(tuple(parts), separator)


def concatenate(*parts: Text) -> Joined:
    """Return texts as one text, without a separator."""
    return Joined(parts, "")


def render(text: Text, language: Language) -> str:
    """Return a text in a language."""
    match text:
        case str():
            return text
        case Message():
            return _translation(text, language).format(**{name: _rendered(v, language) for name, v in text.values})
        case Joined(parts, separator):
            return separator.join(render(part, language) for part in parts)
        case Capitalized(content):
            rendered = render(content, language)
            return rendered[:1].upper() + rendered[1:]
        case BilingualText():
            return text.id if language.code == INDONESIAN.code else text.en
    return _localized(text, language)


def _localized(text: LocalDate | LocalNumber | LocalTime, language: Language) -> str:
    match text:
        case LocalDate(day, pattern):
            return format_date(day, pattern, locale=language.code)
        case LocalNumber(number):
            return format_decimal(number, locale=language.code)
    return text.time.replace(":", ".") if language.code == INDONESIAN.code else text.time


def _rendered(value: MessageValue, language: Language) -> str | float | date | None:
    """Return the value of a placeholder for `str.format`, which formats plain numbers and dates itself."""
    return value if value is None or isinstance(value, int | float | date) else render(value, language)


def _translation(message: Message, language: Language) -> str:
    key = f"{message.context}{CONTEXT_SEPARATOR}{message.text}" if message.context else message.text
    translation = language.translate(key)
    # Without a translation gettext returns the key, which begins with the context.
    return message.text if translation == key else translation
