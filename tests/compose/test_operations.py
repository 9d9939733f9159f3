"""What an operator does in the containers: replaces one under traffic, backs up and restores, asks the doctor."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx
import pytest

from tests.compose.realm import Realm
from tests.compose.stack import Stack
from tests.compose.taps import CLAIMS, EMPLOYEE, Taps
from tests.support.figures import Figures
from tests.support.office_setup import REGION
from tests.support.waiting import block_until

PAGE = "docs/operations/backup-and-restore.md"


@pytest.fixture
def taps(whole: Stack, realm: Realm) -> Taps:
    taps = Taps(whole, partial(realm.sign, EMPLOYEE, roles=["EMPLOYEE"], **CLAIMS))
    taps.token()
    # A service that started before Keycloak answers 503 until it reads the keys.
    block_until(lambda: stored_events(whole, realm) is not None, 90, what="keys of Keycloak in attendance")
    return taps


def stored_events(stack: Stack, realm: Realm) -> list[dict[str, Any]] | None:
    """Return all events of attendance from its feed, or None if it does not answer yet."""
    events: list[dict[str, Any]] = []
    headers = {"authorization": f"Bearer {realm.token('agus')}"}
    with httpx.Client(base_url=stack.url, verify=stack.tls(), timeout=30) as http:
        while True:
            query = {"after": len(events), "limit": 1000}
            answer = http.get(f"/attendance/v1/{REGION}/feed", params=query, headers=headers)
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                return None
            page = answer.raise_for_status().json()
            if not page:
                return events
            events += page


def tap_id(client_id: str) -> str:
    """Return the id of the event of a tap, which `services.attendance.domain.decider.event_id` derives."""
    return str(uuid5(NAMESPACE_URL, f"urn:piket:tap:{REGION}:{EMPLOYEE}:{client_id}"))


def test_a_container_that_is_replaced_under_traffic_loses_no_tap(
    whole: Stack, realm: Realm, taps: Taps, figures: Figures
) -> None:
    before = whole.inspect("attendance")["Id"]
    with taps.running():
        taps.wait_for(10)
        whole.compose("up", "--detach", "--no-deps", "--no-build", "--force-recreate", "attendance", profiles=["core"])
        taps.wait_for(10)
    assert whole.inspect("attendance")["Id"] != before
    assert taps.failures == []
    statuses = Counter(status for _, status in taps.answers)
    figures.append(f"answers while attendance was replaced: {dict(statuses)}")
    assert statuses.keys() <= {200, 201, 503}
    assert taps.without_advice == []
    ids = Counter(event["id"] for event in stored_events(whole, realm) or ())
    assert {ids[tap_id(client_id)] for client_id in taps.stored} == {1}


def test_a_store_that_was_destroyed_comes_back_from_its_backup_and_the_log(
    whole: Stack, realm: Realm, taps: Taps
) -> None:
    with taps.running():
        taps.wait_for(5)
        assert "attendance: " in whole.follow(PAGE, "compose-backup")
        taps.wait_for(5)  # only the log has these
    truth = stored_events(whole, realm)
    assert truth
    whole.follow(PAGE, "compose-stop")
    whole.exec("postgres", "dropdb", "--username=postgres", "--force", "attendance")
    whole.follow(PAGE, "compose-create")
    output = whole.follow(PAGE, "compose-restore")
    assert "the chain is intact" in output
    whole.follow(PAGE, "compose-start")
    block_until(lambda: stored_events(whole, realm) is not None, 90, what="an answer of attendance")
    assert stored_events(whole, realm) == truth
    with taps.running():
        taps.wait_for(3)
    assert taps.failures == []


def test_the_people_of_keycloak_come_back_from_their_backup(whole: Stack, realm: Realm) -> None:
    realm.sign("someone-kept", roles=["EMPLOYEE"], **CLAIMS)
    whole.follow(PAGE, "compose-backup-keycloak")
    realm.sign("someone-lost", roles=["EMPLOYEE"], **CLAIMS)
    assert {"someone-kept", "someone-lost"} <= realm.names()
    whole.follow(PAGE, "compose-restore-keycloak")
    url = f"{whole.url}/auth/realms/piket"
    get = partial(httpx.get, url, verify=whole.tls(), timeout=30)  # the gateway waits, too
    block_until(lambda: get().status_code == 200, 300, what="an answer of Keycloak")
    assert "someone-kept" in realm.names()
    assert "someone-lost" not in realm.names()


def test_a_backup_is_confined_to_its_owner_and_the_doctor_knows_its_age(whole: Stack) -> None:
    whole.follow(PAGE, "compose-backup")
    script = "id -u; stat --format=%a /backups/*Z/*"
    listed = whole.compose("run", "--rm", "--no-TTY", "--entrypoint=sh", "operations", "-c", script, profiles=["tools"])
    assert listed.split()[0] == "10001"
    assert {*listed.split()[1:]} == {"600"}
    assert "every store has a backup in /backups" in whole.piket("doctor")


def test_what_a_government_lacks_is_checked_in_the_container_of_an_operator(whole: Stack) -> None:
    output = whole.piket("region", "check", REGION)
    for store in ("store policy", "store roster", "tokens"):
        assert re.search(rf"^ok +{store} ", output, re.MULTILINE), output
    assert re.search(r"^missing +calendar ", output, re.MULTILINE), output


def test_a_folder_of_the_operator_cannot_hide_the_code_of_piket(whole: Stack, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # the user of the container reads it
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").write_text("raise SystemExit('not Piket')")
    options = ("--rm", "--no-TTY", f"--volume={tmp_path}:/work", "--workdir=/work")
    assert "Usage" in whole.compose("run", *options, "operations", "--help", profiles=["tools"])


def test_the_view_is_rebuilt_in_the_container_of_an_operator(whole: Stack) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    output = whole.piket("rebuild-view", "--from", f"{yesterday:%Y-%m-%d}")
    assert "of the view is in force" in output, output
