"""How every benchmark is told: the machine, the versions, medians with their spread, ratios to the named baseline."""

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

PACKAGES = ("faust-streaming", "aiokafka", "fastapi", "pydantic", "uvicorn", "psycopg", "rfc8785")


def machine() -> str:
    """The processor, cores, kernel, Python and the versions that matter."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "?")
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{model}, {os.cpu_count()} cores, {platform.release()}, Python {platform.python_version()}; {packages}"


def table(title: str, unit: str, runs: Mapping[str, Sequence[float]]) -> str:
    """One line per contender: median (least to most) and the median of its ratios to the first, run by run."""
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


def ratio(runs: Mapping[str, Sequence[float]], one: str, other: str) -> float:
    """The median of the ratios of two contenders, run by run."""
    return median(mine / theirs for mine, theirs in zip(runs[one], runs[other], strict=True))
