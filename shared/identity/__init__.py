"""Verifies bearer tokens by the keys of their issuer, and decides what their principal may do."""

from shared.identity.key_set import UnusableKeySet
from shared.identity.rights import RIGHTS, Action, Principal, Reach, Role, Scope, is_allowed
from shared.identity.verifier import Identity, TokenRefused

__all__ = [
    "RIGHTS",
    "Action",
    "Identity",
    "Principal",
    "Reach",
    "Role",
    "Scope",
    "TokenRefused",
    "UnusableKeySet",
    "is_allowed",
]
