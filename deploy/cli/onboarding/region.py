"""Defines `piket region`: what a new government needs, its national instruments, and what is still missing."""

import typer

cli = typer.Typer(no_args_is_help=True, help="A new kabupaten or kota: from nothing to its first published roster.")
