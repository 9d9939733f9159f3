"""Tests that the reference world has its OPD, units, posts and people, and depends only on the seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.reference_world.seeding import arrangement_body
from deploy.reference_world.world import Office, TooFewPeople, distribute, world
from services.policy.domain.opd_commands import UnitArrangement
from shared.domain.places import governments

FOUR = ("32", "3271", "3276", "3277")


@pytest.fixture(scope="module")
def jabar() -> tuple[Office, ...]:
    return world(FOUR, 8_000, 1)


def test_the_province_has_its_38_opd_and_everybody_works_in_one(jabar: tuple[Office, ...]) -> None:
    assert len([office for office in jabar if office.region == "32"]) == 38
    assert sum(len(list(office.people)) for office in jabar) == 8_000


def test_depok_has_its_eleven_kecamatan_and_another_kota_the_typical_four() -> None:
    kecamatan = Counter(o.region for o in world(("3276", "3275"), 4_000, 1) if o.opd.startswith("KEC-"))
    assert kecamatan == {"3276": 11, "3275": 4}


def test_every_government_of_the_board_can_be_peopled() -> None:
    assert {office.region for office in world(tuple(governments()), 40_000, 1)} == set(governments())


def test_the_same_seed_makes_the_same_people_and_another_seed_others(jabar: tuple[Office, ...]) -> None:
    assert (world(FOUR, 8_000, 1) == jabar, world(FOUR, 8_000, 2) == jabar) == (True, False)


def test_nobody_is_real_and_no_nip_comes_twice_in_a_government(jabar: tuple[Office, ...]) -> None:
    people = [(office.region, person) for office in jabar for person in office.people]
    assert {person.name.endswith(" Contoh") for _, person in people} == {True}
    assert len({(region, person.nip) for region, person in people}) == len(people)


def test_every_post_has_its_minimum_and_one_in_relief_who_can_do_it(jabar: tuple[Office, ...]) -> None:
    units = [unit for office in jabar for unit in office.units if unit.posts]
    assert [u for u in units if len(u.people) < sum(post.minimum + 1 for post in u.posts)] == []
    has_relief = [
        sum(not p.skill or p.skill in person.skills for person in u.people) > p.minimum for u in units for p in u.posts
    ]
    assert set(has_relief) == {True}


def test_schools_and_hospitals_are_units_on_site_and_nights_are_watched(jabar: tuple[Office, ...]) -> None:
    classes = {unit.unit.split("-")[0]: unit.class_ for office in jabar for unit in office.units}
    nights = [post for office in jabar for unit in office.units for post in unit.posts if post.closes > 1440]
    assert (classes["SEKOLAH"], classes["RSUD"], classes["SEKRETARIAT"]) == ("DIRECT", "EMERGENCY_24X7", "NON_SERVICE")
    assert len(nights) > 20


def test_every_unit_is_arranged_by_a_body_that_policy_takes(jabar: tuple[Office, ...]) -> None:
    bodies = [
        UnitArrangement.model_validate(arrangement_body(office, unit)) for office in jabar for unit in office.units
    ]
    assert len({(body.unit, body.site.site, body.site.lat) for body in bodies}) > 400


def test_fewer_people_than_posts_need_is_reported_with_the_number() -> None:
    with pytest.raises(TooFewPeople, match="at least") as error:
        world(("3277",), 50, 1)
    assert len(world(("3277",), error.value.needed, 1)) == 33


@given(st.lists(st.tuples(st.floats(0.1, 50), st.integers(0, 20)), min_size=1, max_size=20), st.integers(0, 5_000))
def test_what_is_shared_out_is_whole_and_none_is_below_its_least(parts: list[tuple[float, int]], more: int) -> None:
    weights, least = [weight for weight, _ in parts], [low for _, low in parts]
    shared = distribute(sum(least) + more, weights, least)
    assert sum(shared) == sum(least) + more
    assert all(part >= low for part, low in zip(shared, least, strict=True))
