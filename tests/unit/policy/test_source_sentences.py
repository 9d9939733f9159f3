"""Dates pinned by hand, each with the sentence of its source, asked as an officer asks: `piket policy effective`."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from deploy.cli.__main__ import cli
from services.policy.domain.instruments.lifecycle import NEVER, state_on, superseded
from services.policy.domain.presets import replay


class Pin(NamedTuple):
    """One question, the answer by dotted path, and the sentence that it rests on."""

    region: str
    opd: str
    day: str
    who: Mapping[str, str]
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
"""No class is said: the unit is a typical one of its name."""


def by(instrument: str, answer: str, share: float | None = None, **more: object) -> Mapping[str, object]:
    """An answer under the pattern of an instrument."""
    return {"answer": answer, "max_share": share, "won_by.pattern": instrument, **more}


def hours(start: str, end: str, rest: int, week: float, giver: str) -> Mapping[str, object]:
    """The office's day and week, and who gave them."""
    shown = {"start": start, "end": end, "break_minutes": rest, "week": week}
    return {"hours": shown, "won_by.hours": giver}


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
    Pin("32", "SETDA", "2025-11-05", AT_GEDUNG_SATE, by(STAGE_1, "WFH", 1.0),
        "SE 150 stage I: staged from 5 November at Gedung Sate, entered as an extra date of that site."),
    Pin("32", "SETDA", "2025-11-05", ELSEWHERE, by(STAGE_1, "WFO", 0.0),
        "SE 150 stage I: all other sites from 6 November, the first Thursday."),
    Pin("32", "SETDA", "2025-11-12", AT_GEDUNG_SATE, by(STAGE_1, "WFO", 0.0),
        "The pilot of Gedung Sate was one date: the Wednesday after it is outside the Thursday pattern."),
    Pin("32", "DPMPTSP", "2025-11-13", DIRECT, WFO,
        "SE 150 excludes units, sections and teams that serve the public directly."),
    Pin("32", "BAPPEDA", "2025-11-27", OFFICE, by(STAGE_1, "WFH", 1.0, **{"won_by.weekly_cap_days": NATIONAL_BASE}),
        "SE 150 stage I: everyone at home every Thursday of November 2025; the 27th is the last."),
    Pin("32", "BAPPEDA", "2025-12-01", OFFICE, {"answer": "APPLICATION", "won_by.pattern": None},
        "Stage I ended on 30 November and stage II starts on 2 December: on the 1st there is no pattern."),
    Pin("32", "BAPPEDA", "2025-12-02", OFFICE, by(STAGE_2, "MAX_SHARE", 0.5),
        "SE 150 stage II: from 2 December at most 50 % of each OPD at home, heads choose who, on any day."),
    Pin("32", "BAPPEDA", "2025-12-26", OFFICE, HOLIDAY,
        "26 December 2025 is cuti bersama of Christmas: no share is taken of a day nobody works."),
    Pin("32", "BAPPEDA", "2026-01-02", OFFICE, by(SE_188, "WFO", 0.0, **{"won_by.approvals": SE_188}),
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
    Pin("32", "BAPPEDA", "2026-03-17", OFFICE, by(SE_188, "WFO", 0.0),
        "One instrument gives the pattern, the own government's: SE 188 beside the national window of 17 March."),
    Pin("32", "BAPPEDA", "2026-03-26", OFFICE, by(SE_188, "WFH", 1.0),
        "26 March is a Thursday of SE 188; the head's share of the national window is not the province's pattern."),
    Pin("32", "BAPPEDA", "2026-05-14", OFFICE, HOLIDAY,
        "14 May 2026, a Thursday, is Kenaikan Yesus Kristus: the WFH day vanishes."),
    Pin("32", "BAPPEDA", "2026-05-28", OFFICE, HOLIDAY,
        "28 May 2026, a Thursday, is cuti bersama of Idul Adha: the WFH day vanishes."),
    Pin("32", "KCD-PENDIDIKAN-BANDUNG", "2026-04-09", OFFICE, by(SE_188, "WFH", 1.0),
        "A provincial branch office inside a city follows the province: Thursday, while Bandung has Friday."),
)  # fmt: skip

