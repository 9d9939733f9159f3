"""Holds hand-written answers for West Java and Depok, each with the sentence of its source."""

from collections.abc import Mapping
from typing import NamedTuple


class Pin(NamedTuple):
    """One question, the expected values by dotted path, and the sentence of the source."""

    region: str
    opd: str
    day: str
    subject: Mapping[str, str]
    expected: Mapping[str, object]
    source: str


OFFICE = {"--class": "NON_SERVICE"}


COUNTERS = {"--class": "MIXED"}


DIRECT = {"--class": "DIRECT"}


NIGHT_AND_DAY = {"--class": "EMERGENCY_24X7"}


ADMINISTRATOR = {**OFFICE, "--position": "ADMINISTRATOR"}


AT_GEDUNG_SATE = {**OFFICE, "--site": "Gedung Sate"}


ELSEWHERE = {**OFFICE, "--site": "another site"}


TYPICAL: Mapping[str, str] = {}
"""No options: the unit is a typical one of its name."""


def under(instrument: str, answer: str, share: float | None = None, **more: object) -> Mapping[str, object]:
    """Return an expected answer under the pattern of an instrument."""
    return {"answer": answer, "max_share": share, "won_by.pattern": instrument, **more}


def hours(start: str, end: str, rest: int, week: float, source: str) -> Mapping[str, object]:
    """Return the expected office hours and weekly hours, and their source instrument."""
    result = {"start": start, "end": end, "break_minutes": rest, "week": week}
    return {"hours": result, "won_by.hours": source}


STAGE_1, STAGE_2, SE_188 = "jabar-2025-se-150-stage-1", "jabar-2025-se-150-stage-2", "jabar-2026-se-188"


SE_42, SE_80 = "depok-2026-se-42", "depok-2026-se-80"


WINDOW, NATIONAL_FRIDAY, NATIONAL_BASE = (
    "panrb-2026-around-lebaran",
    "nasional-2026-friday",
    "nasional-2025-permenpanrb-4",
)


WFO, HOLIDAY = {"answer": "WFO", "max_share": 0.0}, {"answer": "HOLIDAY", "max_share": 0.0}


PROVINCE = (
    Pin("32", "BAPPEDA", "2025-03-12", OFFICE,
        {"answer": "APPLICATION", "max_share": None, "won_by.weekly_cap_days": "jabar-2023-wfa-permanent"},
        "Permanent WFA of 2023: up to 4 days a week, by application; the national cap came only on 21 April 2025."),
    Pin("32", "BAPPEDA", "2025-11-03", OFFICE,
        {"answer": "APPLICATION", "max_share": None, "won_by.weekly_cap_days": NATIONAL_BASE},
        "PermenPANRB 4/2025 Art. 13: at most 2 days a week; above it the province's 4 no longer hold."),
    Pin("32", "BAPPEDA", "2025-11-03", {**OFFICE, "--approved": ""},
        {"answer": "WFA", "won_by.approvals": "jabar-2023-wfa-permanent"},
        "Permanent WFA of 2023: only good performers, approved by the superior."),
    Pin("32", "SETDA", "2025-11-05", AT_GEDUNG_SATE, under(STAGE_1, "WFH", 1.0),
        "SE 150 stage I: staged from 5 November at Gedung Sate, entered as an extra date of that site."),
    Pin("32", "SETDA", "2025-11-05", ELSEWHERE, under(STAGE_1, "WFO", 0.0),
        "SE 150 stage I: all other sites from 6 November, the first Thursday."),
    Pin("32", "SETDA", "2025-11-12", AT_GEDUNG_SATE, under(STAGE_1, "WFO", 0.0),
        "The pilot of Gedung Sate was one date: the Wednesday after it is outside the Thursday pattern."),
    Pin("32", "DPMPTSP", "2025-11-13", DIRECT, WFO,
        "SE 150 excludes units, sections and teams that serve the public directly."),
    Pin("32", "BAPPEDA", "2025-11-27", OFFICE, under(STAGE_1, "WFH", 1.0, **{"won_by.weekly_cap_days": NATIONAL_BASE}),
        "SE 150 stage I: everyone at home every Thursday of November 2025; the 27th is the last."),
    Pin("32", "BAPPEDA", "2025-12-01", OFFICE, {"answer": "APPLICATION", "won_by.pattern": None},
        "Stage I ended on 30 November and stage II starts on 2 December: on the 1st there is no pattern."),
    Pin("32", "BAPPEDA", "2025-12-02", OFFICE, under(STAGE_2, "MAX_SHARE", 0.5),
        "SE 150 stage II: from 2 December at most 50 % of each OPD at home, heads choose who, on any day."),
    Pin("32", "BAPPEDA", "2025-12-26", OFFICE, HOLIDAY,
        "26 December 2025 is cuti bersama of Christmas: no share is taken of a day nobody works."),
    Pin("32", "BAPPEDA", "2026-01-02", OFFICE, under(SE_188, "WFO", 0.0, **{"won_by.approvals": SE_188}),
        "SE 188: Thursday; Friday is optional and needs an application of the OPD approved by BKD."),
    Pin("32", "BAPPEDA", "2026-04-10", {**OFFICE, "--approved": ""}, {"answer": "WFH", "won_by.approvals": SE_188},
        "SE 188: Friday too for an OPD whose application BKD approved, and the province kept SE 188 in April."),
    Pin("32", "RSUD", "2026-01-08", OFFICE, {**WFO, "won_by.excluded_units": SE_188},
        "SE 188 excludes hospitals as such, their back offices among them."),
    Pin("32", "SAMSAT", "2026-01-08", TYPICAL, WFO,
        "SE 188 excludes hospitals, schools, Samsat, laboratories and other direct service."),
    Pin("32", "BAPPEDA", "2026-03-19", OFFICE, HOLIDAY,
        "Nyepi 2026 is Thursday 19 March: a holiday on the WFH day is not moved."),
    Pin("32", "RSUD", "2026-03-19", NIGHT_AND_DAY, WFO,
        "24-hour posts are covered in each shift, nights and Nyepi included."),
    Pin("32", "BAPPEDA", "2026-03-17", OFFICE, under(SE_188, "WFO", 0.0),
        "One instrument gives the pattern, the own government's: SE 188 beside the national window of 17 March."),
    Pin("32", "BAPPEDA", "2026-03-26", OFFICE, under(SE_188, "WFH", 1.0),
        "26 March is a Thursday of SE 188; the head's share of the national window is not the province's pattern."),
    Pin("32", "BAPPEDA", "2026-05-14", OFFICE, HOLIDAY,
        "14 May 2026, a Thursday, is Kenaikan Yesus Kristus: the WFH day vanishes."),
    Pin("32", "BAPPEDA", "2026-05-28", OFFICE, HOLIDAY,
        "28 May 2026, a Thursday, is cuti bersama of Idul Adha: the WFH day vanishes."),
    Pin("32", "KCD-PENDIDIKAN-BANDUNG", "2026-04-09", OFFICE, under(SE_188, "WFH", 1.0),
        "A provincial branch office inside a city follows the province: Thursday, while Bandung has Friday."),
)  # fmt: skip


