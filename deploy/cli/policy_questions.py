"""`piket policy …`: what binds whom on a date, and why; from a deployment's store, or from the shipped instruments."""

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, NamedTuple

import typer

from deploy.cli.policy_subjects import code, stranger
from deploy.operations.sources import store_of
from services.policy import snapshots
from services.policy.domain.explanation.answer import Answer, answer
from services.policy.domain.presets import replay
from services.policy.domain.reference_data.positions import position
from services.policy.domain.snapshot import Asked, PolicySnapshot
from shared.domain.facts.base import EARLIEST, LATEST, Invalid
from shared.domain.places import places
from shared.domain.regions import PROVINCES, zone
from shared.domain.work_location import CLASSES, Who
from shared.settings import Settings

WEST_JAVA = "32"
cli = typer.Typer(no_args_is_help=True, help="What binds whom on a date, and why.")


def _region(text: str) -> str:
    region = text.replace(".", "")
    if not re.fullmatch(r"[0-9]{2}([0-9]{2})?", region, re.ASCII):
        raise typer.BadParameter(f"{text} is no region: two digits for a province, four for a kabupaten or kota.")
    if not _exists(region):
        raise typer.BadParameter(f"There is no region {text}: 32 is Jawa Barat, 32.76 Kota Depok.")
    return region


def _exists(region: str) -> bool:
    """Whether a province has this code, or may have a kabupaten or kota of it: those of West Java are all known."""
    known = region[:2] in PROVINCES and region[2:] != "00"
    return region in places() if region.startswith(WEST_JAVA) else known


def _named(text: str) -> str:
    """Whatever has a letter or a digit. A site, unit or OPD without one is none."""
    if not code(text):
        raise typer.BadParameter("write a code or a name, not an empty text.")
    return text


def _code(text: str) -> str:
    return code(_named(text))