DEPOK = (
    Pin("3276", "inspektorat", "2026-01-22", OFFICE, {**WFO, "won_by.pattern": None},
        "SE 42 begins on Thursday 29 January; a week before no pattern is in force in Depok."),
    Pin("3276", "inspektorat", "2026-01-29", OFFICE, by(SE_42, "WFH", 1.0),
        "SE 800/42: Thursday, from 29 January 2026."),
    Pin("3276", "dishub", "2026-02-05", TYPICAL, {**WFO, "won_by.excluded_units": SE_42},
        "SE 42 excludes rsud, puskesmas, sekolah, pajak, satpolpp, dishub, damkar, mpp."),
    Pin("3276", "kelurahan", "2026-02-05", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_42},
        "SE 42 leaves kecamatan and kelurahan to the heads of their units."),
    Pin("3276", "kecamatan", "2026-02-11", COUNTERS, by(SE_42, "WFO", 0.0),
        "SE 42 has Thursday: on a Wednesday there is nothing for the head of a kecamatan to decide."),
    Pin("3276", "inspektorat", "2026-02-16", OFFICE, HOLIDAY,
        "Monday 16 February 2026 is cuti bersama of Imlek, and SE 42's last day."),
    Pin("3276", "inspektorat", "2026-02-26", OFFICE, by(SE_80, "WFO", 0.0),
        "SE 800/80 superseded SE 42 on 17 February: Thursday is over."),
    Pin("3276", "inspektorat", "2026-03-02", OFFICE, by(SE_80, "WFH", 1.0),
        "SE 800/80: Monday, from 17 February 2026."),
    Pin("3276", "inspektorat", "2026-02-23", {**OFFICE, "--known-by": "2026-02-16"}, {**WFO, "won_by.pattern": None},
        "SE 80 was issued on 17 February: as known the day before, SE 42 ended and nothing followed."),
    Pin("3276", "perpustakaan", "2026-02-23", TYPICAL, {**WFO, "won_by.excluded_units": SE_80},
        "SE 80: kecamatan, kelurahan, MPP, library, fire, terminal are now explicitly on site."),
    Pin("3276", "dishub", "2026-02-23", TYPICAL, by(SE_80, "WFH", 1.0),
        "SE 80 excludes of Dishub only the terminal and the vehicle test (dishub_terminal_pkb)."),
    Pin("3276", "pasar", "2026-03-02", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_80},
        "SE 80: the heads of pasar, alun-alun, PBJ/LPSE and kebersihan decide for their units."),
    Pin("3276", "kebersihan", "2026-03-02", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_80},
        "SE 80: the heads of pasar, alun-alun, PBJ/LPSE and kebersihan decide for their units."),
    Pin("3276", "alun-alun", "2026-03-02", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_80},
        "SE 80: the heads of pasar, alun-alun, PBJ/LPSE and kebersihan decide for their units."),
    Pin("3276", "lpse", "2026-03-02", TYPICAL, {"answer": "UNIT_HEAD", "won_by.unit_head_decides": SE_80},
        "SE 80: the heads of pasar, alun-alun, PBJ/LPSE and kebersihan decide for their units."),
    Pin("3276", "inspektorat", "2026-04-10", OFFICE, by(SE_80, "WFO", 0.0),
        "Depok's own Monday gives the pattern; the national Friday beside it is never added."),
    Pin("3276", "BPBD", "2026-04-06", OFFICE, WFO,
        "Kedaruratan stays on site by the national SE of April, on Depok's Monday too: exclusions of all layers hold."),
)  # fmt: skip

