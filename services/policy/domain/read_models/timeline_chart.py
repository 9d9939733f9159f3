"""Instruments on a line of time: a window of months, a bar for each state, and the same in words. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Literal, NamedTuple

from babel.dates import format_date

from services.policy.domain.explanation import clauses, nouns
from services.policy.domain.explanation.phrases import said
from services.policy.domain.instruments.lifecycle import NEVER, Course, state_on
from services.policy.domain.resolution.binding import DAY
from shared.domain.facts.policy import Said

BACK, AHEAD = 4, 5
"""Months of the window before and after that of the date."""

UNKNOWN = "UNKNOWN"
"""The state of an instrument on a date before its publication: whatever is decided of it, nobody could know."""

OVER = frozenset({"SUPERSEDED", "REVOKED", "EXPIRED"})
LOOKS: Mapping[str, str] = {
    "DRAFT": "draft",
    "STUDY": "study",
    "ENACTED": "enacted",
    "IN_FORCE": "inforce",
    "SUSPENDED": "susp",
}
"""The state and its look on the line; what is over is drawn grey where it was in force."""

STATES: Mapping[str, Said] = {
    "DRAFT": said("Rancangan", "Draft"),
    "STUDY": said("Kajian", "Study"),
    "ENACTED": said("Ditetapkan, belum berlaku", "Enacted, not in force"),
    "IN_FORCE": said("Berlaku", "In force"),
    "SUSPENDED": said("Ditangguhkan", "Suspended"),
    "SUPERSEDED": said("Digantikan", "Superseded"),
    "REVOKED": said("Dicabut", "Revoked"),
    "EXPIRED": said("Berakhir", "Expired"),
    UNKNOWN: said("Belum diumumkan", "Not published yet"),
}

LETTERS = 0.9
"""Letters of a bar's words for each hundredth of the line, at its least width of 40 rem."""


class Span(NamedTuple):
    """A state of an instrument from a date until (not including) another."""

    first: date
    until: date
    state: str


@dataclass(frozen=True)
class Bar:
    """One rectangle: its look, where it lies in hundredths of the line; its words, in it, before or after it."""

    look: str
    x: float
    width: float
    text: Said | None
    text_x: float
    place: Literal["inside", "before", "after"]


@dataclass(frozen=True)
class Row:
    """One instrument on the line."""

    instrument: str
    title: str
    word: Said
    note: Said | None
    spoken: Said
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Window:
    """The months that are shown around a date."""

    first: date
    until: date
    day: date

    @classmethod
    def around(cls, day: date) -> "Window":
        """Some months back and ahead of the month of a date."""
        return cls(_month(day, -BACK), _month(day, AHEAD + 1), day)

    def at(self, day: date) -> float:
        """Where a date lies, in hundredths; what is outside lies at the edge."""
        inside = min(max(day, self.first), self.until)
        return round(100 * (inside - self.first).days / (self.until - self.first).days, 2)

    def months(self) -> Sequence[tuple[float, Said]]:
        """The first of each month: where it lies, and its short name."""
        firsts = (_month(self.first, n) for n in range(BACK + AHEAD + 1))
        return [(self.at(m), said(*(format_date(m, "MMM", locale=lang) for lang in ("id", "en")))) for m in firsts]


def state(course: Course, day: date, superseded_from: date) -> str:
    """The state of an instrument on a date, as somebody could know it then."""
    return UNKNOWN if day < course.versions[0].instrument.published_on else state_on(course, day, superseded_from)


def spans(course: Course, superseded_from: date) -> Iterator[Span]:
    """The states of an instrument in the order of their dates, from its publication on."""
    published = course.versions[0].instrument.published_on
    cuts = {published, course.first, course.until, superseded_from, *(d for gap in course.gaps for d in gap[:2])}
    told = [(day, state_on(course, day, superseded_from)) for day in sorted(cuts - {NEVER}) if day >= published]
    begun = [next(alike) for _, alike in groupby(told, key=itemgetter(1))]
    for (first, now), until in zip(begun, [*(day for day, _ in begun[1:]), NEVER], strict=True):
        yield Span(first, until, now)


def row(course: Course, superseded_from: date, window: Window) -> Row:
    """One instrument on the line."""
    content, told = course.instrument, tuple(spans(course, superseded_from))
    now = state(course, window.day, superseded_from)
    over = now in OVER
    drawn = [s for s in told if s.state in LOOKS and not (over and s.state == "ENACTED")]
    shown = [s for s in drawn if s.first < window.until and s.until > window.first]
    begins = [0.0] + [window.at(s.until) for s in shown[:-1]]
    ends = [window.at(s.first) for s in shown[1:]] + [100.0]
    note = clauses.brief(content.rules)
    final = told[-1].state if over else None
    rooms = zip(shown, begins, ends, strict=False)  # where nothing is shown there is room, but no bar
    bars = tuple(_bar(span, final, window, room, note) for span, *room in rooms)
    return Row(content.instrument, content.title, STATES[now], note, _spoken(told), bars)


def _bar(span: Span, final: str | None, window: Window, room: Sequence[float], note: Said | None) -> Bar:
    """One state; `final` is what became of an instrument that is over, `room` the free line around the bar."""
    x, end = window.at(span.first), window.at(span.until)
    grey = final if span.state == "IN_FORCE" else None
    look, word = "past" if grey else LOOKS[span.state], STATES[grey or span.state]
    long = said(f"{word.id} · {note.id}", f"{word.en} · {note.en}") if note and not grey else word
    inside = next((text for text in (long, word) if _fits(text, end - x)), None)
    width = round(max(end - x, 0.3), 2)
    if inside:
        return Bar(look, x, width, inside, round(x + 0.7, 2), "inside")
    if span.state != "ENACTED" and _fits(word, x - room[0]):
        return Bar(look, x, width, word, round(x - 0.7, 2), "before")
    beside = word if span.state != "ENACTED" and _fits(word, room[1] - end) else None
    return Bar(look, x, width, beside, round(end + 0.7, 2), "after")


def _fits(text: Said, width: float) -> bool:
    return max(len(text.id), len(text.en)) <= (width - 1) * LETTERS


def _spoken(told: Sequence[Span]) -> Said:
    """The states with their dates, for whoever does not see the line."""
    each = [_said(span) for span in told]
    return said("; ".join(s.id for s in each), "; ".join(s.en for s in each))


def _said(span: Span) -> Said:
    word, first = STATES[span.state], nouns.day(span.first)
    if span.state in OVER or span.until == NEVER:
        return said(f"{word.id} sejak {first[0]}", f"{word.en} since {first[1]}")
    last = nouns.day(span.until - DAY)
    if span.until - span.first == DAY:
        return said(f"{word.id} {first[0]}", f"{word.en} on {first[1]}")
    return said(f"{word.id} {first[0]} sampai {last[0]}", f"{word.en} {first[1]} to {last[1]}")


def _month(day: date, by: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + by, 12)
    return date(year, month + 1, 1)
