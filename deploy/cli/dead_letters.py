"""Defines `piket dead-letters`: lists, shows, replays and discards dead letters through the HTTP API."""

import re
import sys
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.cli.api import TokenOption, request, require_success
from deploy.cli.terminal import escaped, escaped_bytes
from shared.domain.regions import region_timezone
from shared.settings import Settings

if TYPE_CHECKING:
    import httpx

POSITION = re.compile(r"piket\.(\d{2,4})\.[a-z-]+\.v1/-?\d+/\d+")
WHO = "an operator (role OPS) of the region"


def _check_position(text: str) -> str:
    if not POSITION.fullmatch(text):
        raise typer.BadParameter("give topic/partition/offset as `piket dead-letters list` prints it")
    return text


PositionArgument = Annotated[str, typer.Argument(callback=_check_position, help="topic/partition/offset")]
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
    return require_success(request("reporting", method, path, token, who=WHO, body=body))


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