OTHERS = (
    Pin("3271", "any", "2026-03-16", OFFICE, by(WINDOW, "UNIT_HEAD"),
        "SE MenPANRB 2/2026: 16 March is a date of the window, the share is set by the head of the agency."),
    Pin("3271", "any", "2026-03-18", OFFICE, HOLIDAY, "18 March 2026 is cuti bersama of Nyepi."),
    Pin("3271", "any", "2026-04-10", OFFICE,
        by("kota-bogor-2026-se-1633", "WFH", 1.0, **{
            "presence.checks": 3, "presence.place": "HOME", "presence.reply_within_s": 300,
            "won_by.checks": "kota-bogor-2026-se-1633"}),
        "SE 800.1.5/1633: Friday; three checks a day from home, a reply within 5 minutes."),
    Pin("3271", "any", "2026-04-10", OFFICE, {"presence.max_calls": 3},
        "SE 800.1.5/1633: 3 calls; the nation's 2 unanswered calls are the threshold of an oral reprimand."),
    Pin("3277", "any", "2026-04-01", OFFICE, by(NATIONAL_FRIDAY, "WFO", 0.0),
        "Cimahi's Wednesday idea was dropped: on 1 April there is only the national Friday."),
    Pin("3277", "any", "2026-04-03", OFFICE, HOLIDAY, "3 April 2026 is a holiday: the first real Friday is the 10th."),
    Pin("3277", "any", "2026-04-17", OFFICE,
        by("cimahi-2026-friday", "MAX_SHARE", 0.75, **{"won_by.max_share": "cimahi-2026-friday"}),
        "Cimahi: Friday, at most 75 % at home and 25 % on site."),
    Pin("3277", "any", "2026-04-17", ADMINISTRATOR, WFO, "Cimahi: echelon II and III, camat and lurah stay on site."),
    Pin("3277", "any", "2026-04-17", {**OFFICE, "--position": "JPT_MADYA"}, WFO,
        "JPT madya stays by the national SE, though Cimahi's own list begins at JPT pratama."),
    Pin("3277", "any", "2026-05-15", OFFICE, HOLIDAY, "Friday 15 May 2026 is cuti bersama of Kenaikan."),
    Pin("3201", "any", "2026-03-20", OFFICE, HOLIDAY, "20 March 2026 is cuti bersama of Idul Fitri."),
    Pin("3201", "any", "2026-03-26", OFFICE, by(WINDOW, "UNIT_HEAD"),
        "SE 578 begins on the 27th; on the 26th the national window around Lebaran gives the pattern."),
    Pin("3201", "any", "2026-03-27", OFFICE, by("kab-bogor-2026-se-578", "WFH", 1.0),
        "SE 000.8.3/578-ORG from 27 March: Friday at home, before the national window of the same day."),
    Pin("3201", "any", "2025-12-10", OFFICE, {**WFO, "won_by.pattern": None},
        "Kabupaten Bogor 2022 is a draft: any time and place is proposed, and binds nobody."),
    Pin("3273", "any", "2025-11-06", OFFICE, {**WFO, "won_by.pattern": None},
        "Kota Bandung did not join the trial of November: the province cannot write into a kota."),
    Pin("3273", "any", "2026-04-10", OFFICE, by(NATIONAL_FRIDAY, "WFH", 1.0),
        "SE MenPANRB 3/2026: Friday from 1 April; the first real Friday is 10 April."),
    Pin("3273", "any", "2026-04-10", ADMINISTRATOR, {**WFO, "won_by.forced_on_site_positions": NATIONAL_FRIDAY},
        "SE Mendagri 800.1.5/3349/SJ: JPT, administrators, camat and lurah stay on site."),
    Pin("3273", "any", "2026-04-09", OFFICE, by(NATIONAL_FRIDAY, "WFO", 0.0),
        "The national SE: Monday to Thursday in the office, whatever the province does on Thursday."),
    Pin("3273", "sekolah", "2026-04-10", OFFICE, {**WFO, "won_by.excluded_units": NATIONAL_FRIDAY},
        "Kedaruratan, trantib, kesehatan and pendidikan stay on site on the national Friday."),
    Pin("3273", "any", "2024-04-16", OFFICE, by("panrb-2024-after-lebaran", "MAX_SHARE", 0.5),
        "SE MenPANRB 1/2024: at most 50 % of administration on 16 and 17 April 2024."),
    Pin("3273", "any", "2024-04-16", DIRECT, WFO, "SE MenPANRB 1/2024: direct service 100 % in the office."),
    Pin("3273", "any", "2024-04-18", OFFICE, {**WFO, "won_by.pattern": None},
        "SE MenPANRB 1/2024 ended on 17 April 2024."),
    Pin("3216", "any", "2026-01-29", OFFICE, {**WFO, "won_by.approvals": "kab-bekasi-2026-flood"},
        "The flood order of Kabupaten Bekasi is for persons whom the head of the OPD names, not for a weekday."),
    Pin("3216", "any", "2026-01-29", {**OFFICE, "--approved": ""},
        {"answer": "WFH", "won_by.approvals": "kab-bekasi-2026-flood"},
        "SE-14/BKPSDM: staff cut off by the flood work from home by an individual order of the head of the OPD."),
    Pin("3216", "any", "2026-01-27", {**OFFICE, "--approved": ""}, WFO,
        "The flood circular was issued on 28 January: the day before nobody can be ordered home."),
    Pin("3275", "any", "2025-11-06", OFFICE, {**WFO, "won_by.pattern": None},
        "Kota Bekasi studies the mechanism: a study is simulated, never applied."),
)  # fmt: skip

