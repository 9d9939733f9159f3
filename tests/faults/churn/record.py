"""What is kept of a run: one JSON, the logs if it failed, and a line by which anybody repeats it."""

import json
import shutil
import subprocess
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from shared.clock import wall
from tests.bench.report import machine
from tests.faults.churn.run import Asked, Told

GIVEN: Mapping[str, str] = {"seed": "seed", "workers": "workers", "seconds": "asked s", "took_s": "took s"}
SUMMED: Mapping[str, str] = {
    "events": "events",
    "rows": "rows",
    "kills": "kills",
    "facts_lost": "lost",
    "facts_doubled": "double",
    "relay_repeats": "relay repeats",
    "worker_repeats": "worker repeats",
    "gap_assertions": "gaps",
    "planted_skips_caught": "skips caught",
    "own_ends": "own ends",
}
EXACT = "seconds_to_exactness"


@dataclass
class Report:
    """A run on its way into its file."""

    asked: Asked
    file: Path
    told: Told = field(default_factory=Told)

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.told.anomalies)

    @property
    def command(self) -> str:
        """One line that repeats the run: the same faults at the same times; people come as fast as the machine."""
        asked = self.asked
        return (
            f".venv/bin/python -m tests.faults.churn --runs 1 --seed {asked.seed} --seconds {asked.seconds:g}"
            f" --kills {asked.kills} --workers {asked.workers} --regions {','.join(asked.regions)}"
        )

    def summary(self) -> str:
        """How it went, for the terminal."""
        if not self.failed:
            return f"exact {self.told.figures[EXACT]} s after the last fault was healed"
        return "\n".join(("FAILED", *(f"  {line}" for line in self.told.anomalies), f"to repeat: {self.command}"))

    def write(self) -> None:
        """Write the JSON."""
        head = {"seed": self.asked.seed, "commit": commit(), "machine": machine(), "repeat": self.command}
        body = {"asked": self.asked._asdict(), "ended": wall().isoformat(), **vars(self.told)}
        self.file.write_text(json.dumps(head | body, indent=1))


@contextmanager
def kept(root: Path, asked: Asked) -> Iterator[tuple[Path, Report]]:
    """Make a folder for a run and keep its JSON beside it; the logs too if it failed or a process ended by itself."""
    place = root.resolve() / f"{wall():%m%d-%H%M%S}-seed-{asked.seed}"
    place.mkdir(parents=True)
    report = Report(asked, place.with_suffix(".json"))
    try:
        yield place, report
    except Exception as broken:  # noqa: BLE001 - it is told as what the run found, and the next run goes on
        report.told.anomalies = (f"the run broke off: {broken!r}", traceback.format_exc())
    finally:
        report.write()
        _clear(place, keep_logs=report.failed or bool(report.told.figures.get("own_ends")))


def _clear(place: Path, *, keep_logs: bool) -> None:
    for data in (*place.glob("kafka/*/data"), *place.glob("*.db*")) if keep_logs else [place]:
        shutil.rmtree(data) if data.is_dir() else data.unlink()


def commit() -> str:
    """What was run; `+` when files differ from the commit."""
    asked = ["git", "describe", "--always", "--dirty=+", "--abbrev=12"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def read(file: Path) -> dict[str, Any]:
    """A run as it was written."""
    return dict(json.loads(file.read_text()))


def table(files: Sequence[Path]) -> Table:
    """One line per run, read back from the files, and their sums."""
    runs = [read(file) for file in files]
    known = [{name: run["asked"][name] for name in GIVEN if name in run["asked"]} | run["figures"] for run in runs]
    failed = [file.stem for file, run in zip(files, runs, strict=True) if run["anomalies"]]
    told = Table(box=None, title=f"{len(files)} runs, {len(failed)} failed", caption=" ".join(failed), show_footer=True)
    for name, label in GIVEN.items():
        told.add_column(
            label, justify="right", footer=f"{sum(one.get(name, 0) for one in known):g}" if "_s" in name else ""
        )
    for name, label in SUMMED.items():
        told.add_column(label, justify="right", footer=f"{sum(one.get(name, 0) for one in known)}")
    told.add_column("exact after s", justify="right", footer=f"max {max(one.get(EXACT, 0) for one in known)}")
    for one in known:
        told.add_row(*(f"{one.get(name, '-')}" for name in (*GIVEN, *SUMMED, EXACT)))
    return told
