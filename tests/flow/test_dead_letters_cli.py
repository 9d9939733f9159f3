"""`piket dead-letters` against a server: what an operator reads, also when something is wrong."""

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from deploy.cli.__main__ import cli
from tests.support.dead_letter_site import TOPIC, DeadLetterSite, dead_letter_site
from tests.support.example_facts import at
from tests.support.http_server import running_server

WRONG_KEY = "/piket/32/attendance with the key 32/DPMPTSP does not belong on this topic"
FIRST = f"{TOPIC}/1/0"
POLICY = Path(__file__).parents[1] / "contract" / "events" / "policy-changed.v1.json"
CONTROL, ESCAPED = "\x1b]0;PWNED\x07\x1b[2J", r"\x1b]0;PWNED\x07\x1b[2J"


class Operator:
    """Runs the command beside the server, with the operator's token."""

    def __init__(self, site: DeadLetterSite, address: str) -> None:
        self.site = site
        self.environment = {"PIKET_GATEWAY": address, "PIKET_TOKEN": site.token()}

    async def run(self, *arguments: str, **environment: str) -> Result:
        settings = {**self.environment, **environment}
        return await asyncio.to_thread(CliRunner().invoke, cli, ["dead-letters", *arguments], env=settings)


@pytest_asyncio.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with dead_letter_site(tmp_path) as site, running_server(site.app) as address:
        yield Operator(site, address)


async def test_letters_are_listed_shown_replayed_and_then_no_longer_open(operator: Operator) -> None:
    operator.site.records.put_aside(operator.site.stored[0], WRONG_KEY, at("07:41"))
    listed = (await operator.run("list")).output
    assert listed == f"2025-11-06 07:41 WIB  {FIRST}  open  WRONG_KEY: {WRONG_KEY}\n"
    assert (await operator.run("show", FIRST)).output.startswith('{"chain"')
    assert "was sent again" in (await operator.run("replay", FIRST)).output
    assert "decided before" in (await operator.run("replay", FIRST)).output
    assert (await operator.run("list")).output == "Region 32 has no open dead letter.\n"
    assert f"{FIRST}  replayed" in (await operator.run("list", "--all")).output


async def test_letters_of_papua_are_listed_by_default_if_it_is_the_first_region_and_in_its_own_time(
    operator: Operator,
) -> None:
    operator.site.records.put_aside(b"\xff", "event: Invalid JSON", at("07:41"), "piket.91.attendance.v1")
    papua = {"PIKET_REGIONS": "91,32", "PIKET_TOKEN": operator.site.token(region="91")}
    assert (await operator.run("list", **papua)).output.startswith("2025-11-06 09:41 WIT  piket.91.attendance.v1/1/0 ")
    empty = await operator.run("list", "--region", "32", PIKET_REGIONS="91,32")
    assert empty.output == "Region 32 has no open dead letter.\n"


async def test_bytes_that_are_no_text_are_shown_in_hex_and_discarded_with_a_reason(operator: Operator) -> None:
    operator.site.records.put_aside(b"\xff\x00", "event: Invalid JSON", at("07:41"))
    assert (await operator.run("show", FIRST)).output == "ff00\n"
    refused = await operator.run("replay", FIRST)
    assert (refused.exit_code, "This program still cannot read the record" in refused.output) == (1, True)
    assert "was discarded" in (await operator.run("discard", FIRST, "--reason", "BROKEN_BYTES")).output
    assert await operator.site.facts() == ["dead-letter-discarded"]


async def test_a_record_that_would_control_a_terminal_is_escaped_there_and_unchanged_in_a_pipe(
    operator: Operator,
) -> None:
    operator.site.records.put_aside(f"Loket é\n{CONTROL}".encode(), f"{CONTROL}: Extra inputs", at("07:41"))
    assert (await operator.run("show", FIRST)).output == f"Loket é\n{CONTROL}\n"
    assert await asyncio.to_thread(on_terminal, operator, "show", FIRST) == f"Loket é\n{ESCAPED}\n"
    assert f"{ESCAPED}: Extra inputs" in (await operator.run("list")).output


async def test_a_refusal_that_quotes_a_record_is_escaped(operator: Operator) -> None:
    rule = b'"won_by":{"\\u001b[2J":{},'
    operator.site.records.put_aside(POLICY.read_bytes().replace(b'"won_by":{', rule, 1), WRONG_KEY, at("07:41"))
    refused = (await operator.run("replay", FIRST)).output
    assert (r"\x1b[2J" in refused, "\x1b" in refused) == (True, False), refused


def on_terminal(operator: Operator, *arguments: str) -> str:
    """Run the command with a pseudo-terminal as its output, and return what it shows."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "deploy.cli", "dead-letters", *arguments]
    with os.fdopen(terminal, "wb") as output:
        subprocess.run(command, env=os.environ | operator.environment, stdout=output, check=True)
    shown = bytearray()
    with os.fdopen(controller, "rb", buffering=0) as screen, suppress(OSError):  # EIO: all is read
        while part := screen.read(65_536):
            shown += part
    return shown.decode().replace("\r\n", "\n")  # the terminal adds each carriage return


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["list"], {"PIKET_TOKEN": ""}, "Set PIKET_TOKEN"),
        (["list"], {"PIKET_TOKEN": "nonsense"}, "The token cannot be trusted here."),
        (["list"], {"PIKET_GATEWAY": "http://127.0.0.1:1"}, "did not answer"),
        (["list", "--region", "33"], {}, "Your role does not cover this action here."),
        (["show", FIRST], {}, f"No dead letter at {FIRST} of region 32."),
        (["discard", FIRST, "--reason", "not a code"], {}, "reason: String should match pattern"),
    ],
)
async def test_what_is_wrong_is_one_sentence_and_status_1(
    operator: Operator, arguments: list[str], environment: dict[str, str], sentence: str
) -> None:
    result = await operator.run(*arguments, **environment)
    assert (result.exit_code, sentence in result.output, result.output.count("\n")) == (1, True, 1), result.output


@pytest.mark.parametrize("arguments", [["show", "7"], ["replay", "orders/1/2"], ["discard", FIRST]])
async def test_arguments_that_mean_nothing_are_refused_before_anything_is_sent(
    operator: Operator, arguments: list[str]
) -> None:
    assert (await operator.run(*arguments)).exit_code == 2
