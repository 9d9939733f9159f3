"""The rule language, closed: what a single instrument's rules cannot mean, in both languages. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from services.policy.domain.resolution.working_hours import clock, minute, office_day, week
from shared.domain.facts.base import Day, Invalid
from shared.domain.facts.rules import Approval, Discretion, Hours, Pattern, Rest, Rules
from shared.domain.work_location import CLASSES, WEEKDAYS

WORDS: Mapping[str, frozenset[str]] = {
    "share_of": frozenset({"OPD", "UNIT"}),
    "excluded_classes": frozenset(CLASSES),
    "place": frozenset({"HOME", "OTHER_OFFICE", "OTHER_PLACE", "PUBLIC_PLACE"}),
    "kind": frozenset({"OPD_DAYS", "APPLICATION", "ORDER"}),
    "may_decide": frozenset({"WHETHER", "WHO", "SHARE", "DAY", "JOB_TYPES"}),
    "person_rules": frozenset({"NOT_UNDER_DISCIPLINE", "NOT_NEW_IN_POST"}),
    "covers": frozenset({"PNS", "CPNS", "PPPK", "PPPK_PARUH_WAKTU"}),
    "reports": frozenset({"MONTHLY", "QUARTERLY", "YEARLY"}),
}
"""The closed lists of the language: readers tolerate what comes later, writers may not make it up."""

HOME = "/instrument/rules"
GROUPS = range(2, 11)
MIDNIGHT = 24 * 60
TOLERANCE = 0.01
"""Hours a week."""

Fault = tuple[str, str, str]
"""(pointer into the body, sentence in Indonesian, sentence in English)"""


def raised(faults: Iterable[Fault]) -> None:
    """Raise `Invalid` with all of them, if there is one."""
    found = [Invalid(*fault) for fault in faults]
    if found:
        raise Invalid.together(found)


def rule_faults(rules: Rules) -> Iterator[Fault]:
    """Everything that the rules of one instrument cannot mean."""
    if rules.pattern:
        yield from _pattern_faults(rules.pattern, rules)
    yield from _share_faults(rules)
    for pointer, rule, said in _words_of(rules):
        yield from _word_faults(f"{HOME}/{pointer}", rule, said)
    for number, approval in enumerate(rules.approvals):
        yield from _offer_faults(f"{HOME}/approvals/{number}/weekdays", approval)
    for number, discretion in enumerate(rules.unit_head_decides):
        yield from _discretion_faults(f"{HOME}/unit_head_decides/{number}", discretion, rules)
    if rules.hours:
        yield from _hours_faults(f"{HOME}/hours", rules.hours)
    for number, pattern in enumerate(rules.work_patterns):
        yield from _units_faults(f"{HOME}/work_patterns/{number}/units", pattern.units)
        yield from weekday_faults(f"{HOME}/work_patterns/{number}/work_days", pattern.work_days)
    if rules.evaluation and rules.evaluation.from_:
        yield from span_faults(f"{HOME}/evaluation/to", rules.evaluation.from_, rules.evaluation.to)
    yield from twice(HOME + "/sites/{}/site", [site.site for site in rules.sites])


def _offer_faults(pointer: str, approval: Approval) -> Iterator[Fault]:
    if approval.kind == "OPD_DAYS":
        yield from weekday_faults(pointer, approval.weekdays)
    elif approval.weekdays:
        yield (
            pointer,
            f"Hanya OPD_DAYS menawarkan hari; {approval.kind} berlaku setiap hari: hapus weekdays.",
            f"Only OPD_DAYS offers weekdays; {approval.kind} holds on any day: leave out weekdays.",
        )


def _discretion_faults(pointer: str, discretion: Discretion, rules: Rules) -> Iterator[Fault]:
    yield from _units_faults(f"{pointer}/units", discretion.units)
    if not discretion.may_decide:
        known = ", ".join(sorted(WORDS["may_decide"]))
        yield (
            f"{pointer}/may_decide",
            f"Sebutkan apa yang diputuskan kepala unit: {known}.",
            f"Say what the heads of units decide: {known}.",
        )
    if not rules.pattern:
        yield (
            pointer,
            "unit_head_decides hanya berarti di samping pola instrumen itu sendiri; isi pattern.",
            "unit_head_decides only has a meaning beside the instrument's own pattern; give one (pattern).",
        )


def _units_faults(pointer: str, units: Sequence[str]) -> Iterator[Fault]:
    if not units:
        yield (pointer, "Sebutkan unitnya, atau * untuk semua.", "Name the units, or * for all of them.")


def _words_of(rules: Rules) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Every word that must be on a list of the language: (pointer, list, words)."""
    for rule in ("excluded_classes", "person_rules", "covers"):
        yield rule, rule, getattr(rules, rule)
    for number, place in enumerate(rules.places):
        yield f"places/{number}/place", "place", [place.place]
    for number, discretion in enumerate(rules.unit_head_decides):
        yield f"unit_head_decides/{number}/may_decide", "may_decide", discretion.may_decide
    for number, approval in enumerate(rules.approvals):
        yield f"approvals/{number}/kind", "kind", [approval.kind]
    if rules.presence and rules.presence.place:
        yield "presence/place", "place", [rules.presence.place]
    if rules.evaluation and rules.evaluation.reports:
        yield "evaluation/reports", "reports", [rules.evaluation.reports]


