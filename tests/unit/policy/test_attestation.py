"""Commands that decide nothing, and attestations that come too late."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from shared.domain.facts.instruments import Instrument
from tests.support.depok_circulars import (
    DAY,
    DECIDED,
    MONDAY,
    SE_42,
    THURSDAY,
    UNDATED,
    UNTIL_15_FEB,
    Step,
    amend,
    binding_dates,
    decide_step,
    enact,
    error_of,
    resume,
    revoke,
    schedule,
    se,
    streams_after,
    suspend,
)


def late_schedule(on: date, by: str | None) -> Step:
    """Return the step that schedules an undated decree for a Thursday in the past."""
    command = schedule(on, THURSDAY, by)[1]
    return on, command.model_copy(update={"decided_on": DECIDED, "published_on": DECIDED})


@pytest.mark.parametrize("kind", [suspend, resume, revoke])
def test_what_was_never_enacted_cannot_be_turned(kind: Any) -> None:
    assert error_of(kind(THURSDAY)) == "/instrument Instrument depok-2026-se-42 is not enacted in this region."


LATE = MONDAY + 7 * DAY


LATER = se(first=MONDAY, rules={"pattern": {"weekdays": ["WED"]}})


LATE_STEPS: Mapping[str, Sequence[Step]] = {
    "enacted": [enact(SE_42, LATE), enact(SE_42, LATE, "SEKRETARIS_DAERAH")],
    "amended": [enact(SE_42), amend(LATER, LATE), amend(LATER, LATE, "SEKRETARIS_DAERAH")],
    "enacted as amended": [enact(SE_42), amend(LATER, LATE), enact(LATER, LATE, "SEKRETARIS_DAERAH")],
    "dated": [enact(UNDATED), *(late_schedule(LATE, by=by) for by in (None, "SEKRETARIS_DAERAH"))],
}


@pytest.mark.parametrize("steps", LATE_STEPS.values(), ids=LATE_STEPS.keys())
def test_an_attestation_that_comes_after_the_recording_is_refused_with_what_can_be_done(steps: Sequence[Step]) -> None:
    error = error_of(*steps)
    assert error.startswith("/published_attested_by ")
    assert f"binds from {LATE} on. Enact it under a new name that supersedes" in error


def test_the_same_attestation_twice_changes_nothing_though_it_binds_later_for_another_reason() -> None:
    attested = enact(SE_42, LATE, "SEKRETARIS_DAERAH")
    assert decide_step(streams_after(enact(SE_42), revoke(DECIDED), attested), attested) == {}


def test_what_it_says_can_be_done() -> None:
    successor = se("depok-2026-se-42-b", supersedes=["depok-2026-se-42"])
    steps = enact(SE_42, LATE), enact(successor, LATE, "SEKRETARIS_DAERAH")
    assert binding_dates(*steps, of=successor.instrument) == [(THURSDAY, None)]


@pytest.mark.parametrize("instrument", [SE_42, UNDATED])
def test_an_attestation_that_changes_no_date_is_no_fault(instrument: Instrument) -> None:
    again = enact(instrument, DECIDED, "SEKRETARIS_DAERAH")
    assert decide_step(streams_after(enact(instrument)), again) == {}


def test_a_name_that_is_taken_is_not_given_to_other_content() -> None:
    assert "give the change its own name" in error_of(enact(SE_42), enact(UNTIL_15_FEB))
