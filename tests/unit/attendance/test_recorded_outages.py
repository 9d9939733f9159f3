"""The outages on record: once each, with all their OPD, the newest first."""

from services.attendance.domain.recorded_outages import recorded_outages
from shared.domain.facts.attendance import OutageApplied
from tests.support.example_facts import at


def applied(outage: str, opd: str, begins: str = "07:00") -> OutageApplied:
    fields = {"from": at(begins), "to": at("08:00"), "grace_until": at("10:00"), "by": "KEPALA_BKD", "channel": "APP"}
    return OutageApplied.model_validate({"region": "32", "outage": outage, "opd": opd, **fields})


def test_an_outage_of_several_opd_is_listed_once_and_the_newest_first() -> None:
    facts = [applied("PAGI", "DINKES"), applied("LISTRIK", "BKD", "07:30"), applied("PAGI", "BKD")]
    assert [(outage.outage, outage.opds) for outage in recorded_outages(facts)] == [
        ("LISTRIK", ("BKD",)),
        ("PAGI", ("BKD", "DINKES")),
    ]
