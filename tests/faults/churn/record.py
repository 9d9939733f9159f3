"""Saves the results of a run as JSON, keeps the logs of a failed run, and prints the command that repeats it."""

import json
import shlex
import shutil
import subprocess
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from shared.clock import wall_time
from tests.bench.report import machine
from tests.faults.churn.plan import KINDS
from tests.faults.churn.run import RunParameters, RunResults

PARAMETER_COLUMNS: Mapping[str, str] = {"seed": "seed", "workers": "workers", "seconds": "asked s", "took_s": "took s"}
SUM_COLUMNS: Mapping[str, str] = {
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
EXACTNESS_FIGURE = "seconds_to_exactness"


@dataclass
class RunReport:
    """The report of a run, with the file to which it is written."""

    parameters: RunParameters
    file: Path
    results: RunResults = field(default_factory=RunResults)

    @property
    def failed(self) -> bool:
        """Return whether the run found an error."""
        return bool(self.results.anomalies)

    @property
    def command(self) -> str:
        """Return the command that repeats the run with the same faults. The number of taps depends on the machine."""
        parameters = self.parameters
        kinds = "" if parameters.kinds == KINDS else f" --kinds {shlex.quote(','.join(parameters.kinds))}"
        return (
            f".venv/bin/python -m tests.faults.churn --runs 1 --seed {parameters.seed} --seconds {parameters.seconds:g}"
            f" --kills {parameters.kills} --workers {parameters.workers} --regions {','.join(parameters.regions)}"
            f"{kinds}"
        )

    def summary(self) -> str:
        """Return the result for the terminal."""
        if not self.failed:
            return f"exact {self.results.figures[EXACTNESS_FIGURE]} s after the last fault was healed"
        return "\n".join(("FAILED", *(f"  {line}" for line in self.results.anomalies), f"to repeat: {self.command}"))

    def write(self) -> None:
        """Write the JSON."""
        head = {"seed": self.parameters.seed, "commit": commit(), "machine": machine(), "repeat": self.command}
        body = {"asked": self.parameters._asdict(), "ended": wall_time().isoformat(), **vars(self.results)}
        self.file.write_text(json.dumps(head | body, indent=1))


@contextmanager
def recorded_run(root: Path, parameters: RunParameters) -> Iterator[tuple[Path, RunReport]]:
    """Create the folder of a run and write its JSON beside it. Keep logs if it failed or a process ended by itself."""
    folder = root.resolve() / f"{wall_time():%m%d-%H%M%S}-seed-{parameters.seed}"
    folder.mkdir(parents=True)
    report = RunReport(parameters, folder.with_suffix(".json"))
    try:
        yield folder, report
    except Exception as broken:  # noqa: BLE001 - reported as an error of this run, so that the next run can start
        report.results.anomalies = (f"the run broke off: {broken!r}", traceback.format_exc())
    finally:
        report.write()
        _delete_data(folder, keep_logs=report.failed or bool(report.results.figures.get("own_ends")))


def _delete_data(folder: Path, *, keep_logs: bool) -> None:
    for data in (*folder.glob("kafka/*/data"), *folder.glob("*.db*")) if keep_logs else [folder]:
        shutil.rmtree(data) if data.is_dir() else data.unlink()


def commit() -> str:
    """Return the commit of the work tree; `+` if files differ from it."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=12"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def read_report(file: Path) -> dict[str, Any]:
    """Return the JSON of a run."""
    return dict(json.loads(file.read_text()))


def summary_table(files: Sequence[Path]) -> Table:
    """Return a table with one line per run, and sums."""
    runs = [read_report(file) for file in files]
    figures = [
        {name: run["asked"][name] for name in PARAMETER_COLUMNS if name in run["asked"]} | run["figures"]
        for run in runs
    ]
    failed = [file.stem for file, run in zip(files, runs, strict=True) if run["anomalies"]]
    output = Table(
        box=None, title=f"{len(files)} runs, {len(failed)} failed", caption=" ".join(failed), show_footer=True
    )
    for name, label in PARAMETER_COLUMNS.items():
        output.add_column(
            label, justify="right", footer=f"{sum(row.get(name, 0) for row in figures):g}" if "_s" in name else ""
        )
    for name, label in SUM_COLUMNS.items():
        output.add_column(label, justify="right", footer=f"{sum(row.get(name, 0) for row in figures)}")
    slowest = max(row.get(EXACTNESS_FIGURE, 0) for row in figures)
    output.add_column("exact after s", justify="right", footer=f"max {slowest}")
    for row in figures:
        output.add_row(*(f"{row.get(name, '-')}" for name in (*PARAMETER_COLUMNS, *SUM_COLUMNS, EXACTNESS_FIGURE)))
    return output
