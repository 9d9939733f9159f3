from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Settings
from shared.settings.secret_files import UnreadableSecret


@pytest.mark.parametrize(
    ("store", "url"),
    [
        ("postgresql://{service}@db/{service}", "postgresql://roster@db/roster?password=s%2F%40%26%20x"),
        ("postgresql://db/x?sslmode=require", "postgresql://db/x?sslmode=require&password=s%2F%40%26%20x"),
    ],
)
def test_the_password_of_a_store_comes_from_the_file_of_its_service(tmp_path: Path, store: str, url: str) -> None:
    (tmp_path / "roster_password").write_text("s/@& x\n")
    settings = Settings(store=store, store_password_file=f"{tmp_path}/{{service}}_password")
    assert settings.store_url("roster") == url


@pytest.mark.parametrize(("content", "fault"), [(None, "No such file"), (b" \n", "is empty"), (b"\xff", "not a text")])
def test_a_secret_that_cannot_be_read_is_named_by_file_and_setting(
    tmp_path: Path, content: bytes | None, fault: str
) -> None:
    file = tmp_path / "policy_password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UnreadableSecret, match=fault) as refused:
        Settings(store="postgresql://db/x", store_password_file=str(file)).store_url("policy")
    assert f"{file} (PIKET_STORE_PASSWORD_FILE)" in str(refused.value)


def test_the_address_of_a_service_contains_its_name_where_the_gateway_says_so() -> None:
    assert Settings(gateway="http://{service}:8080/").service_url("policy") == "http://policy:8080"
    assert Settings(gateway="https://piket.example").service_url("policy") == "https://piket.example"


def test_a_password_for_stores_in_files_is_refused() -> None:
    with pytest.raises(ValidationError, match="needs a PIKET_STORE that begins with postgresql"):
        Settings(store_password_file="/run/secrets/{service}_password")
