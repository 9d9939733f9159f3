"""Provides SE 150 stage I, the register of two OPD of West Java, and bindings for tests of the resolution."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from services.policy.domain.commands import EnactInstrument, RevokeInstrument
from services.policy.domain.opd_commands import ArrangeUnit
from services.policy.domain.resolution.binding import Binding
from shared.domain.facts.base import Fact
from shared.domain.facts.instruments import Instrument, InstrumentEnacted, InstrumentRevoked
from shared.domain.facts.policy import OpdOpened, PolicyChanged
from tests.support.example_facts import SITE, at, post

PRESET = Path("services/policy/domain/presets/jabar-2025-se-150-stage-1.json")
SHIPPED = Instrument.model_validate_json(PRESET.read_text())
ITS_RULES = {"covers": (), "sites": (), "evaluation": None}
SE_150 = SHIPPED.model_copy(update={"government": None, "rules": SHIPPED.rules.model_copy(update=ITS_RULES)})
"""SE 150 with its pattern and exclusions. Its pilot at Gedung Sate and its evaluation are tested elsewhere."""
ON_TIME = at("09:00", date(2025, 10, 22))
LATE = at("09:00", date(2025, 11, 10))
OPENED = OpdOpened(region="32", opd="DPMPTSP", name="Dinas Penanaman Modal dan PTSP", on=date(2025, 1, 1))
BAPPEDA = OpdOpened(region="32", opd="BAPPEDA", name="Badan Perencanaan", on=date(2025, 1, 1))
REGISTER: dict[str, Sequence[Fact]] = {"policy/32/DPMPTSP": [OPENED], "policy/32/BAPPEDA": [BAPPEDA]}
ENACT = EnactInstrument(region="32", instrument=SE_150)
ENACTED = InstrumentEnacted(region="32", instrument=SE_150, binds_from=date(2025, 11, 6))
IN_FORCE: dict[str, Sequence[Fact]] = {**REGISTER, "instruments/32": [ENACTED]}
REVOKE = RevokeInstrument(
    region="32",
    instrument=SE_150.instrument,
    decided_on=date(2025, 11, 12),
    published_on=date(2025, 11, 12),
    effective_from=date(2025, 11, 13),
)


def policy_of(facts: Mapping[str, Any], opd: str = "DPMPTSP") -> PolicyChanged:
    (fact,) = facts[f"policy/32/{opd}"]
    assert isinstance(fact, PolicyChanged)
    return fact


REVOKED = InstrumentRevoked(**REVOKE.model_dump(), binds_until=date(2025, 11, 13))
AFTER_REVOCATION: dict[str, Sequence[Fact]] = {**REGISTER, "instruments/32": [ENACTED, REVOKED]}
THE_18TH = at("09:00", date(2025, 11, 18))


def arrange(**more: object) -> ArrangeUnit:
    fields = {"region": "32", "opd": "DPMPTSP", "unit": "FRONT", "name": "Front Office", "class": "DIRECT"}
    rest = {"site": SITE.model_dump(), "posts": [post().model_dump()], "valid_from": "2025-11-01"}
    return ArrangeUnit.model_validate({**fields, **rest, **more})


def binding(name: str, layer: str, first: date, until: date, **rules: object) -> Binding:
    fields = json.loads(SE_150.model_dump_json()) | {"instrument": name, "layer": layer, "rules": rules}
    return Binding(Instrument.model_validate(fields), first, until)
