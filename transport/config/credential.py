"""What a connector signs in to smart hosts with. A revision knows a credential by its name alone: secrets stand in a
table of their own, encrypted, and only delivery opens them (Sending mail outward, section 1.3).
"""

from __future__ import annotations

import msgspec

from transport.config.labelled import Labelled
from transport.config.send_connector import SmartHostAuth


class CredentialKind(Labelled):
    """Which secret it is, and so how it is proven."""

    Password = "Password", "User name and password"
    Microsoft365 = "Microsoft365", "Microsoft 365, as an application (OAuth)"
    Microsoft365Person = "Microsoft365Person", "Microsoft 365, as a person who signs in once (OAuth)"
    GoogleServiceAccount = "GoogleServiceAccount", "Google, as a service account (OAuth)"
    GoogleRefreshToken = "GoogleRefreshToken", "Google, by a refresh token (OAuth)"

    @property
    def issuer(self) -> str:
        """Whose tokens it gets; empty for a password, which anybody may take."""
        return next((each for each in ("Microsoft", "Google") if self.value.startswith(each)), "")

    @property
    def is_oauth(self) -> bool:
        """Whether a token is fetched with it that lives for a while."""
        return bool(self.issuer)


class Secrets(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is kept encrypted; which of it is there follows from the kind. `certificate` and `key` in PEM; `key_file`:
    the JSON that Google gives for a service account.
    """

    password: str = ""
    client_secret: str = ""
    certificate: str = ""
    key: str = ""
    refresh_token: str = ""
    key_file: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A credential as delivery uses it: `user_name` is the mailbox, `tenant` and `client_id` the application's;
    `sealed` is what the secrets were opened from.
    """

    id: int
    name: str
    kind: CredentialKind
    user_name: str
    tenant: str = ""
    client_id: str = ""
    secrets: Secrets = Secrets()
    sealed: str = ""


BASIC = (SmartHostAuth.BasicAuth, SmartHostAuth.BasicAuthRequireTLS)


def fits(kind: CredentialKind, mechanism: SmartHostAuth) -> bool:
    """Whether a connector with this authentication can use a credential of this kind."""
    return mechanism is SmartHostAuth.OAuth if kind.is_oauth else mechanism in BASIC
