"""Checks an instrument against the recorded ones: supersession, addressed OPD, shares that cannot both hold. Pure."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from services.policy.domain.instruments.effective_policy import ANY_OPD, EffectivePolicy
from services.policy.domain.instruments.in_force import supersessions
from services.policy.domain.instruments.lifecycle import Instruments
from services.policy.domain.resolution.binding import LAYERS
from services.policy.domain.resolution.periods import per_site
from services.policy.domain.validation.rule_errors import share_conflict_error
from shared.domain.errors import FieldError
from shared.domain.facts.instruments import Instrument
from shared.domain.facts.policy import Period
from shared.domain.messages import Message


class _ShareConflict(NamedTuple):
    """An OPD for which one instrument keeps more people on site than another one allows, from a period on."""

    opd: str
    sources: str
    period: Period


def consistency_errors(
    instrument: Instrument, instruments: Instruments, register: Collection[str]
) -> Iterator[FieldError]:
    """Report what an instrument supersedes wrongly, and each OPD that it is addressed to but is not registered."""
    for number, name in enumerate(instrument.supersedes):
        yield from _supersedes_errors(f"/instrument/supersedes/{number}", instrument, name, instruments)
    for number, opd in enumerate(instrument.opds):
        if opd not in register:
            pointer = f"/instrument/opds/{number}"
            yield FieldError(pointer, Message("OPD {opd} belum terdaftar.", opd=opd))


def _supersedes_errors(
    pointer: str, instrument: Instrument, name: str, instruments: Instruments
) -> Iterator[FieldError]:
    if name not in instruments:
        yield FieldError(pointer, Message("{name} tidak dikenal di wilayah ini.", name=name))
        return
    successor, layer = instrument.instrument, instruments[name].instrument.layer
    if LAYERS.index(layer) < LAYERS.index(instrument.layer):
        yield FieldError(
            pointer,
            Message(
                "{name} berlapis {layer}; instrumen berlapis {instrument_layer} tidak dapat menggantikannya.",
                name=name,
                layer=layer,
                instrument_layer=instrument.layer,
            ),
        )
    yield from _already_superseded_errors(pointer, successor, name, instruments)
    chain = _superseded_chain(name, instruments)
    if successor in chain:
        cycle = " > ".join([successor, *chain])
        yield FieldError(
            pointer,
            Message(
                "{successor} dan {name} akan saling menggantikan: {cycle}.", successor=successor, name=name, cycle=cycle
            ),
        )


def supersession_errors(instrument: Instrument, instruments: Instruments) -> Iterator[FieldError]:
    """Report what an instrument that is scheduled or resumed supersedes, if it now has another successor."""
    for name in instrument.supersedes:
        yield from _already_superseded_errors("/instrument", instrument.instrument, name, instruments)


def _already_superseded_errors(
    pointer: str, successor: str, name: str, instruments: Instruments
) -> Iterator[FieldError]:
    others = [id_ for id_, h in instruments.items() if id_ != successor and name in dict(supersessions(h))]
    if others:
        yield FieldError(
            pointer,
            Message(
                "{name} sudah digantikan {current}; {successor} tidak dapat menggantikannya lagi.",
                name=name,
                current=others[0],
                successor=successor,
            ),
        )


def _superseded_chain(name: str, instruments: Instruments) -> list[str]:
    """Return an instrument and all that it supersedes, directly or through others, without repetition."""
    chain = [name]
    for superseded in chain:  # the list grows while it is read: each id is followed once
        history = instruments.get(superseded)
        chain += [n for n in (history.instrument.supersedes if history else ()) if n not in chain]
    return chain


def share_conflict_errors(before: Instruments, after: Instruments) -> Iterator[FieldError]:
    """Report a minimum on site above the maximum on site of another instrument, unless `before` had it already."""
    # A contradiction on record must block no later decision (docs/decisions/0014).
    recorded = {(conflict.opd, conflict.sources) for conflict in _share_conflicts(before)}
    for opd, sources, period in _share_conflicts(after):
        if (opd, sources) not in recorded:
            addressee = "" if opd == ANY_OPD else f"{opd}, "
            detail, rules = f"{addressee}{period.from_}: {sources}", period.rules
            yield share_conflict_error(rules.min_on_site_share or 0, rules.max_on_site_share or 0, detail)


def _share_conflicts(instruments: Instruments) -> Iterator[_ShareConflict]:
    """Yield each conflict once, with its first period: those of all OPD first, then those of addressed OPD."""
    # Without holidays: no share depends on the calendar.
    effective, reported = EffectivePolicy(instruments, ()), set[tuple[str, str]]()
    for opd in (ANY_OPD, *sorted({name for history in instruments.values() for name in history.instrument.opds})):
        for period, _ in per_site(effective.periods_of(opd)):
            minimum, maximum = period.rules.min_on_site_share, period.rules.max_on_site_share
            if minimum is None or maximum is None or minimum <= maximum:
                continue
            sources = " / ".join(period.won_by[rule].instrument for rule in ("min_on_site_share", "max_on_site_share"))
            # What all OPD have in conflict is not repeated for each addressed OPD; ANY_OPD comes first.
            if (opd, sources) not in reported and (ANY_OPD, sources) not in reported:
                reported.add((opd, sources))
                yield _ShareConflict(opd, sources, period)