HOURS = (
    Pin("32", "BAPPEDA", "2026-02-18", OFFICE, hours("07:30", "16:00", 60, 37.5, NATIONAL_BASE),
        "Perpres 21/2023: from 07:30, 60 minutes of break, 37 h 30 a week; Ramadan begins on the 19th."),
    Pin("3273", "any", "2025-11-07", OFFICE, hours("07:30", "16:30", 90, 37.5, NATIONAL_BASE),
        "Perpres 21/2023: Friday 07:30-16:30 with 90 minutes of break."),
    Pin("32", "BAPPEDA", "2026-02-19", OFFICE, hours("06:30", "14:00", 30, 34.5, "ramadan-jabar-2026"),
        "SE 21/KPG.03.04/ORG: Monday to Thursday 06:30-14:00, break 12:00-12:30; 34.5 h a week."),
    Pin("32", "BAPPEDA", "2026-02-27", OFFICE, hours("06:30", "14:00", 60, 34.5, "ramadan-jabar-2026"),
        "SE 21/KPG.03.04/ORG: Friday 06:30-14:00, break 11:30-12:30."),
    Pin("3271", "any", "2026-02-24", OFFICE, hours("08:00", "15:00", 30, 32.5, "ramadan-national"),
        "Kota Bogor rejected 06:30 and kept 08:00; Perpres 21/2023 in Ramadan: 30 minutes of break, 32 h 30."),
    Pin("3276", "inspektorat", "2026-02-27", OFFICE, hours("08:00", "15:30", 60, 32.5, "ramadan-national"),
        "Perpres 21/2023: Friday of Ramadan 08:00-15:30 with 60 minutes of break."),
    Pin("32", "BAPPEDA", "2026-04-11", OFFICE, {**HOLIDAY, "hours": None},
        "Perpres 21/2023: five working days, Monday to Friday; on Saturday the office has no hours."),
    Pin("32", "BAPPEDA", "2025-08-18", {**OFFICE, "--known-by": "2025-08-06"}, {"answer": "APPLICATION"},
        "SKB 933/2025 of 7 August 2025 added 18 August; the day before nobody knew of it."),
    Pin("32", "BAPPEDA", "2025-08-18", {**OFFICE, "--known-by": "2025-08-07"}, HOLIDAY,
        "SKB 933/2025 of 7 August 2025 added 18 August."),
    Pin("32", "BAPPEDA", "2025-08-18", OFFICE, HOLIDAY, "18 August 2025 is cuti bersama."),
    Pin("3276", "inspektorat", "2026-02-16", {**OFFICE, "--known-by": "2025-09-18"}, WFO,
        "SKB 1497/2025 of 19 September 2025 decreed the cuti bersama of 2026."),
    Pin("3276", "inspektorat", "2026-01-01", {**OFFICE, "--known-by": "2025-06-01"}, HOLIDAY,
        "New Year is a holiday by law, whatever the decree of the year."),
    Pin("32", "BAPPEDA", "2026-03-25", OFFICE, hours("07:30", "16:00", 60, 37.5, NATIONAL_BASE),
        "Ramadan 2026 ends on 20 March: after Lebaran the province is back at 07:30."),
)  # fmt: skip


