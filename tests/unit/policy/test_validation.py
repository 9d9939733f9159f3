"""What cannot be meant, and the clear sentence for each: where it stands, in both languages, and nothing decided."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.policy.domain.commands import (
    AmendInstrument,
    DeclareHolidays,
    DeclineRecommendation,
    DraftInstrument,
    EnactInstrument,
)
from shared.domain.facts.base import Fact, Invalid
from shared.domain.facts.policy import Instrument, OpdMerged
from tests.unit.policy.test_lifecycle import (
    DAY,
    DECIDED,
    MONDAY,
    REGION,
    SE_42,
    SE_80,
    THURSDAY,
    TOWN,
    UNDATED,
    UNTIL_15_FEB,
    Step,
    after,
    amend,
    approve,
    bound,
    draft,
    enact,
    refused,
    resume,
    revoke,
    schedule,
    se,
    suspend,
    told_by,
)

HOME = "/instrument/rules"
Meant = Mapping[str, Any]


def faults(step: Step, town: Mapping[str, Sequence[Fact]] = TOWN) -> list[tuple[str, str, str]]:
    with pytest.raises(Invalid) as invalid:
        told_by(town, step)
    return [(f.pointer, f.indonesian, f.english) for f in invalid.value.faults]


def rules(**said: Any) -> Step:
    return enact(se(rules=said))


HOURS = {"week": 37.5, "day_start": "07:30"}
THU = {"pattern": {"weekdays": ["THU"]}}
GROUPS = {"pattern": {"groups": 2}, "max_share": 0.5}
BY_RULE: list[tuple[Meant, str, str, str]] = [
    ({"pattern": {"weekdays": ["KAMIS"]}}, "/pattern/weekdays",
     "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN."),
    ({"pattern": {}}, "/pattern",
     "Pola memakai tepat satu", "A pattern names exactly one"),
    ({"pattern": {"weekdays": ["THU"], "any_day": True}}, "/pattern",
     "Pola memakai tepat satu", "A pattern names exactly one"),
    ({"pattern": {"dates": ["2026-03-16", "2026-03-17", "2026-03-16"]}}, "/pattern/dates/2",
     "2026-03-16 tertulis dua kali.", "2026-03-16 is written twice."),
    ({"pattern": {"groups": 1}, "max_share": 0.5}, "/pattern/groups",
     "Jumlah kelompok harus 2 sampai 10.", "The number of groups must be 2 to 10."),
    ({"pattern": {"groups": 2}}, "/max_share",
     "Kelompok bergilir memerlukan max_share", "Groups that take turns need max_share"),
    ({"share_of": "SEKSI", "max_share": 0.5}, "/share_of",
     "share_of harus OPD atau UNIT.", "share_of must be OPD or UNIT."),
    ({"share_of": "UNIT"}, "/share_of",
     "isi salah satunya", "give one of them"),
    ({"min_on_site_share": 0.6, "max_share": 0.5}, "/min_on_site_share",
     "min_on_site_share 0.6 dan max_share 0.5 tidak dapat dipenuhi bersama",
     "min_on_site_share 0.6 and max_share 0.5 cannot both hold"),
    ({"min_on_site_share": 0.5, "max_on_site_share": 0.25}, "/min_on_site_share",
     "min_on_site_share 0.5 melebihi yang disisakan WFH wajib, max_on_site_share 0.25 (instrumen ini).",
     "min_on_site_share 0.5 is above what forced WFH leaves, max_on_site_share 0.25 (this instrument)."),
    ({"excluded_classes": ["LANGSUNG"]}, "/excluded_classes",
     "LANGSUNG tidak dikenal; pilih DIRECT", "LANGSUNG is unknown; choose one of DIRECT"),
    ({"person_rules": ["RAJIN"]}, "/person_rules",
     "RAJIN tidak dikenal", "RAJIN is unknown"),
    ({"covers": ["HONORER"]}, "/covers",
     "HONORER tidak dikenal; pilih CPNS, PNS", "HONORER is unknown; choose one of CPNS, PNS"),
    ({"places": [{"place": "HOME"}, {"place": "KAFE"}]}, "/places/1/place",
     "KAFE tidak dikenal", "KAFE is unknown"),
    (THU | {"unit_head_decides": [{"units": ["*"], "may_decide": ["GAJI"]}]}, "/unit_head_decides/0/may_decide",
     "GAJI tidak dikenal", "GAJI is unknown"),
    ({"approvals": [{"kind": "IZIN", "approver": "KEPALA_BKPSDM"}]}, "/approvals/0/kind",
     "IZIN tidak dikenal", "IZIN is unknown"),
    ({"approvals": [{"kind": "OPD_DAYS", "approver": "KEPALA_BKPSDM"}]}, "/approvals/0/weekdays",
     "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN."),
    ({"presence": {"place": "PANTAI"}}, "/presence/place",
     "PANTAI tidak dikenal", "PANTAI is unknown"),
    ({"evaluation": {"reports": "MINGGUAN"}}, "/evaluation/reports",
     "MINGGUAN tidak dikenal", "MINGGUAN is unknown"),
    ({"evaluation": {"from": "2026-03-01", "to": "2026-02-01"}}, "/evaluation/to",
     "Tanggal akhir 2026-02-01 mendahului 2026-03-01.", "The last date 2026-02-01 lies before 2026-03-01."),
    ({"hours": HOURS | {"work_days": ["SENIN", "SELASA"]}}, "/hours/work_days",
     "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN."),
    ({"hours": HOURS | {"breaks": [{"weekdays": ["JUMAT"], "minutes": 90}]}}, "/hours/breaks/0/weekdays",
     "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN."),
    ({"hours": {"day_start": "07:30"}}, "/hours",
     "Isi jam seminggu (week) atau akhir hari (day_end).", "Give the hours of a week (week) or the end of a day"),
    ({"hours": {"day_start": "07:30", "day_end": "06:30"}}, "/hours/day_end",
     "Hari kerja berakhir 06:30, tidak sesudah mulai 07:30.", "The day ends at 06:30, not after it starts at 07:30."),
    ({"hours": {"day_start": "07:30", "day_end": "08:00", "breaks": [{"weekdays": ["MON"], "minutes": 240}]}}, "/hours",
     "MON: 07:30-08:00, 240 min bukan hari kerja", "MON: 07:30-08:00, 240 min is no working day"),
    ({"hours": {"day_start": "23:00", "week": 60}}, "/hours",
     "berakhir sebelum tengah malam", "it must end before midnight"),
    ({"hours": {"day_start": "07:30", "day_end": "12:00", "week": 37.5}}, "/hours/week",
     "week 37.5 tidak sama dengan jam hari-harinya, 22.5", "week 37.5 is not what its days make, 22.5"),
    ({"hours": HOURS | {"day_end": "15:00", "breaks": [{"weekdays": ["MON"], "minutes": 0, "begins": "23:00"}]}},
     "/hours/breaks/0/begins", "Istirahat 23:00 di luar jam kerja.", "The break at 23:00 lies outside the day."),
    ({"hours": HOURS | {"breaks": [{"weekdays": ["FRI"], "minutes": 60}, {"weekdays": ["FRI"], "minutes": 90}]}},
     "/hours/breaks/1/weekdays", "FRI tertulis dua kali.", "FRI is written twice."),
    ({"pattern": {"weekdays": ["THU", "THU"]}}, "/pattern/weekdays",
     "Satu hari tertulis dua kali.", "A weekday is written twice."),
    ({"pattern": {"dates": ["2026-01-28"]}}, "/pattern/dates/0",
     "2026-01-28 di luar masa berlaku, 2026-01-29 sampai dicabut.",
     "2026-01-28 lies outside the instrument's own dates, 2026-01-29 to its revocation."),
    ({"work_patterns": [{"units": ["SEKOLAH"], "work_days": []}]}, "/work_patterns/0/work_days",
     "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN."),
    (GROUPS | {"sites": [{"site": "BALAIKOTA", "from": "2026-01-29"}, {"site": "BALAIKOTA", "from": "2026-02-02"}]},
     "/sites/1/site", "BALAIKOTA tertulis dua kali.", "BALAIKOTA is written twice."),
    (THU | {"sites": [{"site": "BALAIKOTA", "from": "2030-01-01", "dates": ["2020-01-01"]}]}, "/sites/0/dates/0",
     "2020-01-01 di luar masa BALAIKOTA, 2030-01-01 sampai dicabut.",
     "2020-01-01 lies outside the dates of BALAIKOTA, 2030-01-01 to its revocation."),
    (THU | {"sites": [{"site": "BALAIKOTA", "from": "2026-02-02", "dates": ["2026-02-04", "2026-02-04"]}]},
     "/sites/0/dates/1", "2026-02-04 tertulis dua kali.", "2026-02-04 is written twice."),
    ({"sites": [{"site": "BALAIKOTA", "from": "2026-01-28", "dates": ["2026-01-28"]}]}, "/sites/0/dates",
     "Hari tambahan BALAIKOTA berada di samping pola; isi pattern.",
     "The extra dates of BALAIKOTA stand beside a pattern; give one (pattern)."),
    (THU | {"sites": [{"site": "*", "from": "2026-02-02"}]}, "/sites/0/site",
     "semua lainnya (*) mulai pada effective_from", "all others (*) begin on effective_from"),
    (THU | {"unit_head_decides": [{"units": [], "may_decide": ["WHO"]}]}, "/unit_head_decides/0/units",
     "Sebutkan unitnya, atau * untuk semua.", "Name the units, or * for all of them."),
    (THU | {"unit_head_decides": [{"units": ["*"], "may_decide": []}]}, "/unit_head_decides/0/may_decide",
     "Sebutkan apa yang diputuskan kepala unit: DAY", "Say what the heads of units decide: DAY"),
    ({"unit_head_decides": [{"units": ["*"], "may_decide": ["WHO"]}]}, "/unit_head_decides/0",
     "unit_head_decides hanya berarti di samping pola", "unit_head_decides only has a meaning beside"),
    ({"work_patterns": [{"units": [], "work_days": ["SAT"]}]}, "/work_patterns/0/units",
     "Sebutkan unitnya, atau * untuk semua.", "Name the units, or * for all of them."),
    ({"approvals": [{"kind": "ORDER", "approver": "KEPALA_OPD", "weekdays": ["XXX"]}]}, "/approvals/0/weekdays",
     "Hanya OPD_DAYS menawarkan hari; ORDER berlaku setiap hari", "Only OPD_DAYS offers weekdays; ORDER holds on any"),
    ({"hours": {"day_start": "07:30", "day_end": "15:00",
                "breaks": [{"weekdays": ["MON"], "minutes": 240, "begins": "14:30"}]}}, "/hours/breaks/0/minutes",
     "Istirahat 14:30 selama 240 menit melewati akhir hari, 15:00.",
     "The break at 14:30 of 240 minutes goes beyond the end of the day, 15:00."),
    ({"hours": HOURS | {"work_days": []}}, "/hours/work_days",
     "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "pointer", "indonesian", "english"), BY_RULE, ids=[f"{p} {e}" for _, p, _, e in BY_RULE]
)
def test_a_rule_that_cannot_be_meant_says_where_and_why(
    said: Meant, pointer: str, indonesian: str, english: str
) -> None:
    ((where, id_, en),) = faults(rules(**said))
    assert (where, indonesian in id_, english in en) == (HOME + pointer, True, True)


ANOTHER = se("depok-2026-se-99", MONDAY, supersedes=["depok-2026-se-42"])
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
    ((where, id_, en),) = faults(step)
    assert (where, indonesian in id_, english in en) == (pointer, True, True)


@pytest.mark.parametrize("step", [*(rules(**said) for said, *_ in BY_RULE), *(step for step, *_ in BY_DATE_AND_LAYER)])
def test_no_sentence_is_said_in_one_language_only(step: Step) -> None:
    ((_, indonesian, english),) = faults(step)
    assert indonesian != english


def test_a_recommendation_is_not_declined_before_that_was_decided() -> None:
    fields = {"recommendation": {"region": "32", "instrument": "jabar-2026-se-188"}, "decided_on": MONDAY}
    step = MONDAY, DeclineRecommendation.model_validate({"region": REGION, "published_on": THURSDAY, **fields})
    assert faults(step)[0][0] == "/published_on"


def test_a_province_cannot_write_into_depok() -> None:
    found = faults(enact(se(layer="PROVINCE", government="32")))
    assert [pointer for pointer, _, _ in found] == ["/instrument/layer", "/instrument/government"]


def test_several_faults_are_named_together() -> None:
    step = rules(pattern={"weekdays": ["KAMIS"]}, excluded_classes=["LANGSUNG"], hours={"day_start": "07:30"})
    assert [pointer[len(HOME) :] for pointer, _, _ in faults(step)] == [
        "/pattern/weekdays",
        "/excluded_classes",
        "/hours",
    ]


@pytest.mark.parametrize("kind", [AmendInstrument, DraftInstrument, EnactInstrument])
def test_a_rule_that_cannot_be_meant_is_neither_drafted_nor_amended(kind: type[Any]) -> None:
    stage = {"stage": "DRAFT"} if kind is DraftInstrument else {}
    command = kind(region=REGION, instrument=se(rules={"hours": {"day_start": "07:30"}}), **stage)
    assert [pointer for pointer, _, _ in faults((DECIDED, command))] == [f"{HOME}/hours"]


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(2200, 1, 1), date(1999, 12, 31)])
def test_no_circular_begins_in_the_year_9999(day: date) -> None:
    with pytest.raises(ValidationError):
        se(first=day)


# Supersession


def test_an_instrument_cannot_supersede_itself() -> None:
    found = faults(enact(se(supersedes=["depok-2026-se-42"])))
    assert found[0] == (
        "/instrument/supersedes",
        "depok-2026-se-42 tidak dapat menggantikan dirinya sendiri.",
        "depok-2026-se-42 cannot supersede itself.",
    )


def test_an_instrument_supersedes_another_once() -> None:
    twice = se("depok-2026-se-80", supersedes=["depok-2026-se-42"] * 2)
    assert faults(enact(twice))[0][::2] == ("/instrument/supersedes/1", "depok-2026-se-42 is written twice.")


def test_what_is_superseded_is_known_in_the_region() -> None:
    assert faults(enact(SE_80)) == [(
        "/instrument/supersedes/0",
        "depok-2026-se-42 tidak dikenal di wilayah ini.",
        "depok-2026-se-42 is unknown in this region.",
    )]  # fmt: skip


def test_two_instruments_cannot_supersede_the_same_one() -> None:
    assert faults(enact(ANOTHER), after(enact(SE_42), enact(SE_80))) == [(
        "/instrument/supersedes/0",
        "depok-2026-se-42 sudah digantikan depok-2026-se-80; depok-2026-se-99 tidak dapat menggantikannya lagi.",
        "depok-2026-se-42 is superseded by depok-2026-se-80 already; depok-2026-se-99 cannot supersede it once more.",
    )]  # fmt: skip


def test_the_successor_that_is_named_is_the_one_that_binds_and_not_a_draft_beside_it() -> None:
    beside = draft(se("depok-2026-se-77", MONDAY, supersedes=["depok-2026-se-42"]), "DRAFT")
    assert "is superseded by depok-2026-se-80 already" in refused(enact(SE_42), beside, enact(SE_80), enact(ANOTHER))


def brought(on: date, by: str | None) -> Step:
    """A decree without a date, brought into force from a Thursday that is over."""
    command = schedule(on, THURSDAY, by)[1]
    return on, command.model_copy(update={"decided_on": DECIDED, "published_on": DECIDED})


NAMED_TWICE = "/instrument depok-2026-se-42 is superseded by depok-2026-se-80 already; "


def test_of_two_successors_without_a_date_only_one_is_brought_into_force() -> None:
    undated = enact(se("depok-2026-kep-196", None, supersedes=["depok-2026-se-42"]))
    assert refused(enact(SE_42), undated, enact(SE_80), schedule(DECIDED, MONDAY)).startswith(NAMED_TWICE)


def test_a_successor_that_was_suspended_before_it_began_is_not_resumed_beside_another() -> None:
    paused = enact(ANOTHER), suspend(DECIDED, ANOTHER.instrument)
    assert refused(enact(SE_42), *paused, enact(SE_80), resume(THURSDAY, ANOTHER.instrument)).startswith(NAMED_TWICE)


def test_a_successor_that_was_in_force_is_resumed_as_before() -> None:
    streams = after(enact(SE_42), enact(SE_80), suspend(MONDAY + DAY, SE_80.instrument))
    assert told_by(streams, resume(MONDAY + 2 * DAY, SE_80.instrument)) != {}


def test_once_the_successor_was_revoked_before_it_began_another_may_follow() -> None:
    streams = after(enact(SE_42), enact(SE_80), revoke(THURSDAY, SE_80.instrument))
    assert f"instruments/{REGION}" in told_by(streams, enact(ANOTHER, THURSDAY))


def cycle(*names: str) -> str:
    """The first supersedes the second, and so on; the last is then amended to supersede the first."""
    chain = [
        enact(se(name, supersedes=names[n + 1:n + 2])) for n, name in reversed(list(enumerate(names)))
    ]  # fmt: skip
    return refused(*chain, amend(se(names[-1], MONDAY, supersedes=[names[0]]), DECIDED))


def test_two_instruments_cannot_supersede_each_other() -> None:
    assert cycle("depok-2026-se-80", "depok-2026-se-42").endswith(
        "depok-2026-se-42 and depok-2026-se-80 would supersede each other: "
        "depok-2026-se-42 > depok-2026-se-80 > depok-2026-se-42."
    )


def test_three_instruments_cannot_supersede_each_other_in_a_round() -> None:
    assert cycle("depok-2026-se-99", "depok-2026-se-80", "depok-2026-se-42").endswith(
        "depok-2026-se-42 > depok-2026-se-99 > depok-2026-se-80 > depok-2026-se-42."
    )


NATIONAL = se("nasional-2026-friday", layer="NATIONAL", government=None, rules={"weekly_cap_days": 2})


def test_a_city_cannot_supersede_a_circular_of_the_nation() -> None:
    own = se("depok-2026-se-80", supersedes=["nasional-2026-friday"])
    assert faults(enact(own), after(enact(NATIONAL))) == [(
        "/instrument/supersedes/0",
        "nasional-2026-friday berlapis NATIONAL; instrumen berlapis REGION tidak dapat menggantikannya.",
        "nasional-2026-friday is of layer NATIONAL; an instrument of layer REGION cannot supersede it.",
    )]  # fmt: skip


# Shares of several instruments

ON_SITE = se("nasional-2026-friday", layer="NATIONAL", government=None, rules={"min_on_site_share": 0.5})
SENT_HOME = se("depok-2026-se-flood", MONDAY, rules={"max_on_site_share": 0.25})


def test_two_instruments_of_which_one_keeps_more_on_site_than_the_other_lets_are_both_named() -> None:
    assert refused(enact(ON_SITE), enact(SENT_HOME)) == (
        "/instrument/rules/min_on_site_share min_on_site_share 0.5 is above what forced WFH leaves, "
        "max_on_site_share 0.25 (2026-02-17: nasional-2026-friday / depok-2026-se-flood)."
    )


def test_it_is_refused_whichever_of_them_comes_first() -> None:
    assert "nasional-2026-friday / depok-2026-se-flood" in refused(enact(SENT_HOME), enact(ON_SITE))


def test_it_is_refused_for_the_one_opd_that_both_bind() -> None:
    own = se("depok-2026-ink-1", layer="OPD", opds=["DISHUB"], rules={"max_on_site_share": 0.25})
    assert "DISHUB, 2026-01-29" in refused(enact(ON_SITE), enact(own))


def test_what_forced_wfh_leaves_may_be_all_that_is_asked() -> None:
    streams = after(enact(ON_SITE))
    assert told_by(streams, enact(se("depok-2026-se-flood", rules={"max_on_site_share": 0.5}))) != {}


def test_a_suspended_instrument_that_cannot_hold_beside_a_new_one_is_not_resumed() -> None:
    steps = enact(ON_SITE), suspend(THURSDAY, ON_SITE.instrument), enact(SENT_HOME, THURSDAY)
    assert "is above what forced WFH leaves" in refused(*steps, resume(MONDAY, ON_SITE.instrument))


# What is not decided


@pytest.mark.parametrize("kind", [suspend, resume, revoke])
def test_what_was_never_enacted_cannot_be_turned(kind: Any) -> None:
    assert refused(kind(THURSDAY)) == "/instrument Instrument depok-2026-se-42 is not enacted in this region."


LATE = MONDAY + 7 * DAY
LATER = se(first=MONDAY, rules={"pattern": {"weekdays": ["WED"]}})
LATE_STEPS: Mapping[str, Sequence[Step]] = {
    "enacted": [enact(SE_42, LATE), enact(SE_42, LATE, "SEKRETARIS_DAERAH")],
    "amended": [enact(SE_42), amend(LATER, LATE), amend(LATER, LATE, "SEKRETARIS_DAERAH")],
    "enacted as amended": [enact(SE_42), amend(LATER, LATE), enact(LATER, LATE, "SEKRETARIS_DAERAH")],
    "dated": [enact(UNDATED), *(brought(LATE, by=by) for by in (None, "SEKRETARIS_DAERAH"))],
}


@pytest.mark.parametrize("steps", LATE_STEPS.values(), ids=LATE_STEPS.keys())
def test_an_attestation_that_comes_after_the_recording_is_refused_with_what_can_be_done(steps: Sequence[Step]) -> None:
    told = refused(*steps)
    assert told.startswith("/published_attested_by ")
    assert f"binds from {LATE} on. Enact it under a new name that supersedes" in told


def test_the_same_attestation_twice_changes_nothing_though_it_binds_later_for_another_reason() -> None:
    attested = enact(SE_42, LATE, "SEKRETARIS_DAERAH")
    assert told_by(after(enact(SE_42), revoke(DECIDED), attested), attested) == {}


def test_what_it_says_can_be_done() -> None:
    anew = se("depok-2026-se-42-b", supersedes=["depok-2026-se-42"])
    steps = enact(SE_42, LATE), enact(anew, LATE, "SEKRETARIS_DAERAH")
    assert bound(*steps, of=anew.instrument) == [(THURSDAY, None)]


@pytest.mark.parametrize("instrument", [SE_42, UNDATED])
def test_an_attestation_that_changes_no_date_is_no_fault(instrument: Instrument) -> None:
    again = enact(instrument, DECIDED, "SEKRETARIS_DAERAH")
    assert told_by(after(enact(instrument)), again) == {}


def test_a_name_that_is_taken_is_not_given_to_other_content() -> None:
    assert "give the change its own name" in refused(enact(SE_42), enact(UNTIL_15_FEB))


def test_an_opd_that_went_into_another_is_bound_by_no_instruction_of_its_own() -> None:
    ended = OpdMerged(region=REGION, opd="DISHUB", into="BAPPEDA", on=THURSDAY)
    town = {**TOWN, f"policy/{REGION}/DISHUB": [*TOWN[f"policy/{REGION}/DISHUB"], ended]}
    found = faults(enact(se(layer="OPD", opds=["DISHUB"]), MONDAY), town)
    assert found[0][::2] == ("/instrument/opds/0", "OPD DISHUB is not in the register.")


def test_a_region_does_not_decline_what_it_enacts_itself() -> None:
    own = {"region": REGION, "instrument": "depok-2026-se-42"}
    fields = {"region": REGION, "recommendation": own, "decided_on": DECIDED, "published_on": DECIDED}
    ((pointer, _, english),) = faults((DECIDED, DeclineRecommendation.model_validate(fields)))
    assert (pointer, english[:33]) == ("/recommendation/region", "A region does not decline an inst")


@pytest.mark.parametrize("title", ["  SE", "SE\nMaret", "SE \u202etaraM", "\x00SE 1"])
def test_a_title_is_one_line_that_reads_as_it_was_written(title: str) -> None:
    with pytest.raises(ValidationError):
        se(title=title)


@pytest.mark.parametrize("share", ["0.5", True])
def test_a_share_is_a_number(share: object) -> None:
    with pytest.raises(ValidationError):
        se(rules={"max_share": share})
