"""Sends the requests of `piket` to the services over HTTP, with a token; ends with one sentence if one fails."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from deploy.cli.terminal import escaped
from shared.settings import Settings

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 60
TokenOption = Annotated[str, typer.Option(envvar="PIKET_TOKEN", show_envvar=True, help="token of who sends it")]
TOKEN_OF = "Set PIKET_TOKEN to the token of {who}."  # noqa: S105 - a message
NO_TOKEN = TOKEN_OF + " Nothing was sent. The demo prints one; elsewhere `piket sign-in --to FILE` writes it."


def request(
    service: str,
    method: str,
    path: str,
    token: str,
    *,
    who: str,
    body: object = None,
    params: Mapping[str, str] | None = None,
) -> "httpx.Response":
    """Send one request and return its answer, also one about errors in the body (422). Exit if it fails otherwise.

    `who` names the person whose token is needed.
    """
    import httpx  # noqa: PLC0415 - every start of `piket` imports this module, and httpx takes a quarter of a second

    if not token:
        raise SystemExit(NO_TOKEN.format(who=who))
    address = Settings().service_url(service)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": uuid4().hex}
    try:
        answer = httpx.request(method, f"{address}{path}", headers=headers, json=body, params=params, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise SystemExit(
            f"{address} did not answer ({error}). Check PIKET_GATEWAY, then try again: a repeat changes nothing."
        ) from error
    if answer.is_error and answer.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
        forbidden = f" {TOKEN_OF.format(who=who)}" * (answer.status_code == HTTPStatus.FORBIDDEN)
        raise SystemExit(escaped(f"{problem_text(answer)}{forbidden}"))  # the reason of a problem can quote a record
    return answer


def require_success(answer: "httpx.Response") -> "httpx.Response":
    """Return the answer. Exit with the errors of the request if it has some."""
    if answer.is_error:
        raise SystemExit(escaped(problem_text(answer)))
    return answer


def problem_text(answer: "httpx.Response") -> str:
    """Return the problem of an answer in English, on one line."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return f"{answer.url} answered {answer.status_code}. Check PIKET_GATEWAY."
    problem = answer.json()
    return " ".join(map(_error_text, problem.get("errors", ()))) or str(problem["detail_en"])


def _error_text(error: Mapping[str, str]) -> str:
    """Return an error of a request, after the field that it concerns."""
    field = error.get("pointer", "").removeprefix("/") or error.get("parameter", "")
    return f"{field}: {error['detail_en']}" if field else error["detail_en"]
