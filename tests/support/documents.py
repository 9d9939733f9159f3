"""Reads the commands of documents, so that tests run them as written."""

import re
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]


def commands_of(document: str, name: str) -> str:
    """Return the block of a document that is marked as shell commands with this name."""
    (block,) = re.findall(rf"^ *```sh {name}\n(.*?)^ *```", (ROOT / document).read_text(), re.DOTALL | re.MULTILINE)
    return dedent(block)
