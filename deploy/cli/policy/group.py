"""Defines the group `piket policy`. Its commands are imported only if one of them is asked for."""

import typer

from deploy.cli.lazy_group import lazy_group


def _commands() -> typer.Typer:
    from deploy.cli.policy import dry_run, questions, register, timeline

    cli = typer.Typer()
    for module in (questions, register, dry_run, timeline):
        cli.add_typer(module.cli)
    return cli


policy = lazy_group(_commands, "Which rules apply to whom on a date, and why.")
