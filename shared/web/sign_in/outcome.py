"""Says how attempts to sign in end: a log line for each failure, and a count by outcome. Neither names a person."""

from enum import StrEnum

import structlog
from prometheus_client import Counter

from shared.web.problem import Problem

SIGN_INS = Counter("piket_sign_ins_total", "Attempts to sign in at the issuer, by how they ended", ("outcome",))

log = structlog.get_logger()


class SignInOutcome(StrEnum):
    """How an attempt ended: with a session, or why not. A code for logs and metrics."""

    SIGNED_IN = "signed_in"
    UNKNOWN_ATTEMPT = "unknown_attempt"
    """This browser began no such attempt, or too long ago."""
    REFUSED_BY_ISSUER = "refused_by_issuer"
    """The issuer sent the person back without a code."""
    ANOTHER_ISSUER = "another_issuer"
    CODE_REFUSED = "code_refused"
    """The issuer gave no tokens for the code and the secret of PKCE."""
    ISSUER_UNREACHABLE = "issuer_unreachable"
    TOKEN_TOO_LONG = "token_too_long"  # noqa: S105 - a name
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a name
    NONCE_MISMATCH = "nonce_mismatch"
    SUBJECT_MISMATCH = "subject_mismatch"
    """The two tokens are of different people."""


for _outcome in SignInOutcome:
    SIGN_INS.labels(_outcome)  # at 0 from the start, so that the first failure is an increase


def failure(outcome: SignInOutcome, detail: str = "", problem: str = "sign-in-failed") -> Problem:
    """Log and count an attempt that failed, and return the problem to raise.

    `detail` must hold no secret and nothing about the person. What the browser sent is never part of it.
    """
    log.warning("Sign-in failed", reason=outcome.value, detail=detail)
    SIGN_INS.labels(outcome).inc()
    return Problem(problem)


def count_sign_in() -> None:
    """Count an attempt that ended with a session."""
    SIGN_INS.labels(SignInOutcome.SIGNED_IN).inc()
