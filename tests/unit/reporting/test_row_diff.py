"""A row compared with the row that its facts make: the first difference, and the minute from which on it exists."""

from typing import Any

import pytest

from services.reporting.domain.row_diff import first_difference
from shared.domain.facts.coverage import Coverage, PostCoverage, UnitCoverage
from tests.support.example_facts import THURSDAY

LOKET = PostCoverage(required=((480, 1), (900, 0)), known=((496, 1),))


def post_with_known(heads: int, *later: tuple[int, int]) -> PostCoverage:
    return LOKET.model_copy(update={"known": ((496, heads), *later)})


def row(loket: PostCoverage | None = LOKET, *, unit: str = "Front Office", **more: Any) -> Coverage:
    posts = {"LOKET-1": loket} if loket else {}
    units = {"FRONT": UnitCoverage(name=unit, posts=posts)}
    fields = {"name": "DPMPTSP", "units": units, "modes": {"WFH": ((450, 3),)}, "revision": 7, **more}
    return Coverage(region="32", opd="DPMPTSP", service_date=THURSDAY, definition=1, **fields)


def test_how_often_a_row_was_counted_and_what_it_has_seen_is_no_content() -> None:
    assert first_difference(row(revision=9, generation=2, watermark={"/piket/32/roster": 4}), row()) is None


def test_steps_that_mean_the_same_heads_agree() -> None:
    assert first_difference(row(post_with_known(1, (600, 1))), row()) is None


@pytest.mark.parametrize(
    ("actual", "text"),
    [
        (row(post_with_known(2)), "FRONT/LOKET-1 known from 08.16 on: the view says 2, the facts 1"),
        (row(post_with_known(1, (510, 0))), "FRONT/LOKET-1 known from 08.30 on: the view says 0, the facts 1"),
        (row(modes={}), "WFH from 07.30 on: the view says 0, the facts 3"),
        (row(name="Dinas"), "name: the view says Dinas, the facts DPMPTSP"),
        (row(unit="Depan"), "FRONT name: the view says Depan, the facts Front Office"),
        (row(None), "FRONT/LOKET-1: the view says nothing, the facts a post"),
        (None, "row: the view says no, the facts yes"),
    ],
)  # fmt: skip
def test_the_first_minute_that_differs_is_reported(actual: Coverage | None, text: str) -> None:
    assert str(first_difference(actual, row())) == f"32/DPMPTSP 2025-11-06 {text}"


def test_a_row_that_no_fact_makes_is_one_too_many() -> None:
    assert str(first_difference(row(), None)) == "32/DPMPTSP 2025-11-06 row: the view says yes, the facts no"


def test_a_row_that_is_nowhere_is_missed_by_nobody() -> None:
    assert first_difference(None, None) is None