def day_of(text: str) -> date:
    """A date that an instrument can be about."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no date: write 2025-11-06.") from None
    if not EARLIEST <= day <= LATEST:
        raise typer.BadParameter(f"{text} lies outside {EARLIEST} to {LATEST}.")
    return day


def _instant(text: str) -> datetime:
    """An instant; of a date its end, so that what was recorded that day is known."""
    if len(text) <= len("2025-11-06"):
        return _day_end(day_of(text))
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no instant: write 2025-11-06 or 2025-11-06T08:00+07:00.") from None
    day_of(str(instant.date()))
    return instant


def _day_end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time())


def _class(text: str) -> str:
    if code(text) not in CLASSES:
        raise typer.BadParameter(f"{text} is no class: one of {', '.join(CLASSES)}.")
    return code(text)


def given(text: str) -> tuple[str, date]:
    """An instrument and the date on which it is taken to be in force: `kota-bogor-2025-kep-196=2026-01-26`."""
    name, _, day = text.partition("=")
    return name, day_of(day)


Region = Annotated[str, typer.Option(parser=_region, help="Kemendagri code: 32, 3276 or 32.76")]
Opd = Annotated[str, typer.Option(parser=_named, help="code of an OPD; with --reference any name of a typical one")]
Date = Annotated[date, typer.Option("--date", parser=day_of, help="2025-11-06")]
Unit = Annotated[str | None, typer.Option(parser=_code, help="a unit of the OPD")]
Class = Annotated[str | None, typer.Option("--class", parser=_class, help=", ".join(CLASSES))]
Position = Annotated[str | None, typer.Option(parser=_named, help="JPT_PRATAMA, ADMINISTRATOR, CAMAT, ...")]
JobType = Annotated[str | None, typer.Option(parser=_code)]
Site = Annotated[str | None, typer.Option(parser=_code, help="where one works: 'Gedung Sate'")]
KnownBy = Annotated[datetime | None, typer.Option(parser=_instant, help="as it was known then")]
Approved = Annotated[bool, typer.Option("--approved", help="what may be applied for was approved")]
Reference = Annotated[bool, typer.Option("--reference", help="from the instruments that ship with Piket, no server")]
InForce = Annotated[list[str] | None, typer.Option(help="given: kota-bogor-2025-kep-196=2026-01-26")]
AsJson = Annotated[bool, typer.Option("--json", help="for programs")]


@contextmanager
def sentences() -> Iterator[None]:
    """End the command with the sentence of each fault."""
    try:
        yield
    except snapshots.UnknownOpd as unknown:
        print(unknown, file=sys.stderr)
        sys.exit(1)
    except Invalid as refused:
        print(*(f"{f.pointer or '/'}: {f.indonesian} / {f.english}" for f in refused.faults), sep="\n", file=sys.stderr)
        sys.exit(1)


class Question(NamedTuple):
    """Who is asked about, as it was written."""

    region: str
    opd: str
    day: date
    unit: str | None
    class_: str | None
    position: str | None
    job_type: str | None
    site: str | None
    known_by: datetime | None
    approved: bool


def _question(name: str, told: Callable[[Answer], None], written: Callable[[Answer], Mapping[str, Any]]) -> None:
    """Make a command of one question: its answer in words, or for programs."""

    @cli.command(name, help=told.__doc__)
    def ask(  # noqa: PLR0913, PLR0917 - the options of a question
        region: Region, opd: Opd, day: Date, unit: Unit = None, class_: Class = None, position: Position = None,
        job_type: JobType = None, site: Site = None, known_by: KnownBy = None, in_force: InForce = None, *,
        approved: Approved = False, from_reference: Reference = False, as_json: AsJson = False,
    ) -> None:  # fmt: skip
        asked = Question(region, opd, day, unit, class_, position, job_type, site, known_by, approved)
        with sentences():
            found = _answer(asked, dict(map(given, in_force or [])), from_reference=from_reference)
        if as_json:
            print(json.dumps(written(found), indent=2, ensure_ascii=False))
        else:
            told(found)


def _because(found: Answer) -> None:
    """Where somebody works on a date under the rules in force, and why."""
    print(found.because.id)


def _chain(found: Answer) -> None:
    """The chain of rules that led to an answer, in words; `>` marks the one that decides."""
    print(found.because.id, *(f"{'>' if step.binds else ' '} {step.says.id}" for step in found.chain), sep="\n")


def shown(found: Answer) -> Mapping[str, Any]:
    """An answer for programs, without the chain that `explain` tells."""
    return found.model_dump(mode="json", exclude={"chain"})


def _answer(asked: Question, in_force: Mapping[str, date], *, from_reference: bool) -> Answer:
    known_by = at(asked.known_by, asked.region)
    if from_reference:
        books = replay.books(asked.region, known_by, in_force)
        return answer(books, _stranger(asked, books))
    return asyncio.run(_stored(asked, known_by))


def at(instant: datetime | None, region: str) -> datetime | None:
    """An instant that names no zone is meant in that of the region."""
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=zone(region))


def _stranger(asked: Question, books: PolicySnapshot) -> Asked:
    opd, class_, kinds, opens = stranger(asked.region, asked.opd, asked.unit)
    unit = Who(asked.class_ or class_, kinds, opens=opens)
    return Asked(opd, asked.day, _person(asked, unit, books), asked.approved)


def _person(asked: Question, unit: Who, books: PolicySnapshot) -> Who:
    """Somebody of a unit. Raises `Invalid` for a position that nobody knows."""
    known = asked.position and position(asked.position, asked.region, books.positions())
    site = asked.site and books.site(asked.site)
    return unit._replace(site=site or unit.site, position=known, job_type=asked.job_type)


async def _stored(asked: Question, known_by: datetime | None) -> Answer:
    store = store_of(Settings(), "policy")
    books: PolicySnapshot = await snapshots.books(store, asked.region, known_by)
    subject = snapshots.Subject(asked.day, asked.unit, asked.class_)
    who = await snapshots.who(store, asked.region, code(asked.opd), subject, known_by)
    return answer(books, Asked(code(asked.opd), asked.day, _person(asked, who, books), asked.approved))


def explained(found: Answer) -> Mapping[str, Any]:
    """The chain for programs."""
    return {"because": found.because.model_dump(), "chain": [step.model_dump(mode="json") for step in found.chain]}


_question("effective", _because, shown)
_question("explain", _chain, explained)
