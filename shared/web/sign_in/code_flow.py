"""Signs in by the authorization code flow of OpenID Connect with PKCE (RFC 7636). The server keeps no session."""

import hmac
from dataclasses import dataclass
from urllib.parse import urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import Request
from starlette.responses import RedirectResponse

from shared.identity import Identity, TokenRefused
from shared.identity.issuer import IssuerClient, IssuerMetadata, IssuerRefused, IssuerUnreachable
from shared.settings import Settings
from shared.web.pages import language
from shared.web.sign_in.attempt import Attempt
from shared.web.sign_in.outcome import SignInOutcome, count_sign_in, failure
from shared.web.sign_in.session import (
    ID_TOKEN_COOKIE,
    MAX_TOKEN_LENGTH,
    begin_session,
    end_session,
    require_local_path,
)

CALLBACK_PATH = "/masuk/kembali"
ERRORS = {
    "access_denied",
    "interaction_required",
    "invalid_request",
    "invalid_scope",
    "login_required",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_response_type",
}
"""How an issuer refuses in its redirect (RFC 6749, section 4.1.2.1; OpenID Connect). Other texts are not logged."""


@dataclass(frozen=True)
class SignIn:
    """The sign-in of pages at an issuer, as the public client `client_id`."""

    issuer: IssuerClient
    client_id: str

    @classmethod
    def from_settings(cls, settings: Settings) -> "SignIn | None":
        """Return the sign-in of a deployment, None if its issuer is that of the demo, which has no pages."""
        return cls(IssuerClient(settings), settings.sign_in_client) if settings.has_remote_issuer else None

    async def start(self, request: Request, target: str) -> RedirectResponse:
        """Return the redirect to the issuer, which comes back to `finish`. Raise a 404 or 503 problem."""
        attempt = Attempt(target=require_local_path(target))
        address = prepare_grant_uri(
            (await self._metadata()).authorization_endpoint,
            self.client_id,
            "code",
            _address(request, CALLBACK_PATH),
            "openid",
            attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),  # type: ignore[no-untyped-call]
            code_challenge_method="S256",
            ui_locales=language(request),
        )
        answer = RedirectResponse(address, status_code=303, headers={"cache-control": "no-store"})
        attempt.remember(request, answer)
        return answer

    async def finish(self, request: Request) -> RedirectResponse:
        """Return the redirect that begins the session of the person whom the issuer names. Raise a problem."""
        attempt, code = await self._answer_of_issuer(request)
        tokens = await self._tokens(request, attempt, code)
        await self._verify(request.app.state.identity, tokens, attempt.nonce)
        answer = begin_session(request, require_local_path(attempt.target), tokens["access_token"], tokens["id_token"])
        attempt.forget(answer)
        count_sign_in()
        return answer

    async def _answer_of_issuer(self, request: Request) -> tuple[Attempt, str]:
        """Return the attempt to which the issuer answers, and its code. Raise a problem without either."""
        query, attempt = request.query_params, Attempt.of(request)
        if attempt is None:
            raise failure(SignInOutcome.UNKNOWN_ATTEMPT)
        if "code" not in query:
            detail = query.get("error", "")
            raise failure(SignInOutcome.REFUSED_BY_ISSUER, detail if detail in ERRORS else "")
        # RFC 9207: another issuer's answer is not for this attempt.
        if query.get("iss", "") not in {"", (await self._metadata()).issuer}:
            raise failure(SignInOutcome.ANOTHER_ISSUER)
        return attempt, query["code"]

    async def sign_out(self, request: Request) -> RedirectResponse:
        """Return the redirect that ends the session here and at the issuer (OpenID Connect RP-Initiated Logout 1.0)."""
        try:
            address = (await self.issuer.metadata()).end_session_endpoint
        except IssuerUnreachable:
            address = ""
        if address:
            hint = request.cookies.get(ID_TOKEN_COOKIE)
            parameters = {"id_token_hint": hint} if hint else {}
            back = _address(request, "/")
            address = _with_query(address, client_id=self.client_id, post_logout_redirect_uri=back, **parameters)
        answer = RedirectResponse(address or "/", status_code=303)
        end_session(answer)
        return answer

    async def _tokens(self, request: Request, attempt: Attempt, code: str) -> dict[str, str]:
        grant = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": code,
            "code_verifier": attempt.verifier,
            "redirect_uri": _address(request, CALLBACK_PATH),
        }
        try:
            return await self.issuer.tokens(grant, "access_token", "id_token")
        except IssuerRefused as error:
            raise failure(SignInOutcome.CODE_REFUSED, error.code) from error
        except IssuerUnreachable as error:
            raise failure(SignInOutcome.ISSUER_UNREACHABLE, str(error), "issuer-unreachable") from error

    async def _verify(self, identity: Identity, tokens: dict[str, str], nonce: str) -> None:
        """Raise a problem unless both tokens are of this attempt and of one person, and fit into a cookie."""
        if max(map(len, tokens.values())) > MAX_TOKEN_LENGTH:
            raise failure(SignInOutcome.TOKEN_TOO_LONG, f"remove claims from the tokens of the client {self.client_id}")
        try:
            principal = await identity.verify(tokens["access_token"])
            claims = identity.claims(tokens["id_token"], self.client_id)
        except TokenRefused as refused:
            raise failure(SignInOutcome.TOKEN_REFUSED, str(refused), refused.slug) from refused
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise failure(SignInOutcome.NONCE_MISMATCH)
        if claims["sub"] != principal.subject:
            raise failure(SignInOutcome.SUBJECT_MISMATCH)

    async def _metadata(self) -> IssuerMetadata:
        try:
            return await self.issuer.metadata()
        except IssuerUnreachable as error:
            raise failure(SignInOutcome.ISSUER_UNREACHABLE, str(error), "issuer-unreachable") from error


def _with_query(address: str, **parameters: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"


def _address(request: Request, path: str) -> str:
    return f"{str(request.base_url).rstrip('/')}{path}"