DEPOK = (
    Pin("3276", "inspektorat", "2026-01-22", OFFICE, {**WFO, "won_by.pattern": None},
        "SE 42 begins on Thursday 29 January; a week before no pattern is in force in Depok."),
    Pin("3276", "inspektorat", "2026-01-29", OFFICE, under(SE_42, "WFH", 1.0),
        "SE 800/42: Thursday, from 29 January 2026."),
    Pin("3276", "dishub", "2026-02-05", TYPICAL, {**WFO, "won_by.excluded_units": SE_42},
        "SE 42 excludes rsud, puskesmas, sekolah, pajak, satpolpp, dishub, damkar, mpp."),
    Pin("3276", "kelurahan", "2026-02-05", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_42},
        "SE 42 leaves kecamatan and kelurahan to the heads of their units."),
    Pin("3276", "kecamatan", "2026-02-11", COUNTERS, under(SE_42, "WFO", 0.0),
        "SE 42 has Thursday: on a Wednesday there is nothing for the head of a kecamatan to decide."),
    Pin("3276", "inspektorat", "2026-02-16", OFFICE, HOLIDAY,
        "Monday 16 February 2026 is cuti bersama of Imlek, and SE 42's last day."),
    Pin("3276", "inspektorat", "2026-02-26", OFFICE, under(SE_80, "WFO", 0.0),
        "SE 800/80 superseded SE 42 on 17 February: Thursday is over."),
    Pin("3276", "inspektorat", "2026-03-02", OFFICE, under(SE_80, "WFH", 1.0),
        "SE 800/80: Monday, from 17 February 2026."),
    Pin("3276", "inspektorat", "2026-02-23", {**OFFICE, "--known-by": "2026-02-16"}, {**WFO, "won_by.pattern": None},
        "SE 80 was issued on 17 February: as known the day before, SE 42 ended and nothing followed."),
    Pin("3276", "perpustakaan", "2026-02-23", TYPICAL, {**WFO, "won_by.excluded_units": SE_80},
        "SE 80: kecamatan, kelurahan, MPP, library, fire, terminal are now explicitly on site."),
    Pin("3276", "dishub", "2026-02-23", TYPICAL, under(SE_80, "WFH", 1.0),
        "SE 80 excludes of Dishub only the terminal and the vehicle test (dishub_terminal_pkb)."),
    Pin("3276", "pasar", "2026-03-02", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_80},
        "SE 80: the heads of pasar, alun-alun, PBJ/LPSE and kebersihan decide for their units."),
    Pin("3276", "kebersihan", "2026-03-02", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_80},
        "SE 80: the heads of pasar, alun-alun, PBJ/LPSE and kebersihan decide for their units."),
    Pin("3276", "alun-alun", "2026-03-02", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_80},
        "SE 80: the heads of pasar, alun-alun, PBJ/LPSE and kebersihan decide for their units."),
    Pin("3276", "lpse", "2026-03-02", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_80},
        "SE 80: the heads of pasar, alun-alun, PBJ/LPSE and kebersihan decide for their units."),
    Pin("3276", "inspektorat", "2026-04-10", OFFICE, under(SE_80, "WFO", 0.0),
        "Depok's own Monday gives the pattern; the national Friday beside it is never added."),
    Pin("3276", "BPBD", "2026-04-06", OFFICE, WFO,
        "Kedaruratan stays on site by the national SE of April, on Depok's Monday too: exclusions of all layers hold."),
)  # fmt: skip
