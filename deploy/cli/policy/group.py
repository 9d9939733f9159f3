"""Defines the group `piket policy`. Its commands are imported only if one of them is asked for."""

from functools import cached_property
from typing import Any

import typer
from typer.core import TyperGroup


class PolicyCommands(TyperGroup):
    """The commands of `piket policy`, which are imported when one of them is asked for."""

    @cached_property
    def _group(self) -> TyperGroup:
        from deploy.cli.policy import dry_run, questions, register, timeline

        cli = typer.Typer()
        for module in (questions, register, dry_run, timeline):
            cli.add_typer(module.cli)
        return typer.main.get_group(cli)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - the context type of Typer's own copy of Click
        """Return the names of the commands."""
        return self._group.list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        """Return a command, None if there is none of this name."""
        return self._group.get_command(ctx, cmd_name)


policy = typer.Typer(cls=PolicyCommands, no_args_is_help=True, help="Which rules apply to whom on a date, and why.")
