"""Invalid instruments and commands on them: dates, layers, governments, OPD."""

from datetime import date

import pytest
from pydantic import ValidationError

from services.policy.domain.commands import DeclareHolidays, DeclineRecommendation
from shared.domain.facts.policy import OpdMerged
from tests.support.depok_circulars import (
    DECIDED,
    MONDAY,
    REGION,
    REGISTER,
    THURSDAY,
    Step,
    approve,
    draft,
    enact,
    errors_of,
    se,
    suspend,
)
from tests.unit.policy.test_rule_errors import BY_RULE, THU, enact_rules

OF_BOGOR = se(government="3271")


BY_DATE_AND_LAYER: list[tuple[Step, str, str, str]] = [
    (enact(se(effective_to=date(2026, 1, 28))), "/instrument/effective_to",
     "Tanggal akhir 2026-01-28 mendahului 2026-01-29.", "The last date 2026-01-28 lies before 2026-01-29."),
    (enact(se(effective_to=MONDAY, rules={"sites": [{"site": "BALAIKOTA", "from": "2026-02-18"}]})),
     "/instrument/rules/sites/0/from", "BALAIKOTA mulai 2026-02-18, sesudah instrumen berakhir 2026-02-17.",
     "BALAIKOTA begins on 2026-02-18, after the instrument ends on 2026-02-17."),
    (enact(se(effective_to=MONDAY, rules=THU | {
        "sites": [{"site": "BALAIKOTA", "from": "2026-01-28", "dates": ["2026-01-28", "2026-02-18"]}]})),
     "/instrument/rules/sites/0/dates/1", "2026-02-18 di luar masa BALAIKOTA, 2026-01-28 sampai 2026-02-17.",
     "2026-02-18 lies outside the dates of BALAIKOTA, 2026-01-28 to 2026-02-17."),
    (enact(se(overlay=True)), "/instrument/rules/pattern",
     "overlay hanya mengubah jam kerja", "An overlay changes hours and leaves the pattern of others alone"),
    (enact(se(adopts={"region": REGION, "instrument": "depok-2026-se-80"})), "/instrument/adopts/region",
     "Wilayah tidak mengadopsi instrumennya sendiri", "A region does not adopt an instrument of its own"),
    (enact(se(first=None, effective_to=MONDAY)), "/instrument/effective_from",
     "Instrumen yang berakhir 2026-02-17 memerlukan tanggal mulai", "An instrument that ends on 2026-02-17 needs"),
    (enact(se(published_on=date(2026, 1, 22))), "/instrument/published_on",
     "Diumumkan 2026-01-22, sebelum diputuskan 2026-01-23.", "Published on 2026-01-22, before it was decided on"),
    ((THURSDAY, suspend(THURSDAY)[1].model_copy(update={"decided_on": MONDAY})), "/published_on",
     "Diumumkan 2026-01-29, sebelum diputuskan 2026-02-17.", "Published on 2026-01-29, before it was decided on"),
    (enact(se(layer="KOTA")), "/instrument/layer",
     "Lapis harus NATIONAL, PROVINCE, REGION, OPD.", "The layer must be one of NATIONAL, PROVINCE, REGION, OPD."),
    (enact(se(layer="PROVINCE")), "/instrument/layer",
     "Lapis PROVINCE tidak berlaku di wilayah 3276", "Layer PROVINCE does not fit region 3276"),
    (enact(OF_BOGOR), "/instrument/government",
     "Instrumen depok-2026-se-42 milik pemerintah 3271, bukan wilayah 3276",
     "Instrument depok-2026-se-42 is of government 3271, not of region 3276"),
    (enact(se(layer="NATIONAL")), "/instrument/government",
     "milik pemerintah 3276", "is of government 3276"),
    (enact(se(layer="OPD")), "/instrument/opds",
     "Lapis OPD menyebut OPD yang diikat", "Layer OPD names the OPD that it binds"),
    (enact(se(opds=["DISHUB"])), "/instrument/opds",
     "lapis lain tidak", "no other layer does"),
    (enact(se(layer="OPD", opds=["DISHUB", "DAMKAR"])), "/instrument/opds/1",
     "OPD DAMKAR belum terdaftar.", "OPD DAMKAR is not in the register."),
    (draft(se(published_on=date(2026, 1, 22)), "DRAFT"), "/instrument/published_on",
     "Diumumkan 2026-01-22", "Published on 2026-01-22"),
    (approve(MONDAY, weekdays=["JUMAT"]), "/weekdays",
     "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN."),
    (approve(MONDAY, effective_to=THURSDAY), "/effective_to",
     "Tanggal akhir 2026-01-29 mendahului 2026-02-17.", "The last date 2026-01-29 lies before 2026-02-17."),
    ((DECIDED, DeclareHolidays(region=REGION, holidays=())), "/holidays",
     "Sebutkan sedikitnya satu hari.", "Name at least one day."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "pointer", "indonesian", "english"),
    BY_DATE_AND_LAYER,
    ids=[f"{p} {e}" for _, p, _, e in BY_DATE_AND_LAYER],
)
def test_dates_and_layers_that_cannot_be_meant_say_where_and_why(
    step: Step, pointer: str, indonesian: str, english: str
) -> None:
    ((actual_pointer, id_, en),) = errors_of(step)
    assert (actual_pointer, indonesian in id_, english in en) == (pointer, True, True)


