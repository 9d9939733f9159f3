"""Signs people in on pages: authorization code with PKCE at the issuer, the session in cookies, protected forms."""

from shared.web.sign_in.code_flow import SignIn
from shared.web.sign_in.forms import form_token, require_own_form
from shared.web.sign_in.session import SignedIn, signed_in

__all__ = ["SignIn", "SignedIn", "form_token", "require_own_form", "signed_in"]