def _word_faults(pointer: str, rule: str, said: Iterable[str]) -> Iterator[Fault]:
    known = ", ".join(sorted(WORDS[rule]))
    for word in said:
        if word not in WORDS[rule]:
            yield (pointer, f"{word} tidak dikenal; pilih {known}.", f"{word} is unknown; choose one of {known}.")


def _hours_faults(pointer: str, hours: Hours) -> Iterator[Fault]:
    yield from weekday_faults(f"{pointer}/work_days", hours.work_days)
    for number, rest in enumerate(hours.breaks):
        yield from weekday_faults(f"{pointer}/breaks/{number}/weekdays", rest.weekdays)
    if hours.week is None and hours.day_end is None:
        yield (
            pointer,
            "Isi jam seminggu (week) atau akhir hari (day_end).",
            "Give the hours of a week (week) or the end of a day (day_end).",
        )
    rested = [day for rest in hours.breaks for day in rest.weekdays]
    yield from twice(pointer + "/breaks/{}/weekdays", rested)
    if hours.day_end and hours.day_end <= hours.day_start:
        yield (
            f"{pointer}/day_end",
            f"Hari kerja berakhir {hours.day_end}, tidak sesudah mulai {hours.day_start}.",
            f"The day ends at {hours.day_end}, not after it starts at {hours.day_start}.",
        )
    elif hours.week is not None or hours.day_end is not None:
        yield from _length_faults(pointer, hours)


def _length_faults(pointer: str, hours: Hours) -> Iterator[Fault]:
    """Days that are all break or run past midnight, breaks outside the day, a week that its days do not make."""
    for day in hours.work_days if set(hours.work_days) <= set(WEEKDAYS) else ():
        office = office_day(hours, day)
        if office.worked <= 0 or office.end > MIDNIGHT:
            span = f"{clock(office.start)}-{clock(office.end)}, {office.rest} min"
            yield (
                pointer,
                f"{day}: {span} bukan hari kerja; harus ada jam kerja, dan berakhir sebelum tengah malam.",
                f"{day}: {span} is no working day; something must be worked, and it must end before midnight.",
            )
            return
    for number, rest in enumerate(hours.breaks if hours.work_days else ()):
        if rest.begins:
            yield from _break_faults(f"{pointer}/breaks/{number}", rest.begins, rest, hours)
    if hours.week is not None and hours.day_end and abs(week(hours) - hours.week) > TOLERANCE:
        yield (
            f"{pointer}/week",
            f"week {hours.week:g} tidak sama dengan jam hari-harinya, {week(hours):g}; isi salah satu.",
            f"week {hours.week:g} is not what its days make, {week(hours):g}; give one of them.",
        )


def _break_faults(pointer: str, begins: str, rest: Rest, hours: Hours) -> Iterator[Fault]:
    ends = min((office_day(hours, day).end for day in rest.weekdays), default=MIDNIGHT)
    if not minute(hours.day_start) <= minute(begins) < ends:
        yield (
            f"{pointer}/begins",
            f"Istirahat {begins} di luar jam kerja.",
            f"The break at {begins} lies outside the day.",
        )
    elif minute(begins) + rest.minutes > ends:
        yield (
            f"{pointer}/minutes",
            f"Istirahat {begins} selama {rest.minutes} menit melewati akhir hari, {clock(ends)}.",
            f"The break at {begins} of {rest.minutes} minutes goes beyond the end of the day, {clock(ends)}.",
        )