def told(region: str, opd: str, day: str, who: Mapping[str, str]) -> Mapping[str, Any]:
    """What the command line prints, read; an option without a value stands alone."""
    options = [word for option in who.items() for word in option if word]
    asked = ["--reference", "--region", region, "--opd", opd, "--date", day, *options, "--json"]
    ran = CliRunner().invoke(cli, ["policy", "effective", *asked], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    shown: Mapping[str, Any] = json.loads(ran.stdout)
    return shown


def at(shown: Mapping[str, Any], path: str) -> object:
    """What stands at a dotted path; none where nothing does."""
    found: object = shown
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def named(pin: Pin) -> str:
    return " ".join((pin.region, pin.opd, pin.day, *filter(None, pin.who.values())))


@pytest.mark.parametrize("pin", [*PROVINCE, *DEPOK, *OTHERS, *HOURS], ids=named)
def test_on_this_day_it_is_as_the_source_says(pin: Pin) -> None:
    shown = told(pin.region, pin.opd, pin.day, pin.who)
    found = {path: at(shown, path) for path in pin.expected}
    assert found == dict(pin.expected), f"{pin.source}\nTold: {shown['because']['en']}"


@pytest.mark.parametrize(
    ("region", "opd", "day", "who", "giver"),
    [
        ("3277", "any", "2026-04-17", {**OFFICE, "--position": "JPT_MADYA"}, "SE MenPANRB 3/2026"),
        ("3277", "any", "2026-04-17", ADMINISTRATOR, "Kota Cimahi"),
        ("3276", "BPBD", "2026-04-06", OFFICE, "SE MenPANRB 3/2026"),
        ("3276", "perpustakaan", "2026-04-06", TYPICAL, "SE 800/80/BKPSDM/2026"),
        ("32", "SATPOLPP", "2026-04-09", OFFICE, "SE MenPANRB 3/2026"),
        ("32", "RSUD", "2026-04-09", OFFICE, "SE 188/KPG.03/BKD"),
    ],
    ids=["JPT madya", "administrator", "BPBD", "library", "public order", "hospital"],
)
def test_who_stays_on_site_is_told_the_instrument_that_names_him(
    region: str, opd: str, day: str, who: Mapping[str, str], giver: str
) -> None:
    assert giver in told(region, opd, day, who)["because"]["en"]


def test_half_of_each_day_and_two_days_a_week_are_shown_as_a_conflict_with_the_weekly_mean() -> None:
    effects = {(c["rule"], c["effect"]) for c in told("32", "BAPPEDA", "2025-12-04", OFFICE)["conflicts"]}
    assert ("max_share", "WEEKLY_MEAN_SHARE:0.4") in effects


def test_the_provinces_longer_week_of_ramadan_is_shown_against_the_law() -> None:
    effects = {(c["rule"], c["effect"]) for c in told("32", "BAPPEDA", "2026-02-24", OFFICE)["conflicts"]}
    assert ("hours", "WEEK_HOURS:34.5") in effects


class Case(NamedTuple):
    """One case of acceptance: who asks, the answer, the rule that gives it and the instrument that won the rule."""

    region: str
    opd: str
    day: str
    who: Mapping[str, str]
    answer: str
    rule: str
    winner: str | None


KEP_196 = "kota-bogor-2025-kep-196"
BROUGHT_INTO_FORCE = {**OFFICE, "--in-force": f"{KEP_196}=2026-01-26", "--approved": ""}
CASES = (
    Case("32", "BAPPEDA", "2025-11-06", OFFICE, "WFH", "pattern", STAGE_1),
    Case("32", "DPMPTSP", "2025-11-06", DIRECT, "WFO", "excluded_classes", STAGE_1),
    Case("32", "BAPPEDA", "2025-11-07", OFFICE, "WFO", "pattern", STAGE_1),
    Case("32", "BAPPEDA", "2025-12-04", OFFICE, "MAX_SHARE", "max_share", STAGE_2),
    Case("32", "BAPPEDA", "2026-01-01", OFFICE, "HOLIDAY", "pattern", SE_188),
    Case("32", "BAPPEDA", "2026-01-08", OFFICE, "WFH", "pattern", SE_188),
    Case("32", "BAPPEDA", "2026-04-10", OFFICE, "WFO", "approvals", SE_188),
    Case("32.76", "kecamatan", "2026-02-12", COUNTERS, "UNIT_HEAD", "unit_head_decides", SE_42),
    Case("32.76", "kecamatan", "2026-02-23", COUNTERS, "WFO", "excluded_units", SE_80),
    Case("32.76", "inspektorat", "2026-02-19", OFFICE, "WFO", "pattern", SE_80),
    Case("32.76", "inspektorat", "2026-02-23", OFFICE, "WFH", "pattern", SE_80),
    Case("32.71", "any", "2026-01-29", OFFICE, "WFO", "pattern", None),
    Case("32.71", "any", "2026-01-29", BROUGHT_INTO_FORCE, "WFA", "approvals", KEP_196),
    Case("32", "SETDA", "2025-11-05", AT_GEDUNG_SATE, "WFH", "pattern", STAGE_1),
    Case("32", "SETDA", "2025-11-05", ELSEWHERE, "WFO", "pattern", STAGE_1),
    Case("32.77", "any", "2026-04-10", OFFICE, "MAX_SHARE", "max_share", "cimahi-2026-friday"),
)


def called(case: Case) -> str:
    return " ".join((case.region, case.opd, case.day, *filter(None, case.who.values())))


@pytest.mark.parametrize("case", CASES, ids=called)
def test_a_case_of_acceptance_is_answered_by_the_instrument_that_won_and_told_in_two_languages(case: Case) -> None:
    shown = told(case.region, case.opd, case.day, case.who)
    spoken = {language: bool(text) for language, text in shown["because"].items()}
    assert (shown["answer"], shown["won_by"].get(case.rule), spoken) == (
        case.answer, case.winner, {"id": True, "en": True},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("case", "share", "words"),
    [
        (CASES[1], 0.0, "On site: direct service"),
        (CASES[3], 0.5, "At most 50 % of each OPD at home"),
        (CASES[4], 0.0, "not moved"),
        (CASES[6], 0.0, "only for an OPD whose application"),
        (CASES[7], None, "The counter stays on site"),
        (CASES[9], 0.0, "Outside the pattern of SE 800/80"),
        (CASES[11], 0.0, "is enacted but not in force"),
        (CASES[12], None, "At most 2 days a week for each person"),
        (CASES[14], 0.0, "all others 6 November 2025"),
        (CASES[15], 0.75, "Positions that stay on site: JPT pratama (echelon II), administrators (echelon III)"),
    ],
    ids=lambda given: called(given) if isinstance(given, Case) else "",
)
def test_a_case_of_acceptance_says_the_reason_of_the_file(case: Case, share: float | None, words: str) -> None:
    shown = told(case.region, case.opd, case.day, case.who)
    assert (shown["max_share"], words in shown["because"]["en"]) == (share, True), shown["because"]["en"]


def test_kep_196_in_force_offers_its_three_places_and_no_other() -> None:
    shown = told("32.71", "any", "2026-01-29", BROUGHT_INTO_FORCE)
    conditions = ["FACILITIES", "SECURITY", "HEALTH", "SAFETY", "INSTITUTIONAL_IMAGE"]
    assert {place["place"]: place["conditions"] for place in shown["places"]} == {
        "HOME": [], "OTHER_OFFICE": [], "PUBLIC_PLACE": conditions,
    }  # fmt: skip


END_OF_MAY = date(2026, 5, 31)
STATES: Mapping[str, Mapping[str, str]] = {
    "32": {
        "nasional-2025-permenpanrb-4": "IN_FORCE",
        "jabar-2022-pergub-102": "IN_FORCE",
        "jabar-2023-wfa-permanent": "IN_FORCE",
        "jabar-2025-se-150-stage-1": "EXPIRED",
        "jabar-2025-se-150-stage-2": "SUPERSEDED",
        "jabar-2026-se-188": "IN_FORCE",
        "nasional-2026-friday": "IN_FORCE",
        "panrb-2024-after-lebaran": "EXPIRED",
        "panrb-2026-around-lebaran": "EXPIRED",
        "ramadan-national": "EXPIRED",
        "ramadan-jabar-2026": "EXPIRED",
    },
    "3275": {"bekasi-2025-study": "STUDY"},
    "3276": {"depok-2026-se-42": "SUPERSEDED", "depok-2026-se-80": "IN_FORCE"},
    "3271": {"kota-bogor-2025-kep-196": "ENACTED", "kota-bogor-2026-se-1633": "IN_FORCE"},
    "3273": {"bandung-2023-study": "STUDY"},
    "3201": {"kab-bogor-2022-draft": "DRAFT", "kab-bogor-2026-se-578": "IN_FORCE"},
    "3277": {"cimahi-2026-friday": "IN_FORCE"},
    "3216": {"kab-bekasi-2026-flood": "IN_FORCE"},
}
"""In which state each instrument is at the end of May 2026, by the government that has it on record."""


@pytest.mark.parametrize("region", STATES)
def test_at_the_end_of_may_each_instrument_is_in_the_state_of_its_source(region: str) -> None:
    courses = replay.books(region).courses
    ends = superseded(courses)
    found = {name: state_on(courses[name], END_OF_MAY, ends.get(name, NEVER)) for name in STATES[region]}
    assert found == dict(STATES[region])


def test_the_national_base_and_all_twenty_instruments_are_among_these_states() -> None:
    assert sum(len(states) for states in STATES.values()) == 21


@pytest.mark.parametrize("region", STATES)
def test_a_government_has_its_own_instruments_on_record_and_the_nations_and_no_other(region: str) -> None:
    national = {name for name in STATES["32"] if name.startswith(("nasional", "panrb", "ramadan-national"))}
    assert set(replay.books(region).courses) == set(STATES[region]) | national


@pytest.mark.parametrize("region", STATES)
def test_the_instruments_are_recorded_in_the_order_of_their_dates(region: str) -> None:
    when = [each.at for each in replay.recorded(region)]
    assert when == sorted(when)
