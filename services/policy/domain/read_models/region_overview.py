"""The rules of one region on one date, as its page shows them: its instruments, and who is bound by what. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.policy.domain.explanation import clauses, nouns, phrases
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.explanation.phrases import said
from services.policy.domain.instruments.effective_policy import ANY_OPD, Effective
from services.policy.domain.instruments.lifecycle import NEVER, Course, superseded
from services.policy.domain.read_models.conflict_report import Clash, met, opds
from services.policy.domain.read_models.timeline_chart import OVER, STATES, UNKNOWN, Row, Window, row, state
from services.policy.domain.reference_data.unit_types import typical
from services.policy.domain.resolution.binding import LAYERS
from services.policy.domain.snapshot import Asked, PolicySnapshot
from shared.domain.facts.policy import Holiday, Instrument, Said
from shared.domain.facts.rules import Rules
from shared.domain.work_location import CLASSES, Who

LAYER_NAMES: Mapping[str, Said] = {
    "NATIONAL": said("Nasional", "National"),
    "PROVINCE": said("Provinsi", "Province"),
    "REGION": said("Kabupaten/kota", "Regency or city"),
    "OPD": said("OPD", "OPD"),
}
WHERE: Mapping[str, Said] = {
    "WFH": said("Di rumah", "At home"),
    "WFO": said("Di kantor", "On site"),
    "HOLIDAY": said("Libur", "Off duty"),
    "UNIT_HEAD": said("Kepala unit memutuskan", "The head of the unit decides"),
    "APPLICATION": said("Di kantor; lain tempat atas permohonan", "On site; elsewhere on application"),
    "WFA": said("Dari mana saja", "Anywhere"),
}
HOLIDAYS_AHEAD = 8


class Bound(NamedTuple):
    """Somebody, where they work on the date, the instrument that says so and why, and the whole answer."""

    who: Said
    where: Said
    winner: str | None
    why: Said
    answer: Answer


class Listed(NamedTuple):
    """An instrument as the list shows it."""

    instrument: Instrument
    layer: Said
    state: str
    word: Said
    binds_from: date | None
    binds: tuple[Said, ...]


@dataclass(frozen=True)
class Overview:
    """What the page of a region reads."""

    day: date
    window: Window
    in_force: int
    layers: Sequence[tuple[Said, Sequence[Row]]]
    instruments: Sequence[Listed]
    bound: Sequence[Bound]
    clashes: Sequence[Clash]
    holiday: Holiday | None
    holidays: Sequence[Holiday]

    @property
    def now(self) -> Sequence[Clash]:
        """The conflicts of the date itself."""
        return [clash for clash in self.clashes if clash.now]


def overview(books: PolicySnapshot, day: date) -> Overview:
    """The page of a region for one date."""
    ends, window = superseded(books.courses), Window.around(day)
    listed = [_listed(c, state(c, day, ends.get(name, NEVER))) for name, c in books.courses.items()]
    return Overview(
        day=day,
        window=window,
        in_force=sum(each.state == "IN_FORCE" for each in listed),
        layers=[(LAYER_NAMES[layer], rows) for layer in LAYERS if (rows := _rows(books, layer, ends, window))],
        instruments=sorted(listed, key=_rank),
        bound=list(_bound(books, day)),
        clashes=met(books, day),
        holiday=next((h for h in books.holidays if h.date == day), None),
        holidays=sorted((h for h in books.holidays if h.date >= day), key=lambda h: h.date)[:HOLIDAYS_AHEAD],
    )


def _rows(books: PolicySnapshot, layer: str, ends: Mapping[str, date], window: Window) -> list[Row]:
    own = [(name, c) for name, c in books.courses.items() if c.instrument.layer == layer]
    return [
        row(c, ends.get(name, NEVER), window) for name, c in sorted(own, key=lambda n: n[1].instrument.published_on)
    ]


def _listed(course: Course, now: str) -> Listed:
    content = course.instrument
    return Listed(
        content,
        LAYER_NAMES.get(content.layer, said(content.layer, content.layer)),
        now,
        STATES[now],
        None if course.first == NEVER else course.first,
        tuple(clauses.of_itself(content.rules)),
    )


def _rank(each: Listed) -> tuple[int, int]:
    """What is in force first, then what may come; what is over last."""
    order = ("IN_FORCE", "SUSPENDED", "ENACTED", "STUDY", "DRAFT", UNKNOWN)
    place = len(order) if each.state in OVER else order.index(each.state)
    return place, -each.instrument.published_on.toordinal()


def _bound(books: PolicySnapshot, day: date) -> Iterator[Bound]:
    effective = books.effective()
    for class_ in CLASSES:
        yield _asked(books, effective, Asked(ANY_OPD, day, Who(class_)), nouns.capital(phrases.word(class_)))
    rules = in_force(effective, day)
    yield from _grouped(_asked(books, effective, Asked(ANY_OPD, day, who), name) for who, name in _spoken_of(rules))
    for opd in opds(books)[1:]:
        yield _asked(books, effective, Asked(opd, day), said(opd, opd))


def in_force(effective: Effective, day: date) -> Rules:
    """What binds an OPD on a date that no instrument names."""
    found = effective.stretches(ANY_OPD)
    return next((p.rules for p, _ in found if p.from_ <= day <= (p.to or day)), Rules())


def _spoken_of(rules: Rules) -> Iterator[tuple[Who, Said]]:
    """The kinds of units and the positions for which the rules of the date say something of their own."""
    heads = [unit for discretion in rules.unit_head_decides for unit in discretion.units if unit != "*"]
    for kind in dict.fromkeys([*rules.excluded_units, *heads]):
        class_, kinds = typical(kind)
        yield Who(class_, frozenset({kind, *kinds})), said(*nouns.name(kind))
    for position in rules.forced_on_site_positions:
        yield Who(position=position), said(*nouns.name(position))


def _asked(books: PolicySnapshot, effective: Effective, asked: Asked, name: Said) -> Bound:
    told = answer(books, asked, effective.stretches(asked.opd))
    step = next((step for step in told.chain if step.binds), None)
    winner = books.title(step.instrument) if step and step.instrument else None
    return Bound(name, where(told), winner, told.reason, told)


def where(told: Answer) -> Said:
    """Where somebody works, in a few words."""
    if told.answer == "MAX_SHARE":
        share = phrases.percent(told.max_share or 0)
        return said(f"Paling banyak {share} di rumah", f"At most {share} at home")
    return WHERE[told.answer]


def _grouped(rows: Iterator[Bound]) -> Iterator[Bound]:
    """Those who are answered alike and for the same reason stand in one row."""
    alike: dict[tuple[str, str | None, str], list[Bound]] = {}
    for each in rows:
        alike.setdefault((each.where.id, each.winner, each.why.id), []).append(each)
    for group in alike.values():
        names = ", ".join(b.who.id for b in group), ", ".join(b.who.en for b in group)
        yield group[0]._replace(who=nouns.capital(names))
