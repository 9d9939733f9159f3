"""Joins the settings of all subjects into those of a process."""

from typing import Self
from urllib.parse import quote

from pydantic import Field, model_validator

from shared.settings.identity import IdentitySettings
from shared.settings.kafka import KafkaSettings
from shared.settings.process import ProcessSettings
from shared.settings.secret_files import read_secret


class Settings(IdentitySettings, KafkaSettings, ProcessSettings):
    """Settings of every process. Their variables begin with `PIKET_`: `PIKET_STORE`, `PIKET_KAFKA`, ..."""

    store: str = Field(
        "sqlite://{folder}/{service}.db",
        pattern=r"^(sqlite|postgresql)://",
        repr=False,  # it may hold a password
        description="Address of the database of each service; {service} and {folder} in it are replaced.",
    )
    store_password_file: str = Field(
        "", description="File with the password of PIKET_STORE; {service} in it is replaced."
    )

    @model_validator(mode="after")
    def _refuse_password_of_files(self) -> Self:
        # Without PIKET_STORE the stores are files: a service would begin on new, empty ones.
        if self.store_password_file and not self.store.startswith("postgresql://"):
            raise ValueError("PIKET_STORE_PASSWORD_FILE needs a PIKET_STORE that begins with postgresql://")
        return self

    def store_url(self, service: str) -> str:
        """Return the address of the database of one service, with its password. Raise `UnreadableSecret`."""
        url = self.store.format(folder=self.folder.resolve(), service=service)
        if not self.store_password_file:
            return url
        file = self.store_password_file.format(service=service)
        password = quote(read_secret(file, "PIKET_STORE_PASSWORD_FILE"), safe="")
        return f"{url}{'&' if '?' in url else '?'}password={password}"
