"""Defines `piket dead-letters`: lists, shows, replays and discards dead letters through the HTTP API."""

import re
import sys
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from deploy.cli.terminal import escaped, escaped_bytes
from shared.domain.regions import region_timezone
from shared.settings import Settings

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 30
POSITION = re.compile(r"piket\.(\d{2,4})\.[a-z-]+\.v1/-?\d+/\d+")
NO_OPERATOR = (
    "Set PIKET_TOKEN to the token of an operator (role OPS) of the region. Nothing was sent. The demo prints one;"
    " elsewhere your identity gateway issues it."
)


def _check_position(text: str) -> str:
    if not POSITION.fullmatch(text):
        raise typer.BadParameter("give topic/partition/offset as `piket dead-letters list` prints it")
    return text


PositionArgument = Annotated[str, typer.Argument(callback=_check_position, help="topic/partition/offset")]
TokenOption = Annotated[str, typer.Option(envvar="PIKET_TOKEN", show_envvar=True, help="token of an operator")]
cli = typer.Typer(no_args_is_help=True, help="Records that could not be read.")


@cli.command(name="list")
def list_letters(
    region: Annotated[str, typer.Option(help="default: the first of PIKET_REGIONS", show_default=False)] = "",
    include_decided: Annotated[bool, typer.Option("--all", help="also replayed and discarded ones")] = False,  # noqa: FBT002
    token: TokenOption = "",
) -> None:
    """List the dead letters of a region, the newest first; by default those without a decision."""
    region = region or Settings().region_list()[0]
    letters = _request("GET", f"/reporting/v1/{region}/dead-letters", token).json()
    listed = [letter for letter in letters if include_decided or not letter["decision"]]
    if not listed:
        print(f"Region {region} has no {'' if include_decided else 'open '}dead letter.")
        return
    print("\n".join(_line(letter, region_timezone(region)) for letter in listed))


@cli.command()
def show(position: PositionArgument, token: TokenOption = "") -> None:
    """Print a record. Who reads it is stored: it may be personal data.

    On a terminal, what is not printable is escaped; a pipe or a file gets the text unchanged, or hex if it is no text.
    """
    record = _request("GET", _path(position), token).json()
    print(_record_text(record, on_terminal=sys.stdout.isatty()))


@cli.command()
def replay(position: PositionArgument, token: TokenOption = "") -> None:
    """Send the event of a record to its topic again, if this version can read it and its owner has stored it."""
    answer = _request("POST", f"{_path(position)}/replay", token)
    print(_decision_text(answer, "The event was sent again; every reader has it within seconds."))


@cli.command()
def discard(
    position: PositionArgument,
    reason: Annotated[str, typer.Option(help="a code, such as TEST_RECORD, FOREIGN_RECORD or BROKEN_BYTES")],
    token: TokenOption = "",
) -> None:
    """Record that a record is not needed. It stays in the log."""
    answer = _request("POST", f"{_path(position)}/discard", token, {"reason": reason})
    print(_decision_text(answer, "The dead letter was discarded; the record stays in the log."))


def _path(position: str) -> str:
    region = position.split(".")[1]
    return f"/reporting/v1/{region}/dead-letters/{position}"


def _request(method: str, path: str, token: str, body: object = None) -> "httpx.Response":
    """Send one request and return its answer. Exit with one sentence if it fails."""
    import httpx  # noqa: PLC0415 - every start of `piket` imports this module, and httpx takes a quarter of a second

    if not token:
        raise SystemExit(NO_OPERATOR)
    gateway = Settings().service_url("reporting")
    headers = {"authorization": f"Bearer {token}", "idempotency-key": uuid4().hex}
    try:
        answer = httpx.request(method, f"{gateway}{path}", headers=headers, json=body, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise SystemExit(
            f"{gateway} did not answer ({error}). Check PIKET_GATEWAY, then try again: a repeat changes nothing."
        ) from error
    if answer.is_error:
        raise SystemExit(escaped(_problem_text(answer)))  # the reason of a problem can quote a record
    return answer


def _problem_text(answer: "httpx.Response") -> str:
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return f"{answer.url} answered {answer.status_code}. Check PIKET_GATEWAY."
    problem = answer.json()
    return " ".join(map(_error_text, problem.get("errors", ()))) or str(problem["detail_en"])


def _error_text(error: Mapping[str, str]) -> str:
    """Return an error of a request, after the field that it concerns."""
    field = error.get("pointer", "").removeprefix("/") or error.get("parameter", "")
    return f"{field}: {error['detail_en']}" if field else error["detail_en"]


def _decision_text(answer: "httpx.Response", decided: str) -> str:
    return decided if answer.json()["events"] else "This was decided before; nothing changed."


def _record_text(record: Mapping[str, Any], *, on_terminal: bool) -> str:
    if on_terminal:
        return escaped_bytes(bytes.fromhex(record["hex"]))
    return str(record["hex"] if record["text"] is None else record["text"])


def _line(letter: Mapping[str, Any], zone: tzinfo) -> str:
    """Return when a letter was written, its position, why it cannot be read, and the decision about it."""
    last = datetime.fromisoformat(letter["last"]).astimezone(zone)
    decision = str(letter["decision"] or "open").removeprefix("dead-letter-")
    position = f"{letter['topic']}/{letter['partition']}/{letter['offset']}"
    return escaped(f"{last:%Y-%m-%d %H:%M %Z}  {position}  {decision}  {letter['unreadable']}: {letter['detail']}")
