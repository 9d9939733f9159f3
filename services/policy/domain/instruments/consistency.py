"""What an instrument cannot mean beside others: whom it supersedes and binds, and shares that leave nobody. Pure."""

from collections.abc import Collection, Iterator, Mapping

from services.policy.domain.instruments.effective_policy import ANY_OPD, Effective
from services.policy.domain.instruments.lifecycle import Course, Courses, supersessions
from services.policy.domain.resolution.binding import LAYERS
from services.policy.domain.resolution.merge import by_site
from services.policy.domain.validation.rule_errors import Fault, shortage
from shared.domain.facts.policy import Instrument, Period

POINTER = "/instrument/rules/min_on_site_share"


def overlap_faults(instrument: Instrument, courses: Courses, register: Collection[str]) -> Iterator[Fault]:
    """What an instrument says of others: those it supersedes, and the OPD that it binds."""
    for number, name in enumerate(instrument.supersedes):
        yield from _succession_faults(f"/instrument/supersedes/{number}", instrument, name, courses)
    for number, opd in enumerate(instrument.opds):
        if opd not in register:
            pointer = f"/instrument/opds/{number}"
            yield (pointer, f"OPD {opd} belum terdaftar.", f"OPD {opd} is not in the register.")


def _succession_faults(pointer: str, instrument: Instrument, name: str, courses: Courses) -> Iterator[Fault]:
    if name not in courses:
        yield (pointer, f"{name} tidak dikenal di wilayah ini.", f"{name} is unknown in this region.")
        return
    own, upper = instrument.instrument, courses[name].instrument.layer
    if LAYERS.index(upper) < LAYERS.index(instrument.layer):
        yield (
            pointer,
            f"{name} berlapis {upper}; instrumen berlapis {instrument.layer} tidak dapat menggantikannya.",
            f"{name} is of layer {upper}; an instrument of layer {instrument.layer} cannot supersede it.",
        )
    yield from _taken_faults(pointer, own, name, courses)
    if own in _line(name, courses):
        yield (
            pointer,
            f"{own} dan {name} akan saling menggantikan: {' > '.join([own, *_line(name, courses)])}.",
            f"{own} and {name} would supersede each other: {' > '.join([own, *_line(name, courses)])}.",
        )


def again_faults(instrument: Instrument, courses: Courses) -> Iterator[Fault]:
    """Whom an instrument that begins only now, or once more, would supersede though another has done so meanwhile."""
    for name in instrument.supersedes:
        yield from _taken_faults("/instrument", instrument.instrument, name, courses)


def _taken_faults(pointer: str, own: str, name: str, courses: Courses) -> Iterator[Fault]:
    others = [other for other, c in courses.items() if other != own and name in dict(supersessions(c))]
    if others:
        yield (
            pointer,
            f"{name} sudah digantikan {others[0]}; {own} tidak dapat menggantikannya lagi.",
            f"{name} is superseded by {others[0]} already; {own} cannot supersede it once more.",
        )


def _line(name: str, courses: Mapping[str, Course]) -> list[str]:
    """What an instrument supersedes, and what that one does, and so on, each once."""
    line = [name]
    for each in line:
        course = courses.get(each)
        line += [n for n in (course.instrument.supersedes if course else ()) if n not in line]
    return line


def shortage_faults(before: Courses, after: Courses) -> Iterator[Fault]:
    """Two instruments of which one forces more people home than the other lets go, and that have not met before."""
    known = {found[:2] for found in _shortages(before)}
    for opd, givers, period in _shortages(after):
        if (opd, givers) not in known:
            where = "" if opd == ANY_OPD else f"{opd}, "
            told, rules = f"{where}{period.from_}: {givers}", period.rules
            yield shortage(POINTER, rules.min_on_site_share or 0, rules.max_on_site_share or 0, told, told)


def _shortages(courses: Courses) -> Iterator[tuple[str, str, Period]]:
    """Of each OPD that is bound by something of its own, and of all others: who meets, and the first dates of it."""
    effective, found = Effective(courses, ()), set[tuple[str, str]]()
    for opd in (ANY_OPD, *sorted({name for course in courses.values() for name in course.instrument.opds})):
        for period, _ in by_site(effective.stretches(opd)):
            least, most = period.rules.min_on_site_share, period.rules.max_on_site_share
            if least is None or most is None or least <= most:
                continue
            givers = " / ".join(period.won_by[rule].instrument for rule in ("min_on_site_share", "max_on_site_share"))
            if (opd, givers) not in found and (ANY_OPD, givers) not in found:
                found.add((opd, givers))
                yield opd, givers, period
