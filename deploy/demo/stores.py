"""Prepares the stores of a demo: SQLite files, or one empty PostgreSQL database per service."""

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.operations.sources import SERVICES_WITH_STORE
from shared.kafka.errors import UnsafeToContinue


def store_setting(choice: str) -> str:
    """Return the setting PIKET_STORE: empty for SQLite, or an address with `{service}` for empty PostgreSQL databases.

    `postgresql://…/piket` becomes `piket_policy`, `piket_roster` and so on, created if missing. Raise
    `UnsafeToContinue` if a database holds a store, or the server refuses the connection.
    """
    if choice == "sqlite":
        return ""
    address = urlsplit(choice)
    template = choice if "{service}" in choice else urlunsplit(address._replace(path=f"{address.path}_{{service}}"))
    for service in SERVICES_WITH_STORE:
        try:
            _require_empty_database(template.format(service=service), choice)
        except psycopg.Error as error:
            raise UnsafeToContinue(
                f"PostgreSQL did not provide a database for {service}: {str(error).strip()}. Nothing was started; "
                "check --store, and that its user may create databases."
            ) from error
    return template


def _require_empty_database(url: str, choice: str) -> None:
    name = urlsplit(url).path.removeprefix("/")
    # The database may not exist yet, so connect to another one of the server to create it.
    server = choice if "{service}" not in choice else urlunsplit(urlsplit(url)._replace(path="/postgres"))
    # autocommit: PostgreSQL refuses CREATE DATABASE within a transaction.
    with psycopg.connect(server, autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not exists:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(url) as connection:
        # `to_regclass` returns NULL for a missing table, where a SELECT from it would fail.
        if connection.execute("SELECT to_regclass('event')").fetchone() != (None,):
            raise UnsafeToContinue(
                f"The database {name} holds a store already, but a demo starts with an empty one. Nothing was started "
                "or changed. Choose another with --store."
            )
