"""Makes the table of settings: variable, meaning, default, the processes that read it, whether it names a secret."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from services.reporting.worker.settings import WorkerSettings
from shared.settings import Settings
from shared.tracing.settings import TracingSettings

INTRODUCTION = """# Settings

A process reads its settings from its environment, once at its start. A value that cannot be used ends it with one
sentence; a variable `PIKET_…` that is not in this table is named in the log, with the most similar one. No variable
needs to hold a secret: one whose last column says `yes` names the file of a secret, such as
`/run/secrets/policy_password`. `PIKET_STORE` may hold a password too, but a file is better protected.

`python -m deploy.settings > docs/operations/settings.md` makes this page from the classes that declare the settings.
"""
SERVICES = "policy, roster, attendance, reporting"
STORES = f"{SERVICES}, relay, reconcile, commands"
READERS: Mapping[str, str] = {
    "PIKET_HOST": SERVICES,
    "PIKET_PORT": SERVICES,
    "PIKET_TLS_CERTIFICATE": SERVICES,
    "PIKET_TLS_KEY": SERVICES,
    "PIKET_TRUSTED_PROXIES": SERVICES,
    "PIKET_STORE": STORES,
    "PIKET_STORE_PASSWORD_FILE": STORES,
    "PIKET_TARGETS": "reporting, commands",
    "PIKET_BACKUP_FOLDER": "commands",
    "PIKET_ALERTMANAGER": "reporting",
    "PIKET_COMMUTE_KM": "reporting",
    "PIKET_ENERGY_KWH": "reporting",
    "PIKET_GATEWAY": "roster, reporting, commands",
    "PIKET_CLIENT_ID": "roster, reporting, commands",
    "PIKET_CLIENT_SECRET_FILE": "roster, reporting, commands",
    "PIKET_TOKEN_FILE": "roster, reporting, commands",
    "PIKET_TOKEN_SCOPE": "roster, reporting, commands",
    "PIKET_TOKEN_URL": "roster, reporting, commands",
    "PIKET_SIGN_IN_CLIENT": "policy, reporting",
    "PIKET_ISSUER": SERVICES,
    "PIKET_ISSUER_CA": SERVICES,
    "PIKET_DISCOVERY": SERVICES,
    "PIKET_JWKS": SERVICES,
    "PIKET_AUDIENCE": SERVICES,
    "PIKET_ROLES_CLAIM": SERVICES,
    "PIKET_REGION_CLAIM": SERVICES,
    "PIKET_OPD_CLAIM": SERVICES,
    "PIKET_UNIT_CLAIM": SERVICES,
    "PIKET_EMPLOYEE_CLAIM": SERVICES,
}
"""The processes that read a variable, if these are not all of them; those of a worker are known by their class."""


class SettingRow(NamedTuple):
    """One line of the table."""

    variable: str
    meaning: str
    default: str
    readers: str
    secret: str

    def markdown(self) -> str:
        """Return the line. A bar would end a cell."""
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in self) + " |"


def rows() -> Iterator[SettingRow]:
    """Yield the lines by subject: those of every process, of the worker, of traces."""
    for name, field in Settings.model_fields.items():
        variable = f"PIKET_{name.upper()}"
        yield _row(variable, field, READERS.get(variable, "all"))
    for name, field in WorkerSettings.model_fields.items():
        if name not in Settings.model_fields:
            yield _row(f"PIKET_{name.upper()}", field, "worker")
    for name, field in TracingSettings.model_fields.items():
        yield _row(name.upper(), field, "all")


def document() -> str:
    """Return the page."""
    head = "| variable | meaning | default | read by | secret |\n|---|---|---|---|---|\n"
    return f"{INTRODUCTION}\n{head}" + "".join(f"{row.markdown()}\n" for row in rows())


def _row(variable: str, field: FieldInfo, readers: str) -> SettingRow:
    secret = "yes" if variable.endswith(("PASSWORD_FILE", "SECRET_FILE", "TOKEN_FILE")) else ""
    return SettingRow(f"`{variable}`", field.description or "", _show(field.default), readers, secret)


def _show(default: Any) -> str:  # noqa: ANN401 - the default of any field
    if default in {None, ""}:
        return "empty"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default.value if isinstance(default, StrEnum) else default}`"
