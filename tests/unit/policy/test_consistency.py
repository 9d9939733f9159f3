"""An instrument beside the recorded ones: supersession, and shares that cannot both hold."""

from tests.support.depok_circulars import (
    DAY,
    DECIDED,
    MONDAY,
    REGION,
    SE_42,
    SE_80,
    THURSDAY,
    amend,
    decide_step,
    draft,
    enact,
    error_of,
    errors_of,
    resume,
    revoke,
    schedule,
    se,
    streams_after,
    suspend,
)

ANOTHER = se("depok-2026-se-99", MONDAY, supersedes=["depok-2026-se-42"])


def test_an_instrument_cannot_supersede_itself() -> None:
    errors = errors_of(enact(se(supersedes=["depok-2026-se-42"])))
    assert errors[0] == (
        "/instrument/supersedes",
        "depok-2026-se-42 tidak dapat menggantikan dirinya sendiri.",
        "depok-2026-se-42 cannot supersede itself.",
    )


def test_an_instrument_supersedes_another_once() -> None:
    twice = se("depok-2026-se-80", supersedes=["depok-2026-se-42"] * 2)
    assert errors_of(enact(twice))[0][::2] == ("/instrument/supersedes/1", "depok-2026-se-42 is written twice.")


def test_what_is_superseded_is_known_in_the_region() -> None:
    assert errors_of(enact(SE_80)) == [(
        "/instrument/supersedes/0",
        "depok-2026-se-42 tidak dikenal di wilayah ini.",
        "depok-2026-se-42 is unknown in this region.",
    )]  # fmt: skip


def test_two_instruments_cannot_supersede_the_same_one() -> None:
    assert errors_of(enact(ANOTHER), streams_after(enact(SE_42), enact(SE_80))) == [(
        "/instrument/supersedes/0",
        "depok-2026-se-42 sudah digantikan depok-2026-se-80; depok-2026-se-99 tidak dapat menggantikannya lagi.",
        "depok-2026-se-42 is superseded by depok-2026-se-80 already; depok-2026-se-99 cannot supersede it again.",
    )]  # fmt: skip


def test_the_successor_that_is_named_is_the_one_that_binds_and_not_a_draft_beside_it() -> None:
    beside = draft(se("depok-2026-se-77", MONDAY, supersedes=["depok-2026-se-42"]), "DRAFT")
    assert "is superseded by depok-2026-se-80 already" in error_of(enact(SE_42), beside, enact(SE_80), enact(ANOTHER))


NAMED_TWICE = "/instrument depok-2026-se-42 is superseded by depok-2026-se-80 already; "


def test_of_two_successors_without_a_date_only_one_is_brought_into_force() -> None:
    undated = enact(se("depok-2026-kep-196", None, supersedes=["depok-2026-se-42"]))
    assert error_of(enact(SE_42), undated, enact(SE_80), schedule(DECIDED, MONDAY)).startswith(NAMED_TWICE)


def test_a_successor_that_was_suspended_before_it_began_is_not_resumed_beside_another() -> None:
    paused = enact(ANOTHER), suspend(DECIDED, ANOTHER.instrument)
    assert error_of(enact(SE_42), *paused, enact(SE_80), resume(THURSDAY, ANOTHER.instrument)).startswith(NAMED_TWICE)


def test_a_successor_that_was_in_force_is_resumed_as_before() -> None:
    streams = streams_after(enact(SE_42), enact(SE_80), suspend(MONDAY + DAY, SE_80.instrument))
    assert decide_step(streams, resume(MONDAY + 2 * DAY, SE_80.instrument)) != {}


def test_once_the_successor_was_revoked_before_it_began_another_may_follow() -> None:
    streams = streams_after(enact(SE_42), enact(SE_80), revoke(THURSDAY, SE_80.instrument))
    assert f"instruments/{REGION}" in decide_step(streams, enact(ANOTHER, THURSDAY))


def cycle_error(*names: str) -> str:
    """Return the error if each instrument supersedes the next one, and the last is amended to supersede the first."""
    chain = [
        enact(se(name, supersedes=names[n + 1:n + 2])) for n, name in reversed(list(enumerate(names)))
    ]  # fmt: skip
    return error_of(*chain, amend(se(names[-1], MONDAY, supersedes=[names[0]]), DECIDED))


def test_two_instruments_cannot_supersede_each_other() -> None:
    assert cycle_error("depok-2026-se-80", "depok-2026-se-42").endswith(
        "depok-2026-se-42 and depok-2026-se-80 would supersede each other: "
        "depok-2026-se-42 > depok-2026-se-80 > depok-2026-se-42."
    )


def test_three_instruments_cannot_supersede_each_other_in_a_round() -> None:
    assert cycle_error("depok-2026-se-99", "depok-2026-se-80", "depok-2026-se-42").endswith(
        "depok-2026-se-42 > depok-2026-se-99 > depok-2026-se-80 > depok-2026-se-42."
    )


NATIONAL = se("nasional-2026-friday", layer="NATIONAL", government=None, rules={"weekly_cap_days": 2})


def test_a_city_cannot_supersede_a_circular_of_the_nation() -> None:
    city = se("depok-2026-se-80", supersedes=["nasional-2026-friday"])
    assert errors_of(enact(city), streams_after(enact(NATIONAL))) == [(
        "/instrument/supersedes/0",
        "nasional-2026-friday berlapis NATIONAL; instrumen berlapis REGION tidak dapat menggantikannya.",
        "nasional-2026-friday is of layer NATIONAL; an instrument of layer REGION cannot supersede it.",
    )]  # fmt: skip


MIN_ON_SITE = se("nasional-2026-friday", layer="NATIONAL", government=None, rules={"min_on_site_share": 0.5})


MAX_ON_SITE = se("depok-2026-se-flood", MONDAY, rules={"max_on_site_share": 0.25})


def test_two_instruments_of_which_one_keeps_more_on_site_than_the_other_lets_are_both_named() -> None:
    assert error_of(enact(MIN_ON_SITE), enact(MAX_ON_SITE)) == (
        "/instrument/rules/min_on_site_share min_on_site_share 0.5 is above what forced WFH leaves, "
        "max_on_site_share 0.25 (2026-02-17: nasional-2026-friday / depok-2026-se-flood)."
    )


def test_it_is_refused_whichever_of_them_comes_first() -> None:
    assert "nasional-2026-friday / depok-2026-se-flood" in error_of(enact(MAX_ON_SITE), enact(MIN_ON_SITE))


def test_it_is_refused_for_the_one_opd_that_both_bind() -> None:
    city = se("depok-2026-ink-1", layer="OPD", opds=["DISHUB"], rules={"max_on_site_share": 0.25})
    assert "DISHUB, 2026-01-29" in error_of(enact(MIN_ON_SITE), enact(city))


def test_what_forced_wfh_leaves_may_be_all_that_is_asked() -> None:
    streams = streams_after(enact(MIN_ON_SITE))
    assert decide_step(streams, enact(se("depok-2026-se-flood", rules={"max_on_site_share": 0.5}))) != {}


def test_a_suspended_instrument_that_cannot_hold_beside_a_new_one_is_not_resumed() -> None:
    steps = enact(MIN_ON_SITE), suspend(THURSDAY, MIN_ON_SITE.instrument), enact(MAX_ON_SITE, THURSDAY)
    assert "is above what forced WFH leaves" in error_of(*steps, resume(MONDAY, MIN_ON_SITE.instrument))
