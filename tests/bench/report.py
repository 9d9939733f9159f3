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
        ratio = median(figure / base for figure, base in zip(figures, baseline, strict=True))
        lines.append(
            f"  {name:<44} {median(figures):>10,.0f}  ({min(figures):,.0f} to {max(figures):,.0f})  {ratio:.2f}"
        )
    return "\n".join(lines)
