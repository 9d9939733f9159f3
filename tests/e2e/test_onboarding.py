"""A new kota goes from an installed Piket to its first published roster by the commands of the page, and no others."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from deploy.demo.processes import Stack
from deploy.local.deadlines import scaled
from deploy.local.kafka import Kafka
from deploy.local.server_process import Child
from deploy.local.token_issuer import ISSUER
from tests.support.example_facts import at
from tests.support.figures import Figures
from tests.support.onboarding_page import command_blocks, fill_people, keep_opds
from tests.support.story import MONDAY
from tests.support.waiting import read_until

pytestmark = [pytest.mark.parts, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/operations/onboarding.md"
DEPOK = "3276"
OPDS = ("BAPPERIDA", "DISDUKCAPIL", "DPMPTSP")
TUESDAY = MONDAY + timedelta(days=1)

NextStep = Callable[..., tuple[str, ...]]
SETS_ENVIRONMENT = ("set -a", "export ")


@dataclass
class Terminal:
    """The terminal of the officers: their folder, their environment, and the processes that they started."""

    folder: Path
    environment: Mapping[str, str]
    loaded: list[str] = field(default_factory=list)
    processes: list[Child] = field(default_factory=list)

    async def run(self, command: str, **more: str) -> tuple[int, str]:
        """Run a command after those that set the environment. Return its status and all that it printed."""
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", "; ".join(["set -e", *self.loaded, command]), cwd=self.folder,
            env={**self.environment, **more}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(shell.communicate(), scaled(90))
        return shell.returncode or 0, output.decode()

    async def run_all(self, commands: Iterable[str], **more: str) -> str:
        """Run commands that must succeed; those that set the environment hold for all later ones."""
        printed = []
        for command in commands:
            if command.startswith(SETS_ENVIRONMENT):
                self.loaded.append(command)
                continue
            status, output = await self.run(command, **more)
            assert status == 0, f"{command}: {output}"
            printed.append(output)
        return "".join(printed)

    async def missing(self) -> dict[str, str]:
        """Return what `piket region check` says is missing, by step; the last line of a step counts."""
        status, output = await self.run(f"piket region check {DEPOK}")
        found = dict(re.findall(r"^missing +(\S+(?: \S+)*?) {2,}(.*)$", output, re.MULTILINE))
        waiting = re.findall(r"^later ", output, re.MULTILINE)
        assert status == int(bool(found or waiting)), output
        assert all(". Next: " in line for line in found.values()), output
        return found

    def start(self, commands: Iterable[str]) -> None:
        """Start processes that serve until the end."""
        for command in commands:
            variables = [f"{name}={value}" for name, value in self.environment.items()]
            line = "; ".join([*self.loaded, f"exec {command}"])
            shell = ["env", "-i", f"--chdir={self.folder}", *variables, "bash", "-c", line]
            self.processes.append(Child(shell, self.folder / f"{command.split()[1]}.log"))


@dataclass
class Installation:
    """An installed Piket that serves no government yet: broker, databases, token issuer, and a terminal."""

    stack: Stack
    terminal: Terminal
    store: str

    def edit_settings(self) -> None:
        """Change the lines of `piket.env` that differ on this machine, as the page says."""
        file = self.terminal.folder / DEPOK / "piket.env"
        wanted = {"PIKET_PROFILE": "demo", "PIKET_STORE": self.store, "PIKET_STORE_PASSWORD_FILE": ""}
        wanted |= {name: self.stack.environment[name] for name in ("PIKET_KAFKA", "PIKET_GATEWAY")}
        wanted |= {"PIKET_ISSUER": ISSUER}
        text = file.read_text()
        for name, value in wanted.items():
            line = f"{name}='{value}'" if value else f"# {name}="
            text, count = re.subn(rf"^(# )?{name}=.*$", line, text, flags=re.MULTILINE)
            assert count == 1, name
        file.write_text(text)

    def issue_tokens(self) -> None:
        """Put the token of each officer where the page says."""
        folder = self.terminal.folder / DEPOK
        sign = self.stack.issuer.sign
        tokens = {"personnel": sign("kepegawaian-3276", roles=["PERSONNEL"], region=DEPOK, opd="BKPSDM")}
        tokens |= {opd: sign(f"penjadwal-{opd}", roles=["SCHEDULER"], region=DEPOK, opd=opd) for opd in OPDS}
        for name, token in tokens.items():
            (folder / f"token-{name}").write_text(token)


@pytest_asyncio.fixture
async def installation(tmp_path: Path, store_url: str) -> AsyncIterator[Installation]:
    with Kafka(tmp_path / "kafka") as kafka:
        stack = Stack(tmp_path / "piket", kafka.bootstrap, at("09:00", MONDAY), store=store_url, regions=(DEPOK,))
        unset = {"PIKET_REGIONS", "PIKET_STORE", "PIKET_KAFKA", "PIKET_GATEWAY"}
        settings = {name: value for name, value in stack.environment.items() if name not in unset}
        folder = tmp_path / "kota"
        folder.mkdir()
        terminal = Terminal(
            folder,
            {**settings, "PATH": f"{ROOT}:{os.environ['PATH']}", "PIKET_PORT": str(stack.port), "COLUMNS": "200"},
        )
        try:
            yield Installation(stack, terminal, store_url)
        finally:
            for process in terminal.processes:
                process.stop(10)


async def test_a_kota_goes_from_nothing_to_its_first_roster(installation: Installation, figures: Figures) -> None:
    step, began = next_step_of_page(), asyncio.get_running_loop().time()
    await initialise(installation, step(), step())
    await start_processes(installation, step)
    await record_the_national_rules(installation, step)
    await import_register_and_people(installation, step)
    await publish_rosters(installation, step)
    seconds = asyncio.get_running_loop().time() - began
    figures.append(f"a kota from nothing to its first rosters, by commands: {seconds:.0f} s")
    await see_board(installation)


def next_step_of_page() -> NextStep:
    """Return a function that returns the commands of the next step of the page, which must be of the kind named."""
    blocks = iter(command_blocks(PAGE.read_text()))

    def step(kind: str = "") -> tuple[str, ...]:
        block = next(blocks)
        assert block.kind == kind
        return block.commands

    return step


async def start_processes(installation: Installation, step: NextStep) -> None:
    terminal = installation.terminal
    missing = await terminal.missing()
    assert {"topics", "store policy", "store roster", "application"} <= missing.keys()
    assert not {"settings", "kafka"} & missing.keys()
    await terminal.run_all(step())
    terminal.start(step("processes"))


async def record_the_national_rules(installation: Installation, step: NextStep) -> None:
    terminal = installation.terminal
    missing = await read_until(
        terminal.missing, lambda found: {*found} == {"calendar", "national base", "register"}, 120
    )
    assert {*missing} == {"calendar", "national base", "register"}
    assert "piket region enact-national 3276" in missing["national base"]
    assert step("keycloak"), "run by test_identity.py, which has a Keycloak"
    installation.issue_tokens()
    await terminal.run_all(step())
    assert {*await terminal.missing()} == {"register"}


async def import_register_and_people(installation: Installation, step: NextStep) -> None:
    terminal, folder = installation.terminal, installation.terminal.folder / DEPOK
    keep_opds(folder / "register.xlsx", OPDS)
    printed = await terminal.run_all(step())
    assert "These would be stored:\n3 OPD opened" in printed
    assert "These were stored:\n3 OPD opened" in printed
    assert {*await terminal.missing()} == {"people", "rosters"}
    count = fill_people(folder / "people.xlsx", folder / "register.xlsx", DEPOK)
    printed = await terminal.run_all(step())
    assert f"{count} people would be placed" in printed
    assert f"{count} people were placed" in printed


async def publish_rosters(installation: Installation, step: NextStep) -> None:
    terminal, publish = installation.terminal, step("opd")
    missing = await terminal.missing()
    assert {*missing} == {"rosters"}
    assert missing["rosters"].endswith(f"piket roster publish --region 3276 --date {TUESDAY} --opd {OPDS[-1]}")
    for opd in OPDS:
        assert f"of {opd} on {TUESDAY} were published" in await terminal.run_all(publish, OPD=opd)
    assert await read_until(terminal.missing, lambda found: not found) == {}
    assert "Nothing is missing" in await terminal.run_all(step())


async def initialise(installation: Installation, write: tuple[str, ...], load: tuple[str, ...]) -> None:
    """Write the files, edit the settings and load them; a second run changes nothing, not even what was edited."""
    terminal = installation.terminal
    assert "Kota Depok: begin with 3276/daftar-periksa.md" in await terminal.run_all(write)
    assert "settings" in await terminal.missing()
    installation.edit_settings()
    before = {file: file.read_bytes() for file in (terminal.folder / DEPOK).iterdir()}
    repeated = await terminal.run_all(write)
    assert "3276/piket.env: kept: it differs" in repeated
    assert "Nothing was changed." in repeated
    assert {file: file.read_bytes() for file in (terminal.folder / DEPOK).iterdir()} == before
    await terminal.run_all(load)


async def see_board(installation: Installation) -> None:
    """See each OPD on the board on the morning of the roster, with its counters that lack people."""
    installation.stack.set_clock(at("09:00", TUESDAY))

    async def page(path: str) -> str:
        async with httpx.AsyncClient(base_url=installation.stack.url, timeout=scaled(10)) as http:
            return (await http.get(path)).text

    async def board() -> str:
        return await page(f"/wilayah/{DEPOK}?lang=en")

    shown = await read_until(board, lambda text: "lack staff" in text, 60)
    assert all(f'id="opd-{DEPOK}-{opd}"' in shown for opd in OPDS)
    assert "Kota Depok" in shown
    assert "LOKET" in await page(f"/opd/{DEPOK}/DISDUKCAPIL")
