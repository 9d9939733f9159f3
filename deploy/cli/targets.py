"""Defines `piket targets`: the file from which Prometheus learns which processes there are."""

from typing import Annotated

import typer

from deploy.observability.targets import scrape_targets, to_json
from shared.settings import Settings, validate_addresses

EXAMPLE = "--process app=127.0.0.1:9464"


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
) -> None:
    """Print the scrape targets of these processes and of PIKET_REGIONS as a file_sd file of Prometheus."""
    print(to_json(scrape_targets(list(map(parse_process, processes)), Settings().region_list())), end="")
