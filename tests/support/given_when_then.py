"""Runs deciders in tests: given facts, when a command, then facts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import UUID

from shared.domain.decider import Context
from shared.domain.facts.base import Fact
from tests.support.example_facts import at

Streams = Mapping[str, Sequence[Fact]]
NOON = at("12:00")


def new_id() -> UUID:
    return UUID(int=7)


def decide(decider: ModuleType, given: Streams, when: Any, now: datetime = NOON) -> Streams:
    """Return what a command decides on streams with these facts; other streams that it reads are empty."""
    states = {stream: fold(decider, facts) for stream, facts in given.items()}
    for stream in (decider.stream(when), *reads(decider, when)):
        if not stream.endswith("/"):
            states.setdefault(stream, decider.initial)
    return dict(decider.decide(when, states, Context(now, new_id)))


def reads(decider: ModuleType, when: Any) -> Sequence[str]:
    read: Callable[[Any], Sequence[str]] = getattr(decider, "reads", lambda _: ())
    return read(when)


def fold(decider: ModuleType, facts: Sequence[Fact]) -> Any:
    state = decider.initial
    for fact in facts:
        state = decider.evolve(state, fact)
    return state
