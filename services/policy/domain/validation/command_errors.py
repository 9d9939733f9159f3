"""Validates one command by itself, before anything is decided. Pure."""

from collections.abc import Iterator

from services.policy.domain.commands import (
    AmendInstrument,
    ApproveDays,
    DeclareHolidays,
    Decline,
    DeclineRecommendation,
    DraftInstrument,
    EnactInstrument,
    PolicyCommand,
    Transition,
)
from services.policy.domain.opd_commands import ArrangeUnit
from services.policy.domain.validation.errors import duplicate_errors, publication_errors, span_errors, weekday_errors
from services.policy.domain.validation.instrument_errors import instrument_errors
from shared.domain.errors import FieldError, raise_if_any
from shared.domain.messages import Message


def validate_command(command: PolicyCommand) -> None:
    """Raise `Invalid` with every error that the command has by itself: dates, patterns, shares, hours."""
    raise_if_any(_command_errors(command))


def _command_errors(command: PolicyCommand) -> Iterator[FieldError]:
    if isinstance(command, Transition | Decline):
        yield from publication_errors("/published_on", command.decided_on, command.published_on)
    match command:
        case EnactInstrument() | AmendInstrument() | DraftInstrument():
            yield from instrument_errors(command.instrument, command.region)
        case ApproveDays():
            yield from weekday_errors("/weekdays", command.weekdays)
            yield from span_errors("/effective_to", command.effective_from, command.effective_to)
        case DeclineRecommendation() if command.recommendation.region == command.region:
            yield FieldError(
                "/recommendation/region", Message("Wilayah tidak menolak instrumennya sendiri; cabut atau tangguhkan.")
            )
        case DeclareHolidays(holidays=holidays):
            if not holidays:
                yield FieldError("/holidays", Message("Sebutkan sedikitnya satu hari."))
            yield from duplicate_errors("/holidays/{}/date", [str(holiday.date) for holiday in holidays])
        case ArrangeUnit():
            yield from _arrangement_errors(command)


def _arrangement_errors(command: ArrangeUnit) -> Iterator[FieldError]:
    yield from span_errors("/valid_to", command.valid_from, command.valid_to)
    for number, post in enumerate(command.posts):
        yield from weekday_errors(f"/posts/{number}/weekdays", post.weekdays)
        if post.closes_minute <= post.opens_minute:
            yield FieldError(
                f"/posts/{number}/closes_minute",
                Message("{post} harus tutup sesudah buka; tugas malam ditulis di atas menit 1440.", post=post.post),
            )
        for earlier in command.posts[:number]:
            if earlier.post == post.post and set(earlier.weekdays) & set(post.weekdays):
                days = ", ".join(day for day in post.weekdays if day in earlier.weekdays)
                yield FieldError(
                    f"/posts/{number}/post",
                    Message("{post} tertulis dua kali untuk {days}.", post=post.post, days=days),
                )
