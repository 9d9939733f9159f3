"""Rules clause by clause, in Indonesian and in English, each with the instrument that gave it. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from services.policy.domain.explanation.labels import CODES, PROVED
from services.policy.domain.explanation.nouns import Two, day, names
from services.policy.domain.explanation.phrases import Titles, approval, given, listed, number, percent, said, word
from services.policy.domain.resolution.working_hours import week
from shared.domain.facts.policy import Period, Said
from shared.domain.facts.rules import Evaluation, Hours, Pattern, Place, Presence, Rules, SiteStart, WorkPattern


class Givers(Protocol):
    """Who gave the rules."""

    def by(self, rule: str) -> str:
        """The title of the instrument that gave a rule; empty where that is clear."""

    def listed(self, rule: str) -> Iterable[tuple[Sequence[str], str]]:
        """The codes of a rule that several instruments fill, each part with the title of the one that names it."""

    def granted(self) -> Mapping[str, str]:
        """The weekdays of the pattern that another instrument granted, each with the title of that one."""


class OfPeriod(NamedTuple):
    """Who gave the rules of a period, where nothing is known but the period: of a list the one that won it."""

    period: Period
    title: Titles

    def by(self, rule: str) -> str:
        """The title of the instrument that gave a rule."""
        won = self.period.won_by.get(rule)
        return self.title(won.instrument) if won else ""

    def listed(self, rule: str) -> Iterable[tuple[Sequence[str], str]]:
        """The codes of a list, all by the instrument that won it."""
        return [(getattr(self.period.rules, rule), self.by(rule))]

    def granted(self) -> Mapping[str, str]:
        """The weekdays of the pattern that another instrument granted."""
        return {day: self.title(won.instrument) for day, won in self.period.granted().items()}


class OfItself(NamedTuple):
    """The rules of one instrument, of which it need not be said who gave them."""

    rules: Rules

    def by(self, _: str) -> str:
        """Nobody else."""
        return ""

    def listed(self, rule: str) -> Iterable[tuple[Sequence[str], str]]:
        """The codes of a list."""
        return [(getattr(self.rules, rule), "")]

    def granted(self) -> Mapping[str, str]:
        """None: what is granted is not of the instrument itself."""
        return {}


LISTS: Mapping[str, Two] = {
    "excluded_classes": ("Tetap di kantor: {}", "On site: {}"),
    "excluded_units": ("Unit yang tetap di kantor: {}", "Units that stay on site: {}"),
    "forced_on_site_positions": ("Jabatan yang tetap di kantor: {}", "Positions that stay on site: {}"),
    "eligible_job_types": ("Jenis jabatan yang boleh: {}", "Job types that may: {}"),
    "covers": ("Berlaku bagi {}", "Covers {}"),
    "person_rules": ("Syarat pegawai: {}", "A person must be: {}"),
    "weekly_cap_exempt": ("Batas hari seminggu tidak berlaku bagi {}", "The cap of days a week exempts {}"),
    "requires": ("Wajib: {}", "Required: {}"),
}
"""Rules that are lists of codes, which several instruments may fill together."""

FIGURES: Mapping[str, Two] = {
    "weekly_cap_days": ("Paling banyak {} hari seminggu tiap orang", "At most {} days a week for each person"),
    "new_in_post_days": ("Baru dalam jabatan: kurang dari {} hari", "New in post: less than {} days"),
    "publish_notice_days": ("Jadwal diumumkan {} hari sebelumnya", "Rosters are published {} days ahead"),
}
SHARES: Mapping[str, Two] = {
    "max_share": ("Paling banyak {} {}di rumah", "At most {} {}at home"),
    "min_on_site_share": ("Sedikitnya {} {}di kantor", "At least {} {}on site"),
    "max_on_site_share": ("Paling banyak {} {}di kantor", "At most {} {}on site"),
}


OF: Mapping[str, Two] = {"UNIT": ("tiap unit ", "of each unit "), "OPD": ("tiap OPD ", "of each OPD ")}


def when(pattern: Pattern) -> Two:
    """The days of a pattern."""
    if pattern.weekdays:
        return listed(pattern.weekdays)
    if pattern.groups:
        return f"{pattern.groups} kelompok bergilir", f"{pattern.groups} groups in turn"
    if pattern.dates:
        first, last, n = day(pattern.dates[0]), day(pattern.dates[-1]), len(pattern.dates)
        return f"{n} tanggal, {first[0]} sampai {last[0]}", f"{n} dates, {first[1]} to {last[1]}"
    return "setiap hari kerja", "any working day"


def _pattern(rules: Rules) -> Two:
    days = when(rules.pattern or Pattern())
    return f"Hari WFH: {days[0]}", f"WFH days: {days[1]}"


def _share(rule: str) -> Callable[[Rules], Two]:
    def told(rules: Rules) -> Two:
        of, share = OF.get(rules.share_of or "", ("", "")), percent(getattr(rules, rule))
        return SHARES[rule][0].format(share, of[0]), SHARES[rule][1].format(share, of[1])

    return told


def _figure(rule: str) -> Callable[[Rules], Two]:
    return lambda rules: (FIGURES[rule][0].format(getattr(rules, rule)), FIGURES[rule][1].format(getattr(rules, rule)))


def _discretion(rules: Rules) -> Two:
    told = [(names(each.units), listed(each.may_decide)) for each in rules.unit_head_decides]
    return (
        "; ".join(f"Kepala unit ({units[0]}) memutuskan {what[0]}" for units, what in told),
        "; ".join(f"Heads of units ({units[1]}) decide {what[1]}" for units, what in told),
    )


def _sites(rules: Rules) -> Two:
    told = [_begins(site) for site in rules.sites]
    return f"Mulai: {'; '.join(t[0] for t in told)}", f"The start is: {'; '.join(t[1] for t in told)}"


def _begins(site: SiteStart) -> Two:
    name = CODES.get(site.site, (site.site, site.site))
    first, dates = day(site.from_), [day(each) for each in site.dates]
    extra = (", hari WFH tambahan ", ", with the extra WFH day ") if dates else ("", "")
    return (
        f"{name[0]} {first[0]}{extra[0]}{', '.join(each[0] for each in dates)}",
        f"{name[1]} {first[1]}{extra[1]}{', '.join(each[1] for each in dates)}",
    )


def _places(rules: Rules) -> Two:
    told = [_place(place) for place in rules.places]
    return f"Tempat: {', '.join(t[0] for t in told)}", f"Places: {', '.join(t[1] for t in told)}"


def _place(place: Place) -> Two:
    name, asked = word(place.place), listed(place.conditions)
    return (f"{name[0]} (syarat: {asked[0]})", f"{name[1]} (provided {asked[1]})") if place.conditions else name


def _hours(rules: Rules) -> Two:
    hours = rules.hours or Hours(day_start="07:30")
    total, start, end = number(week(hours)), hours.day_start, hours.day_end
    span = (f"{start}-{end}", f"{start}-{end}") if end else (f"mulai {start}", f"from {start}")
    return (
        f"Jam kerja {span[0].replace(':', '.')}, {total[0]} jam seminggu",
        f"Working hours {span[1]}, {total[1]} hours a week",
    )


def _patterns(rules: Rules) -> Two:
    told = [(names(each.units), _days(each)) for each in rules.work_patterns]
    return (
        f"Hari kerja: {'; '.join(f'{units[0]} {days[0]}' for units, days in told)}",
        f"Working days: {'; '.join(f'{units[1]} {days[1]}' for units, days in told)}",
    )


def _days(pattern: WorkPattern) -> Two:
    first, last = word(pattern.work_days[0]), word(pattern.work_days[-1])
    shifts = (", bergiliran", ", in shifts") if pattern.shifts else ("", "")
    return f"{first[0]} sampai {last[0]}{shifts[0]}", f"{first[1]} to {last[1]}{shifts[1]}"


def _presence(rules: Rules) -> Two:
    found = rules.presence or Presence()
    told = [(name, getattr(found, name)) for name in PROVED if getattr(found, name) is not None]
    parts = [(PROVED[name][0].format(value), PROVED[name][1].format(value)) for name, value in told]
    if found.accept_claimed is False:
        parts.append(("tanpa bukti lokasi tidak diterima", "not accepted without proof of place"))
    parts = parts or [("seperti biasa", "as usual")]
    return f"Presensi: {', '.join(p[0] for p in parts)}", f"Presence: {', '.join(p[1] for p in parts)}"


def _review(rules: Rules) -> Two:
    found = rules.evaluation or Evaluation()
    if found.review_after_days:
        return f"Ditinjau setelah {found.review_after_days} hari", f"Reviewed after {found.review_after_days} days"
    measured = names(found.measures)
    return (
        (f"Dievaluasi: {measured[0]}", f"Evaluated: {measured[1]}") if found.measures else ("Dievaluasi", "Evaluated")
    )


CLAUSES: Mapping[str, Callable[[Rules], Two] | None] = {
    "excluded_classes": None,
    "excluded_units": None,
    "forced_on_site_positions": None,
    "eligible_job_types": None,
    "sites": _sites,
    "pattern": _pattern,
    "max_share": _share("max_share"),
    "min_on_site_share": _share("min_on_site_share"),
    "max_on_site_share": _share("max_on_site_share"),
    "unit_head_decides": _discretion,
    "weekly_cap_days": _figure("weekly_cap_days"),
    "weekly_cap_exempt": None,
    "covers": None,
    "person_rules": None,
    "new_in_post_days": _figure("new_in_post_days"),
    "requires": None,
    "places": _places,
    "hours": _hours,
    "work_patterns": _patterns,
    "presence": _presence,
    "publish_notice_days": _figure("publish_notice_days"),
    "evaluation": _review,
}
"""How each rule is told, in the order in which it may decide where somebody works; None is one of the lists."""


def clauses(rules: Rules, givers: Givers) -> Iterator[tuple[str, Said]]:
    """The rules that are set, each with its sentence and who gave it."""
    for rule, telling in CLAUSES.items():
        if getattr(rules, rule) in (None, ()):
            continue
        if rule == "pattern" and givers.granted():
            yield rule, _granted(rules, givers, givers.by(rule))
            continue
        yield rule, given(telling(rules), givers.by(_giver(rule, rules))) if telling else _list(rule, givers)


def of_itself(rules: Rules) -> list[Said]:
    """What one instrument sets: its pattern first, then who is kept from it, then what may be granted."""
    told = sorted(clauses(rules, OfItself(rules)), key=lambda clause: clause[0] != "pattern")
    return [*(text for _, text in told), *(approval(offer, "") for offer in rules.approvals)]


def _giver(rule: str, rules: Rules) -> str:
    """Presence is resolved rule by rule: the first that is told names its giver."""
    if rule != "presence":
        return rule
    found = rules.presence
    return next((name for name in PROVED if getattr(found, name) is not None), "accept_claimed")


def _list(rule: str, givers: Givers) -> Said:
    """The codes of a list, by the instruments that name them."""
    parts = [(names(codes), f" ({title})" if title else "") for codes, title in givers.listed(rule)]
    told = "; ".join(f"{n[0]}{giver}" for n, giver in parts), "; ".join(f"{n[1]}{giver}" for n, giver in parts)
    return said(f"{LISTS[rule][0].format(told[0])}.", f"{LISTS[rule][1].format(told[1])}.")


def _granted(rules: Rules, givers: Givers, title: str) -> Said:
    """The days of the pattern, and those that others granted beside it."""
    more, pattern = givers.granted(), rules.pattern or Pattern()
    own = when(Pattern(weekdays=tuple(day for day in pattern.weekdays if day not in more)))
    parts = [(own, title), *((word(day), giver) for day, giver in more.items())]
    told = ["; ".join(f"{days[n]} ({giver})" if giver else days[n] for days, giver in parts) for n in (0, 1)]
    return said(f"Hari WFH: {told[0]}.", f"WFH days: {told[1]}.")


def outside(rules: Rules, givers: Givers) -> Said:
    """A day on which the pattern opens nothing."""
    if givers.granted():
        beyond, told = givers.by("pattern"), _granted(rules, givers, "")
        return said(f"Di luar pola {beyond}. {told.id}", f"Outside the pattern of {beyond}. {told.en}")
    days, title = _pattern(rules), givers.by("pattern")
    return said(f"Di luar pola {title}. {days[0]}.", f"Outside the pattern of {title}. {days[1]}.")


def brief(rules: Rules) -> Said | None:
    """The one thing that fits on a bar: the days and the share, the cap, the hours or the places."""
    if rules.pattern:
        days, share = when(rules.pattern), rules.max_share
        most = percent(share) if share not in {None, 1} and share is not None else ""
        return said(days[0] + (f", maks. {most}" if most else ""), days[1] + (f", max. {most}" if most else ""))
    if rules.weekly_cap_days is not None:
        n = rules.weekly_cap_days
        return said(f"paling banyak {n} hari per minggu", f"at most {n} days a week")
    if rules.hours and rules.hours.week:
        hours = number(rules.hours.week)
        return said(f"{hours[0]} jam seminggu", f"{hours[1]} hours a week")
    if any(offer.kind == "APPLICATION" for offer in rules.approvals):
        return said("atas permohonan", "on application")
    return None
