"""Plays the story without a broker, in one process."""

from pathlib import Path

from tests.flow.in_process_deployment import in_process_deployment
from tests.support.story import play


async def test_the_story_of_one_office_in_one_process(tmp_path: Path) -> None:
    async with in_process_deployment(tmp_path) as (environment, deployment):
        await play(environment)
        assert deployment.dead_letters == []


async def test_nothing_that_is_published_names_anybody(tmp_path: Path) -> None:
    async with in_process_deployment(tmp_path) as (environment, deployment):
        await play(environment)
        published = b"".join(row.value or b"" for row in deployment.changelog)
        assert (len(deployment.changelog) > 20, b"Contoh" in published, b"1990010120" in published) == (
            True,
            False,
            False,
        )
