"""Policy: an instrument is enacted or revoked, an OPD opened, a unit arranged; every OPD it touches is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from services.policy.commands import ArrangeUnit, EnactInstrument, OpenOpd, PolicyCommand, RevokeInstrument, check
from services.policy.resolution import Binding, end, periods
from shared.command import Context
from shared.facts.fact import Fact, Invalid
from shared.facts.policy import (
    ArrangementChanged,
    Change,
    InstrumentEnacted,
    InstrumentRevoked,
    OpdOpened,
    PolicyChanged,
)
from shared.regions import local_date


@dataclass(frozen=True, slots=True)
class State:
    """One stream: the instruments of a region, the register entry of an OPD, or the arrangement of a unit."""

    bindings: tuple[Binding, ...] = ()
    opd: OpdOpened | None = None
    policy: PolicyChanged | None = None
    arrangement: ArrangementChanged | None = None


initial = State()
States = Mapping[str, State]
Facts = Mapping[str, Sequence[Fact]]


def stream(command: PolicyCommand) -> str:
    """The primary stream of a command."""
    match command:
        case EnactInstrument() | RevokeInstrument():
            return f"instruments/{command.region}"
        case OpenOpd():
            return f"policy/{command.region}/{command.opd}"
        case ArrangeUnit():
            return f"arrangement/{command.region}/{command.opd}/{command.unit}"
    assert_never(command)


def reads(command: PolicyCommand) -> tuple[str, ...]:
    """What else a command must see: for an instrument, every OPD of the region."""
    match command:
        case EnactInstrument() | RevokeInstrument():
            return (f"policy/{command.region}/",)
        case OpenOpd():
            return (f"instruments/{command.region}",)
        case ArrangeUnit():
            return (f"policy/{command.region}/{command.opd}",)
    assert_never(command)


def evolve(state: State, fact: Fact) -> State:
    """What a fact changes."""
    match fact:
        case InstrumentEnacted(instrument=instrument, binds_from=first):
            binding = Binding(instrument, first, end(instrument), fact.published_attested_by)
            return replace(state, bindings=(*state.bindings, binding))
        case InstrumentRevoked(instrument=name, binds_until=until):
            return replace(state, bindings=tuple(_ended(b, name, until) for b in state.bindings))
        case OpdOpened():
            return replace(state, opd=fact)
        case PolicyChanged():
            return replace(state, policy=fact)
        case ArrangementChanged():
            return replace(state, arrangement=fact)
        case _:
            return state


def decide(command: PolicyCommand, states: States, context: Context) -> Facts:
    """The facts that a command makes, by stream; an empty answer means that nothing changes. Raises `Invalid`."""
    check(command)
    match command:
        case EnactInstrument():
            return _enact(command, states, local_date(context.now, command.region))
        case RevokeInstrument():
            return _revoke(command, states, local_date(context.now, command.region))
        case OpenOpd():
            return _open(command, states, local_date(context.now, command.region))
        case ArrangeUnit():
            return _arrange(command, states)
    assert_never(command)


def _enact(command: EnactInstrument, states: States, today: date) -> Facts:
    instrument = command.instrument
    before = _last(states[stream(command)], instrument.instrument)
    if before and before.instrument != instrument:
        raise Invalid(
            "/instrument/instrument",
            f"Instrumen {instrument.instrument} sudah ditetapkan dengan isi lain; beri nama baru untuk perubahannya.",
            f"Instrument {instrument.instrument} is enacted already with other content; give the change its own name.",
        )
    if before and not before.revoked:
        return {}
    published = instrument.published_on if command.published_attested_by else max(instrument.published_on, today)
    # what was revoked binds again from now on: nobody attests that it was never revoked
    first = max(instrument.effective_from, published, *((before.until, today) if before else ()))
    fact = InstrumentEnacted(
        region=command.region,
        instrument=instrument,
        binds_from=first,
        published_attested_by=command.published_attested_by,
    )
    region = evolve(states[stream(command)], fact)
    return {stream(command): [fact], **_tell(region, states, _enacted(region.bindings[-1]))}


def _revoke(command: RevokeInstrument, states: States, today: date) -> Facts:
    region = states[stream(command)]
    binding = _last(region, command.instrument)
    if binding is None:
        raise Invalid(
            "/instrument",
            f"Instrumen {command.instrument} tidak dikenal di wilayah {command.region}.",
            f"Instrument {command.instrument} is unknown in region {command.region}.",
        )
    until = max(command.effective_from, command.published_on, today)
    if until >= binding.until:
        return {}
    fact = InstrumentRevoked(**command.model_dump(), binds_until=until)
    change = Change(
        kind="REVOKED",
        instrument=command.instrument,
        decided_on=command.decided_on,
        published_on=command.published_on,
        effective_from=until,
    )
    return {stream(command): [fact], **_tell(evolve(region, fact), states, change)}


def _enacted(binding: Binding) -> Change:
    return Change(
        kind="ENACTED",
        instrument=binding.instrument.instrument,
        decided_on=binding.instrument.decided_on,
        published_on=binding.instrument.published_on,
        published_attested_by=binding.attested_by,
        effective_from=binding.first,
    )


def _tell(region: State, states: States, change: Change) -> Facts:
    """The effective policy of every open OPD, after a change in its region."""
    return {
        name: [_policy_changed(state.opd, state.policy, region, change)] for name, state in states.items() if state.opd
    }


def _policy_changed(opd: OpdOpened, before: PolicyChanged | None, region: State, change: Change) -> PolicyChanged:
    return PolicyChanged(
        region=opd.region,
        opd=opd.opd,
        change=change,
        revision=before.revision + 1 if before else 1,
        periods=periods([b for b in region.bindings if b.first < b.until]),
    )


def _open(command: OpenOpd, states: States, today: date) -> Facts:
    own, region = states[stream(command)], states[f"instruments/{command.region}"]
    if own.opd:
        return {}
    opened = OpdOpened(**command.model_dump())
    holding = [b for b in region.bindings if max(b.first, today) < b.until]
    facts = [_policy_changed(opened, None, region, _enacted(b)) for b in holding[-1:]]
    return {stream(command): [opened, *facts]}


def _arrange(command: ArrangeUnit, states: States) -> Facts:
    if not states[f"policy/{command.region}/{command.opd}"].opd:
        raise Invalid(
            "/opd",
            f"OPD {command.opd} belum terdaftar di wilayah {command.region}.",
            f"OPD {command.opd} is not in the register of region {command.region}.",
        )
    fact = ArrangementChanged.model_validate(command.model_dump(by_alias=True))
    return {} if states[stream(command)].arrangement == fact else {stream(command): [fact]}


def _last(region: State, name: str) -> Binding | None:
    return next((b for b in reversed(region.bindings) if b.instrument.instrument == name), None)


def _ended(binding: Binding, name: str, until: date) -> Binding:
    named = binding.instrument.instrument == name
    return replace(binding, until=min(binding.until, until)) if named else binding
