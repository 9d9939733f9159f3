"""Seeds random tests. Each prints one line that repeats it with the same random choices."""

import os
import random
import secrets
import shlex


def choose_seed() -> int:
    """Return `PIKET_SEED` or a random seed, and print the line that repeats the running test with it."""
    seed = int(os.environ.get("PIKET_SEED") or secrets.randbelow(2**31))
    print(repeat_line(seed))
    return seed


def repeat_line(seed: int) -> str:
    """Return the line that repeats the running test with a seed."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "tests (call)").rpartition(" ")[0]
    return f"to repeat: PIKET_SEED={seed} .venv/bin/python -m pytest {shlex.quote(test)}"


def seeded_random() -> random.Random:
    """Return the random generator of the running test, and print the line that repeats it."""
    return random.Random(choose_seed())  # noqa: S311 - a game of chance
