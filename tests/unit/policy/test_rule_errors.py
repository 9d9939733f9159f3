"""Invalid rules: each error has a pointer and a sentence in both languages, and nothing is decided."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.policy.domain.commands import AmendInstrument, DraftInstrument, EnactInstrument
from tests.support.depok_circulars import DECIDED, REGION, Step, enact, errors_of, se

RULES_POINTER = "/instrument/rules"


RuleValues = Mapping[str, Any]


def enact_rules(**values: Any) -> Step:
    return enact(se(rules=values))


HOURS = {"week": 37.5, "day_start": "07:30"}


THU = {"pattern": {"weekdays": ["THU"]}}


GROUPS = {"pattern": {"groups": 2}, "max_share": 0.5}


BY_RULE: list[tuple[RuleValues, str, str, str]] = [
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
    ("values", "pointer", "indonesian", "english"), BY_RULE, ids=[f"{p} {e}" for _, p, _, e in BY_RULE]
)
def test_a_rule_that_cannot_be_meant_says_where_and_why(
    values: RuleValues, pointer: str, indonesian: str, english: str
) -> None:
    ((actual_pointer, id_, en),) = errors_of(enact_rules(**values))
    assert (actual_pointer, indonesian in id_, english in en) == (RULES_POINTER + pointer, True, True)


def test_several_faults_are_named_together() -> None:
    step = enact_rules(pattern={"weekdays": ["KAMIS"]}, excluded_classes=["LANGSUNG"], hours={"day_start": "07:30"})
    assert [pointer[len(RULES_POINTER) :] for pointer, _, _ in errors_of(step)] == [
        "/pattern/weekdays",
        "/excluded_classes",
        "/hours",
    ]


@pytest.mark.parametrize("kind", [AmendInstrument, DraftInstrument, EnactInstrument])
def test_a_rule_that_cannot_be_meant_is_neither_drafted_nor_amended(kind: type[Any]) -> None:
    stage = {"stage": "DRAFT"} if kind is DraftInstrument else {}
    command = kind(region=REGION, instrument=se(rules={"hours": {"day_start": "07:30"}}), **stage)
    assert [pointer for pointer, _, _ in errors_of((DECIDED, command))] == [f"{RULES_POINTER}/hours"]