@pytest.mark.parametrize(
    "step", [*(enact_rules(**values) for values, *_ in BY_RULE), *(step for step, *_ in BY_DATE_AND_LAYER)]
)
def test_no_sentence_is_in_one_language_only(step: Step) -> None:
    ((_, indonesian, english),) = errors_of(step)
    assert indonesian != english


def test_a_recommendation_is_not_declined_before_that_was_decided() -> None:
    fields = {"recommendation": {"region": "32", "instrument": "jabar-2026-se-188"}, "decided_on": MONDAY}
    step = MONDAY, DeclineRecommendation.model_validate({"region": REGION, "published_on": THURSDAY, **fields})
    assert errors_of(step)[0][0] == "/published_on"


def test_a_province_cannot_write_into_depok() -> None:
    errors = errors_of(enact(se(layer="PROVINCE", government="32")))
    assert [pointer for pointer, _, _ in errors] == ["/instrument/layer", "/instrument/government"]


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(2200, 1, 1), date(1999, 12, 31)])
def test_no_circular_begins_in_the_year_9999(day: date) -> None:
    with pytest.raises(ValidationError):
        se(first=day)


def test_an_opd_that_went_into_another_is_bound_by_no_instruction_of_its_own() -> None:
    ended = OpdMerged(region=REGION, opd="DISHUB", into="BAPPEDA", on=THURSDAY)
    register = {**REGISTER, f"policy/{REGION}/DISHUB": [*REGISTER[f"policy/{REGION}/DISHUB"], ended]}
    errors = errors_of(enact(se(layer="OPD", opds=["DISHUB"]), MONDAY), register)
    assert errors[0][::2] == ("/instrument/opds/0", "OPD DISHUB is not in the register.")


def test_a_region_does_not_decline_what_it_enacts_itself() -> None:
    city = {"region": REGION, "instrument": "depok-2026-se-42"}
    fields = {"region": REGION, "recommendation": city, "decided_on": DECIDED, "published_on": DECIDED}
    ((pointer, _, english),) = errors_of((DECIDED, DeclineRecommendation.model_validate(fields)))
    assert (pointer, english[:33]) == ("/recommendation/region", "A region does not decline an inst")


@pytest.mark.parametrize("title", ["  SE", "SE\nMaret", "SE \u202etaraM", "\x00SE 1"])
def test_a_title_is_one_line_that_reads_as_it_was_written(title: str) -> None:
    with pytest.raises(ValidationError):
        se(title=title)


@pytest.mark.parametrize("share", ["0.5", True])
def test_a_share_is_a_number(share: object) -> None:
    with pytest.raises(ValidationError):
        se(rules={"max_share": share})
