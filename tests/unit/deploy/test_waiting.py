"""Tests how tests wait for conditions, and how a random test prints the line that repeats it."""

import pytest

from deploy.local import deadlines
from tests.support.seeds import choose_seed
from tests.support.waiting import block_until, read_until, wait_until


async def test_a_condition_that_is_met_ends_the_wait() -> None:
    answers = iter([0, None, "yes"])
    await wait_until(lambda: next(answers), every=0)
    assert list(answers) == []


async def test_a_condition_may_be_asynchronous() -> None:
    answers = iter([False, True])

    async def is_met() -> bool:
        return next(answers)

    await wait_until(is_met, every=0)
    assert list(answers) == []


async def test_a_condition_that_is_never_met_fails_by_name_after_the_scaled_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deadlines, "FACTOR", 4.0)
    with pytest.raises(AssertionError, match=r"not met after 0\.04 s: the moon is blue"):
        await wait_until(lambda: False, seconds=0.01, what="the moon is blue")
    with pytest.raises(AssertionError, match=r"not met after 0\.04 s: the last lines of a log"):
        block_until(lambda: False, seconds=0.01, what=lambda: "the last lines of a log")


async def test_a_value_that_is_never_accepted_is_returned_for_the_assertion() -> None:
    async def read() -> int:
        return 7

    assert await read_until(read, (8).__eq__, seconds=0) == 7


def test_the_line_that_repeats_a_random_test_names_it_and_its_seed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIKET_SEED", "7")
    assert choose_seed() == 7
    test = "tests/unit/deploy/test_waiting.py::test_the_line_that_repeats_a_random_test_names_it_and_its_seed"
    assert capsys.readouterr().out == f"to repeat: PIKET_SEED=7 .venv/bin/python -m pytest {test}\n"
