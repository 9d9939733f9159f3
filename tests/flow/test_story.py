"""The story without a broker, in one process."""

from pathlib import Path

from tests.flow.in_process_deployment import town
from tests.support.story import play


async def test_the_story_of_one_office_in_one_process(tmp_path: Path) -> None:
    async with town(tmp_path) as (world, here):
        await play(world)
        assert here.letters == []


async def test_nothing_that_is_published_names_anybody(tmp_path: Path) -> None:
    async with town(tmp_path) as (world, here):
        await play(world)
        said = b"".join(row.value or b"" for row in here.changelog)
        assert (len(here.changelog) > 20, b"Contoh" in said, b"1990010120" in said) == (True, False, False)
