"""Formats benchmark results: machine, versions, medians with spread, ratios to the baseline."""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

PACKAGES = ("faust-streaming", "aiokafka", "fastapi", "pydantic", "uvicorn", "psycopg", "rfc8785")


def machine() -> str:
    """Return processor, cores, kernel, Python and package versions as text."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "?")
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{model}, {os.cpu_count()} cores, {platform.release()}, Python {platform.python_version()}; {packages}"


def table(title: str, unit: str, runs: Mapping[str, Sequence[float]]) -> str:
    """Return one line per contender: median (minimum to maximum), and median ratio to the first, run by run."""
    baseline = next(iter(runs.values()))
    lines = [f"\n{title} ({unit}, {len(baseline)} interleaved runs)"]
    for name, figures in runs.items():
        digits = 0 if median(figures) >= 1000 else 1
        share = median(figure / base for figure, base in zip(figures, baseline, strict=True))
        lines.append(
            f"  {name:<46} {median(figures):>10,.{digits}f}"
            f"  ({min(figures):,.{digits}f} to {max(figures):,.{digits}f})  {share:.2f}"
        )
    return "\n".join(lines)


def ratio(runs: Mapping[str, Sequence[float]], first: str, second: str) -> float:
    """Return the median ratio of two contenders, run by run."""
    return median(a / b for a, b in zip(runs[first], runs[second], strict=True))
