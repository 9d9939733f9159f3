"""Defines `piket policy effective` and `explain`, and the options that all commands of `piket policy` share."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any

import typer

from deploy.cli.policy.errors import exit_on_invalid
from deploy.cli.policy.subjects import Question, code, find_answer
from services.policy.domain.explanation.answer import Answer
from services.policy.http.answers import answer_body
from shared.domain.facts.base import EARLIEST, LATEST
from shared.domain.messages import INDONESIAN, render
from shared.domain.places import region_names
from shared.domain.work_location import SERVICE_CLASSES

cli = typer.Typer()


def parse_region(text: str) -> str:
    """Return a region code without dots. Raise `BadParameter` unless it is a province, kabupaten or kota."""
    region = text.replace(".", "")
    if not re.fullmatch(r"[0-9]{2}([0-9]{2})?", region, re.ASCII):
        raise typer.BadParameter(
            f"{text} is not a region code: write two digits for a province, four for a kabupaten or kota."
        )
    if region not in region_names():
        raise typer.BadParameter(f"There is no region {text}: 32 is Jawa Barat, 32.76 Kota Depok.")
    return region


def _parse_name(text: str) -> str:
    """Return the text if it has a letter or a digit, else raise `BadParameter`."""
    if not code(text):
        raise typer.BadParameter("write a code or a name, not an empty text.")
    return text


def _parse_code(text: str) -> str:
    return code(_parse_name(text))


def parse_day(text: str) -> date:
    """Return the date of a text. Raise `BadParameter` outside the dates that an instrument may have."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not a date: write 2025-11-06.") from None
    if not EARLIEST <= day <= LATEST:
        raise typer.BadParameter(f"{text} is outside {EARLIEST} to {LATEST}.")
    return day


def _parse_instant(text: str) -> datetime:
    """Return the instant of a text. A date means its end, so that everything recorded on that date is included."""
    if len(text) <= len("2025-11-06"):
        return _day_end(parse_day(text))
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not an instant: write 2025-11-06 or 2025-11-06T08:00+07:00.") from None
    parse_day(str(instant.date()))
    return instant


def _day_end(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time())


def _parse_class(text: str) -> str:
    if code(text) not in SERVICE_CLASSES:
        raise typer.BadParameter(f"{text} is not a class: write one of {', '.join(SERVICE_CLASSES)}.")
    return code(text)


def parse_in_force(text: str) -> tuple[str, date]:
    """Split `kota-bogor-2025-kep-196=2026-01-26` into an instrument and the date from which it is assumed in force.

    Raise `BadParameter` if the instrument or the date is missing.
    """
    name, _, day = text.partition("=")
    if not (name and day):
        raise typer.BadParameter(f"{text} is not an assumption: write instrument=2026-01-26.", param_hint="--in-force")
    return name, parse_day(day)


RegionOption = Annotated[str, typer.Option(parser=parse_region, help="Kemendagri code: 32, 3276 or 32.76")]
OpdOption = Annotated[str, typer.Option(parser=_parse_name, help="code of an OPD; with --reference also a name")]
DateOption = Annotated[date, typer.Option("--date", parser=parse_day, help="2025-11-06")]
UnitOption = Annotated[str | None, typer.Option(parser=_parse_code, help="a unit of the OPD")]
ClassOption = Annotated[str | None, typer.Option("--class", parser=_parse_class, help=", ".join(SERVICE_CLASSES))]
PositionOption = Annotated[str | None, typer.Option(parser=_parse_name, help="JPT_PRATAMA, ADMINISTRATOR, CAMAT, ...")]
JobTypeOption = Annotated[str | None, typer.Option(parser=_parse_code)]
SiteOption = Annotated[str | None, typer.Option(parser=_parse_code, help="place of work: 'Gedung Sate'")]
KnownByOption = Annotated[datetime | None, typer.Option(parser=_parse_instant, help="answer as known at this instant")]
ApprovedOption = Annotated[bool, typer.Option("--approved", help="assume that what may be requested was approved")]
ReferenceOption = Annotated[bool, typer.Option("--reference", help="use the shipped instruments; no server is needed")]
InForceOption = Annotated[list[str] | None, typer.Option(help="assumption: kota-bogor-2025-kep-196=2026-01-26")]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON")]


def _add_command(
    name: str, print_text: Callable[[Answer], None], to_json: Callable[[Answer], Mapping[str, Any]]
) -> None:
    """Add a command that answers one question, as text or as JSON. The docstring of `print_text` is its help."""

    @cli.command(name, help=print_text.__doc__)
    def answer_question(  # noqa: PLR0913, PLR0917 - the options of a question
        region: RegionOption, opd: OpdOption, day: DateOption, unit: UnitOption = None, class_: ClassOption = None,
        position: PositionOption = None, job_type: JobTypeOption = None, site: SiteOption = None,
        known_by: KnownByOption = None, in_force: InForceOption = None, *,
        approved: ApprovedOption = False, from_reference: ReferenceOption = False, as_json: JsonOption = False,
    ) -> None:  # fmt: skip
        question = Question(region, opd, day, unit, class_, position, job_type, site, known_by, approved)
        with exit_on_invalid():
            result = find_answer(question, dict(map(parse_in_force, in_force or [])), from_reference=from_reference)
        if as_json:
            print(json.dumps(to_json(result), indent=2, ensure_ascii=False))
        else:
            print_text(result)


def _print_reason(result: Answer) -> None:
    """Print where a person works on a date under the rules in force, and why."""
    print(render(result.because, INDONESIAN))


def _print_chain(result: Answer) -> None:
    """Print the chain of rules that led to an answer; `>` marks the rule that decides."""
    rules = (f"{'>' if rule.binds else ' '} {render(rule.says, INDONESIAN)}" for rule in result.chain)
    print(render(result.because, INDONESIAN), *rules, sep="\n")


def answer_as_json(result: Answer) -> Mapping[str, Any]:
    """Return an answer as JSON, without the chain of rules, which `explain` prints."""
    return answer_body(result).model_dump(mode="json", exclude={"chain"})


def explanation_as_json(result: Answer) -> Mapping[str, Any]:
    """Return the reason and the chain of rules as JSON."""
    return answer_body(result).model_dump(mode="json", include={"because", "chain"})


_add_command("effective", _print_reason, answer_as_json)
_add_command("explain", _print_chain, explanation_as_json)
