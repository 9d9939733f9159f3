"""Plays the story on real Kafka and PostgreSQL, in real processes."""

from tests.e2e.deployment import Deployment
from tests.support.story import play


async def test_the_story_of_one_office_on_real_parts(deployment: Deployment) -> None:
    await play(deployment.story_environment)
    assert deployment.stack.restart_ended() == []
