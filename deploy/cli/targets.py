"""Defines `piket targets`: the file from which Prometheus learns which processes there are."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from deploy.observability.targets import (
    missing_processes,
    repeated_addresses,
    scrape_targets,
    to_json,
    write_targets,
)
from shared.settings import Settings, validate_addresses

EXAMPLE = "--process app=127.0.0.1:9464"
INCOMPLETE = (
    "Not complete: these targets lack {missing}, for which MetricsAbsent will fire, because every deployment has"
    " app (or reporting), relay and worker."
)


def parse_process(text: str) -> tuple[str, str]:
    """Parse `name=host:port`. Raise `BadParameter` for another text."""
    name, _, address = text.partition("=")
    if not name or "," in address:
        raise typer.BadParameter(f"{text} is not name=host:port; write for example {EXAMPLE}.")
    try:
        return name, validate_addresses(address)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}; write for example {EXAMPLE}.") from error


def print_targets(
    processes: Annotated[
        list[str],
        typer.Option("--process", help="name=host:port of its metrics; `app` or `reporting` also serves the regions"),
    ],
    file: Annotated[Path | None, typer.Option(help="write this file; default: print")] = None,
) -> None:
    """Print the scrape targets of these processes and of PIKET_REGIONS as a file_sd file of Prometheus."""
    addresses = list(map(parse_process, processes))
    _refuse_repeated(addresses)
    targets = scrape_targets(addresses, Settings().region_list())
    if file is None:
        print(to_json(targets), end="")
    else:
        write_targets(file, targets)
    if missing := missing_processes([name for name, _ in addresses]):
        print(INCOMPLETE.format(missing=", ".join(missing)), file=sys.stderr)


def _refuse_repeated(addresses: Sequence[tuple[str, str]]) -> None:
    if repeated := repeated_addresses(addresses):
        raise typer.BadParameter(f"given twice: {', '.join(repeated)}; each process has its own metrics address.")