def _share_faults(rules: Rules) -> Iterator[Fault]:
    pointer = "/instrument/rules/share_of"
    if rules.share_of not in {None, *WORDS["share_of"]}:
        yield (pointer, "share_of harus OPD atau UNIT.", "share_of must be OPD or UNIT.")
    if rules.share_of and rules.max_share is None and rules.min_on_site_share is None:
        yield (
            pointer,
            "share_of mengatakan dari apa max_share atau min_on_site_share dihitung; isi salah satunya.",
            "share_of says what max_share or min_on_site_share is a share of; give one of them.",
        )
    least, home, most = rules.min_on_site_share, rules.max_share, rules.max_on_site_share
    if least is not None and home is not None and least + home > 1:
        yield (
            "/instrument/rules/min_on_site_share",
            (
                f"min_on_site_share {least:g} dan max_share {home:g} tidak dapat dipenuhi bersama: "
                f"bila {home:g} di rumah, tinggal {1 - home:g} di kantor."
            ),
            (
                f"min_on_site_share {least:g} and max_share {home:g} cannot both hold: "
                f"with {home:g} at home, {1 - home:g} is left on site."
            ),
        )
    if least is not None and most is not None and least > most:
        yield shortage("/instrument/rules/min_on_site_share", least, most, "instrumen ini", "this instrument")


def shortage(pointer: str, least: float, most: float, indonesian: str, english: str) -> Fault:
    """More people are to be on site than forced WFH leaves; the two clauses and whose they are."""
    return (
        pointer,
        f"min_on_site_share {least:g} melebihi yang disisakan WFH wajib, max_on_site_share {most:g} ({indonesian}).",
        f"min_on_site_share {least:g} is above what forced WFH leaves, max_on_site_share {most:g} ({english}).",
    )


def _pattern_faults(pattern: Pattern, rules: Rules) -> Iterator[Fault]:
    ways = (bool(pattern.weekdays), bool(pattern.dates), pattern.groups is not None, pattern.any_day)
    if sum(ways) != 1:
        yield (
            "/instrument/rules/pattern",
            (
                "Pola memakai tepat satu: hari tetap (weekdays), tanggal (dates), kelompok bergilir (groups), "
                "atau setiap hari (any_day)."
            ),
            "A pattern names exactly one of weekdays, dates, groups that take turns, or any_day.",
        )
    if pattern.weekdays:
        yield from weekday_faults("/instrument/rules/pattern/weekdays", pattern.weekdays)
    yield from twice("/instrument/rules/pattern/dates/{}", [str(day) for day in pattern.dates])
    if pattern.groups is None:
        return
    if pattern.groups not in GROUPS:
        yield (
            "/instrument/rules/pattern/groups",
            f"Jumlah kelompok harus {GROUPS[0]} sampai {GROUPS[-1]}.",
            f"The number of groups must be {GROUPS[0]} to {GROUPS[-1]}.",
        )
    if rules.max_share is None:
        yield (
            "/instrument/rules/max_share",
            "Kelompok bergilir memerlukan max_share: porsi terbesar di rumah pada satu hari.",
            "Groups that take turns need max_share: the greatest share at home on one day.",
        )


def twice(pointer: str, written: Sequence[str]) -> Iterator[Fault]:
    """What is written more than once; `{}` of the pointer is its place."""
    for number, name in enumerate(written):
        if name in written[:number]:
            yield (pointer.format(number), f"{name} tertulis dua kali.", f"{name} is written twice.")


def span_faults(pointer: str, first: date, last: Day | None) -> Iterator[Fault]:
    """Reversed dates."""
    if last and last < first:
        yield (pointer, f"Tanggal akhir {last} mendahului {first}.", f"The last date {last} lies before {first}.")


def weekday_faults(pointer: str, weekdays: tuple[str, ...]) -> Iterator[Fault]:
    """Weekdays that are none, or no weekday at all."""
    if not weekdays or not set(weekdays) <= set(WEEKDAYS):
        yield (pointer, "Isi hari dengan MON sampai SUN.", "Name the weekdays MON to SUN.")
    elif len(set(weekdays)) < len(weekdays):
        yield (pointer, "Satu hari tertulis dua kali.", "A weekday is written twice.")
