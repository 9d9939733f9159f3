"""Reports errors that many fields of a command share: repeated values, reversed dates, weekdays. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date

from shared.domain.errors import FieldError
from shared.domain.facts.rules import WEEKDAYS
from shared.domain.messages import Message


def duplicate_errors(pointer: str, values: Sequence[str]) -> Iterator[FieldError]:
    """Report every value that occurs more than once; `{}` in the pointer is replaced by its index in the list."""
    for number, value in enumerate(values):
        if value in values[:number]:
            yield FieldError(pointer.format(number), Message("{value} tertulis dua kali.", value=value))


def span_errors(pointer: str, first: date, last: date | None) -> Iterator[FieldError]:
    """Report a last date before the first one."""
    if last and last < first:
        yield FieldError(pointer, Message("Tanggal akhir {last} mendahului {first}.", last=last, first=first))


def weekday_errors(pointer: str, weekdays: tuple[str, ...]) -> Iterator[FieldError]:
    """Report an empty list of weekdays, a code that is not a weekday, and a weekday that occurs twice."""
    if not weekdays or not set(weekdays) <= set(WEEKDAYS):
        yield FieldError(pointer, Message("Isi hari dengan MON sampai SUN."))
    elif len(set(weekdays)) < len(weekdays):
        yield FieldError(pointer, Message("Satu hari tertulis dua kali."))


def publication_errors(pointer: str, decided_on: date, published_on: date) -> Iterator[FieldError]:
    """Report a publication that is dated before the decision."""
    if published_on < decided_on:
        yield FieldError(
            pointer,
            Message(
                "Diumumkan {published_on}, sebelum diputuskan {decided_on}.",
                published_on=published_on,
                decided_on=decided_on,
            ),
        )
