"""Provides circulars of Depok, steps (a day and a command) on them, and what is recorded after several steps."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from services.policy.domain import decider
from services.policy.domain.commands import (
    AmendInstrument,
    ApproveDays,
    DraftInstrument,
    EnactInstrument,
    PolicyCommand,
    ResumeInstrument,
    RevokeInstrument,
    ScheduleInstrument,
    SuspendInstrument,
)
from services.policy.domain.instruments.in_force import bindings, supersession_dates
from services.policy.domain.instruments.lifecycle import OPEN_END, Instruments, state_on
from services.policy.domain.instruments.transitions import due_changes
from shared.domain.errors import Invalid
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import Instrument
from shared.domain.facts.policy import OpdOpened, PolicyChanged
from tests.support.example_facts import at
from tests.support.given_when_then import decide, fold
from tests.support.messages import english, indonesian

REGION = "3276"
DAY = timedelta(days=1)
DECIDED, THURSDAY, MONDAY = date(2026, 1, 23), date(2026, 1, 29), date(2026, 2, 17)
OPENED = {
    opd: OpdOpened(region=REGION, opd=opd, name=name, on=date(2020, 1, 1))
    for opd, name in (
        ("BKPSDM", "Badan Kepegawaian"),
        ("DISHUB", "Dinas Perhubungan"),
        ("BAPPEDA", "Badan Perencanaan"),
    )
}
REGISTER: Mapping[str, Sequence[Fact]] = {f"policy/{REGION}/{opd}": [fact] for opd, fact in OPENED.items()}
Step = tuple[date, PolicyCommand]


def se(name: str = "depok-2026-se-42", first: date | None = THURSDAY, **more: Any) -> Instrument:
    fields = {
        "instrument": name, "title": f"SE Depok {name}", "layer": "REGION", "government": REGION,
        "decided_on": DECIDED, "published_on": DECIDED, "effective_from": first,
        "rules": {"pattern": {"weekdays": ["THU"]}},
    }  # fmt: skip
    return Instrument.model_validate(fields | more)


SE_42 = se()
UNTIL_15_FEB = se(effective_to=date(2026, 2, 15))
SE_80 = se("depok-2026-se-80", MONDAY, supersedes=["depok-2026-se-42"], rules={"pattern": {"weekdays": ["MON"]}})
UNDATED = se("depok-2026-kep-196", None)
OFFER = {
    "pattern": {"weekdays": ["THU"]},
    "approvals": [{"kind": "OPD_DAYS", "approver": "SEKRETARIS_DAERAH", "weekdays": ["FRI"]}],
}
SE_188 = se("depok-2026-se-188", rules=OFFER)


def enact(instrument: Instrument, on: date = DECIDED, by: str | None = None) -> Step:
    return on, EnactInstrument(region=REGION, instrument=instrument, published_attested_by=by)


def amend(instrument: Instrument, on: date, by: str | None = None) -> Step:
    return on, AmendInstrument(region=REGION, instrument=instrument, published_attested_by=by)


def draft(instrument: Instrument, stage: str) -> Step:
    return DECIDED, DraftInstrument.model_validate({"region": REGION, "instrument": instrument, "stage": stage})


def transition(
    kind: type[Any], on: date, name: str = "depok-2026-se-42", first: date | None = None, **more: Any
) -> Step:
    fields = {"region": REGION, "instrument": name, "decided_on": on, "published_on": on, "effective_from": first or on}
    return on, kind.model_validate(fields | more)


def suspend(on: date, name: str = "depok-2026-se-42", first: date | None = None) -> Step:
    return transition(SuspendInstrument, on, name, first)


def resume(on: date, name: str = "depok-2026-se-42", first: date | None = None) -> Step:
    return transition(ResumeInstrument, on, name, first)


def revoke(on: date, name: str = "depok-2026-se-42", first: date | None = None) -> Step:
    return transition(RevokeInstrument, on, name, first)


def schedule(on: date, first: date, by: str | None = None) -> Step:
    return transition(ScheduleInstrument, on, "depok-2026-kep-196", first, published_attested_by=by)


def approve(on: date, name: str = "depok-2026-se-188", **more: Any) -> Step:
    fields = {"opd": "BKPSDM", "weekdays": ["FRI"], "by": "SEKRETARIS_DAERAH"}
    return transition(ApproveDays, on, name, **(fields | more))


def decide_step(streams: Mapping[str, Sequence[Fact]], step: Step) -> Mapping[str, Sequence[Fact]]:
    return decide(decider, streams, step[1], at("09:00", step[0], REGION))


def streams_after(*steps: Step, register: Mapping[str, Sequence[Fact]] = REGISTER) -> Mapping[str, Sequence[Fact]]:
    streams = dict(register)
    for step in steps:
        for name, facts in decide_step(streams, step).items():
            streams[name] = [*streams.get(name, ()), *facts]
    return streams


def instruments_after(*steps: Step) -> Instruments:
    state: decider.State = fold(decider, streams_after(*steps).get(f"instruments/{REGION}", ()))
    return decider.instruments_state(state).instruments


def state_of(day: date, *steps: Step, of: str = "depok-2026-se-42") -> str:
    instruments = instruments_after(*steps)
    return state_on(instruments[of], day, supersession_dates(instruments).get(of, OPEN_END))


def binding_dates(*steps: Step, of: str = "depok-2026-se-42") -> list[tuple[date, date | None]]:
    """Return the dates on which an instrument binds, both included."""
    return [
        (b.first, None if b.until == OPEN_END else b.until - DAY)
        for b in bindings(instruments_after(*steps)) if b.instrument.instrument == of
    ]  # fmt: skip


def error_of(*steps: Step) -> str:
    streams = streams_after(*steps[:-1])
    with pytest.raises(Invalid) as invalid:
        decide_step(streams, steps[-1])
    return f"{invalid.value.pointer} {english(invalid.value.message)}"


def errors_of(step: Step, register: Mapping[str, Sequence[Fact]] = REGISTER) -> list[tuple[str, str, str]]:
    with pytest.raises(Invalid) as invalid:
        decide_step(register, step)
    return [(f.pointer, indonesian(f.message), english(f.message)) for f in invalid.value.errors]


def change_kinds(opd: str, *steps: Step) -> list[str]:
    facts = streams_after(*steps)[f"policy/{REGION}/{opd}"]
    return [fact.change.kind for fact in facts if isinstance(fact, PolicyChanged)]


def due_states(today: date, *steps: Step) -> list[tuple[date, str]]:
    return [(on, became) for on, _, became in due_changes(instruments_after(*steps), today)]


WEDNESDAYS = {"pattern": {"weekdays": ["WED"]}}
ADDRESSED: dict[str, Any] = {"layer": "OPD", "rules": WEDNESDAYS}
