"""Drafts and studies bind nobody until they are enacted."""

from datetime import date

import pytest

from tests.support.depok_circulars import (
    SE_42,
    SE_80,
    THURSDAY,
    UNTIL_15_FEB,
    binding_dates,
    change_kinds,
    decide_step,
    draft,
    enact,
    error_of,
    state_of,
    streams_after,
    suspend,
)


@pytest.mark.parametrize("stage", ["DRAFT", "STUDY"])
def test_what_is_on_the_table_binds_nobody(stage: str) -> None:
    assert binding_dates(draft(SE_42, stage)) == []


@pytest.mark.parametrize("stage", ["DRAFT", "STUDY"])
def test_what_is_on_the_table_remains_in_its_stage(stage: str) -> None:
    assert state_of(date(2027, 1, 1), draft(SE_42, stage)) == stage


def test_a_study_is_published_to_no_opd() -> None:
    assert change_kinds("BKPSDM", draft(SE_42, "STUDY")) == []


def test_the_same_draft_put_on_the_table_again_changes_nothing() -> None:
    assert decide_step(streams_after(draft(SE_42, "DRAFT")), draft(SE_42, "DRAFT")) == {}


def test_a_draft_becomes_a_study() -> None:
    assert state_of(THURSDAY, draft(SE_42, "DRAFT"), draft(SE_42, "STUDY")) == "STUDY"


def test_a_study_enacted_later_binds_as_any_other() -> None:
    assert binding_dates(draft(SE_42, "STUDY"), enact(SE_42)) == [(THURSDAY, None)]


def test_a_study_may_say_something_else_than_what_is_enacted() -> None:
    assert state_of(THURSDAY, draft(UNTIL_15_FEB, "STUDY"), enact(SE_42)) == "IN_FORCE"


def test_what_is_enacted_can_be_no_draft_again() -> None:
    assert "can be no draft again" in error_of(enact(SE_42), draft(SE_42, "DRAFT"))


def test_a_draft_cannot_be_suspended() -> None:
    assert "is not enacted" in error_of(draft(SE_42, "DRAFT"), suspend(THURSDAY))


def test_a_draft_supersedes_nothing() -> None:
    assert binding_dates(enact(SE_42), draft(SE_80, "DRAFT")) == [(THURSDAY, None)]
