"""Writes the settings of a deployment that serves a new government, as a file for a shell or a container."""

import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


class SettingHint(NamedTuple):
    """What stands in the file if the environment does not set it, and what to know about it."""

    value: str
    hint: str


HINTS: Mapping[str, SettingHint] = {
    "PIKET_PROFILE": SettingHint("production", "demo only for a trial with invented people"),
    "PIKET_REGIONS": SettingHint("", "every government that this deployment serves, separated by commas"),
    "PIKET_DEPLOYMENT": SettingHint("local", "part of the names of topics and groups; never change it later"),
    "PIKET_PARTITIONS": SettingHint("", "partitions of each topic: 3 if not set; never change it later"),
    "PIKET_STORE": SettingHint("postgresql://{service}@postgres:5432/{service}", "database of each service"),
    "PIKET_STORE_PASSWORD_FILE": SettingHint("/run/secrets/{service}_password", "its password, in a file"),
    "PIKET_KAFKA": SettingHint("kafka:9092", "addresses of the brokers"),
    "PIKET_KAFKA_SECURITY": SettingHint("PLAINTEXT", "SASL_SSL between networks (docs/operations/kafka.md)"),
    "PIKET_KAFKA_USERNAME": SettingHint("", "only with SASL: the user of the process; kafka-users.txt lists them"),
    "PIKET_KAFKA_PASSWORD_FILE": SettingHint("", "only with SASL: its password, in a file"),
    "PIKET_KAFKA_CA": SettingHint("", "only with SSL: the authority of the brokers' certificates, a PEM file"),
    "PIKET_GATEWAY": SettingHint("http://{service}:8080", "address of each service; {service} is replaced"),
    "PIKET_ISSUER": SettingHint("https://piket.example/auth/realms/piket", "issuer of tokens (OpenID Connect)"),
}
"""The settings that a government decides, by name; no value is a secret."""


def environment_file(name: str, region: str, environment: Mapping[str, str]) -> str:
    """Return the file: what the environment sets is kept, and the region is added to those that it serves."""
    lines = [
        f"# Settings of Piket for {name} ({region}). Secrets stand in files of their own, never here.",
        *_lines(region, environment),
    ]
    return "\n".join(lines) + "\n"


def _lines(region: str, environment: Mapping[str, str]) -> Iterator[str]:
    values = {name: environment.get(name, hint.value) for name, hint in HINTS.items()}
    values["PIKET_STORE"] = without_password(values["PIKET_STORE"])
    if "PIKET_STORE" in environment:  # such a store may need no password, and a file that does not exist is refused
        values["PIKET_STORE_PASSWORD_FILE"] = environment.get("PIKET_STORE_PASSWORD_FILE", "")
    values["PIKET_REGIONS"] = ",".join(dict.fromkeys([*filter(None, values["PIKET_REGIONS"].split(",")), region]))
    for name, value in values.items():
        # An empty value would be refused where a file or a number is expected.
        yield f"\n# {HINTS[name].hint}\n{'' if value else '# '}{name}={shlex.quote(value) if value else ''}"


def without_password(address: str) -> str:
    """Return the address of a database without the password that it may hold."""
    parts = urlsplit(address)
    user, at, server = parts.netloc.rpartition("@")
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "password"]
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{server}", query=urlencode(query)))
