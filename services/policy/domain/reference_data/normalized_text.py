"""Normalizes names for comparison."""

import re


def normalize(text: str) -> str:
    """Return the words of a text in lower case, separated by single spaces; punctuation is dropped."""
    return " ".join(re.findall(r"[a-z0-9]+", text.casefold()))
