"""The stores of a demo: files beside it, or empty databases of a PostgreSQL server, one for each service."""

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from deploy.operations.sources import DECIDERS
from shared.kafka.broker import Refused


def stores(asked: str) -> str:
    """The setting PIKET_STORE: empty for SQLite, or an address with `{service}` whose databases are there and empty.

    `postgresql://…/piket` becomes `piket_policy`, `piket_roster` and `piket_attendance`, made where missing. Raises
    `Refused` where a database holds a store, or the server does not let us in.
    """
    if asked == "sqlite":
        return ""
    address = urlsplit(asked)
    template = asked if "{service}" in asked else urlunsplit(address._replace(path=f"{address.path}_{{service}}"))
    for service in DECIDERS:
        try:
            _empty(template.format(service=service), asked)
        except psycopg.Error as failure:
            raise Refused(
                f"PostgreSQL did not give a database for {service}: {str(failure).strip()}. Nothing was started; "
                "check --store, and that its user may create databases."
            ) from failure
    return template


def _empty(url: str, asked: str) -> None:
    name = urlsplit(url).path.removeprefix("/")
    server = asked if "{service}" not in asked else urlunsplit(urlsplit(url)._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not known:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('event')").fetchone() != (None,):
            raise Refused(
                f"The database {name} holds a store already, and a demo begins with an empty one. Nothing was started "
                "or changed. Name another with --store."
            )
