"""Request bodies of roster become commands without the loss of a field."""

from services.roster.domain.commands import AbsenceRequest
from services.roster.http.enrolment import Enrolment
from tests.support.example_facts import ANI


def test_an_absence_loses_nothing_on_its_way() -> None:
    body = {"employee": ANI, "kind": "TRAVEL", "from": "2025-12-01", "to": "2025-12-02", "withdrawn": True}
    request = AbsenceRequest.model_validate(body)
    command = request.to_command("32", "DPMPTSP")
    assert command.model_dump() == {"region": "32", "opd": "DPMPTSP", **request.model_dump()}


def test_an_enrolment_loses_only_name_and_nip_on_its_way() -> None:
    body = {
        "name": "Ani Contoh", "nip": "199001012015032001", "unit": "FRONT", "position_class": "ADMINISTRATOR",
        "job_type": "ANALIS", "status": "PPPK", "skills": ["KASIR"], "from": "2025-01-01", "to": "2025-12-31",
    }  # fmt: skip
    enrolment = Enrolment.model_validate(body)
    placement = enrolment.to_placement(ANI)
    assert placement.model_dump() == {"employee": ANI, **enrolment.model_dump(exclude={"name", "nip"})}
