"""The page about onboarding and the checklist that is written for a government have the same commands."""

import re
from datetime import date
from pathlib import Path

from deploy.onboarding.checklist import checklist
from shared.domain.places import government_of
from tests.support.onboarding_page import command_blocks

PAGE = Path(__file__).parents[2] / "docs/operations/onboarding.md"


def test_the_page_and_the_checklist_of_depok_have_the_same_commands() -> None:
    begin, *page = command_blocks(PAGE.read_text())
    written = checklist(government_of("3276"), Path("3276"), date(2026, 12, 1), 34)
    assert begin.commands == ("piket region init 3276",)
    assert page == command_blocks(written)
    assert not re.search(r"<[A-Z_]+>", written), "a value is not filled in"
