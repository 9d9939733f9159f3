"""Groups the outages of the OPD of a region by outage. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from pydantic import AwareDatetime, Field

from shared.domain.facts.attendance import OutageApplied
from shared.domain.facts.base import Code, OfficeTitle, Value


class RecordedOutage(Value):
    """An outage that is on record, with all OPD for which it was recorded."""

    outage: Code
    channel: str
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    grace_until: AwareDatetime
    by: OfficeTitle
    opds: tuple[Code, ...]


def recorded_outages(facts: Iterable[OutageApplied]) -> list[RecordedOutage]:
    """Return each outage once, the newest first."""
    opds: defaultdict[OutageApplied, set[Code]] = defaultdict(set)
    for fact in facts:
        opds[fact.model_copy(update={"opd": ""})].add(fact.opd)
    outages = [
        RecordedOutage.model_validate({**fact.model_dump(by_alias=True), "opds": tuple(sorted(of_outage))})
        for fact, of_outage in opds.items()
    ]
    return sorted(outages, key=lambda outage: (outage.from_, outage.outage), reverse=True)
