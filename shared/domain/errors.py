"""Collects and raises the errors of a command: where in the body, and why. Pure.

`shared.web.problem` renders them as a 422 problem; command line and pages print `Invalid.errors`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shared.domain.facts.instruments import BilingualText
from shared.domain.messages import INDONESIAN, Text, render


class FieldError(NamedTuple):
    """One error of a command: an RFC 6901 pointer into the body (empty: the whole body), and a sentence.

    In a register file the pointer is `/rows/{row number}/{column name}`.
    """

    pointer: str
    message: Text


class Invalid(Exception):
    """A command that has no valid meaning. `errors` holds every error that was found, at least one.

    `pointer` and `message` are those of the first error.
    """

    def __init__(self, pointer: str, message: Text, *more: FieldError) -> None:
        super().__init__(render(message, INDONESIAN))
        self.errors = (FieldError(pointer, message), *more)
        self.pointer, self.message = pointer, message

    @classmethod
    def from_errors(cls, errors: Sequence[FieldError]) -> "Invalid":
        """Return one exception that holds all errors; there must be at least one."""
        first, *more = errors
        return cls(*first, *more)


def raise_if_any(errors: Iterable[FieldError]) -> None:
    """Raise one `Invalid` that holds all errors; do nothing if there are none."""
    collected = list(errors)
    if collected:
        raise Invalid.from_errors(collected)


def field_error(error: Mapping[str, Any]) -> FieldError:
    """Translate one error of pydantic, which is in English. The value is left out: it may be a NIP or a coordinate."""
    indonesian = _INDONESIAN.get(error["type"], _INDONESIAN_DEFAULT)
    # `model_construct` skips the length limits of facts: this text is only displayed.
    return FieldError(json_pointer(error["loc"]), BilingualText.model_construct(id=indonesian, en=error["msg"]))


def json_pointer(path: Iterable[str | int]) -> str:
    """Return the RFC 6901 pointer of a path, for example `/place/site`; empty for the whole body."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


_INDONESIAN_DEFAULT = "Nilai ini tidak sah."
_INDONESIAN = {
    "missing": "Isian ini wajib.",
    "extra_forbidden": "Isian ini tidak dikenal.",
    "greater_than_equal": "Nilai ini terlalu kecil atau terlalu awal.",
    "less_than_equal": "Nilai ini terlalu besar atau terlalu akhir.",
    "string_pattern_mismatch": "Bentuk isian ini tidak sesuai.",
    "string_too_short": "Isian ini terlalu pendek.",
    "string_too_long": "Isian ini terlalu panjang.",
    "literal_error": "Pilihan ini tidak ada.",
    "date_from_datetime_parsing": "Ini bukan tanggal; tulis misalnya 2025-11-06.",
    "datetime_from_date_parsing": "Ini bukan waktu; tulis misalnya 2025-11-06T07:21:08+07:00.",
    "timezone_aware": "Waktu harus menyebut zona, misalnya +07:00.",
    "uuid_parsing": "Ini bukan UUID.",
}
"""What users read in Indonesian, by pydantic's error type."""
