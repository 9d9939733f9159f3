"""Builds groups of commands that are imported only when one of them is asked for."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import typer
from typer.core import TyperGroup


def lazy_group(load: Callable[[], typer.Typer], summary: str) -> typer.Typer:
    """Return a group whose commands `load` imports and returns when one of them is asked for."""

    class Commands(TyperGroup):
        """The commands of the group."""

        @cached_property
        def _group(self) -> TyperGroup:
            return typer.main.get_group(load())

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - the context type of Typer's own copy of Click
            return self._group.list_commands(ctx)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
            return self._group.get_command(ctx, cmd_name)

    return typer.Typer(cls=Commands, no_args_is_help=True, help=summary)
