"""A Microsoft 365 on localhost: client submission with its limits and replies, and Entra's token endpoints.

Source: Sending mail outward, sections 1.1 to 1.6.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509

from tests.deliver.fake_provider import Provider, Session

TENANT, APPLICATION, CLIENT_SECRET = "contoso.onmicrosoft.com", "11111111-2222-3333-4444-555555555555", "app~secret"
MAILBOX, PASSWORD = "device@contoso.com", "winter-rain-on-tin"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
PERSONS_SCOPE = "https://outlook.office.com/SMTP.Send"
SCOPE = "https://outlook.office365.com/.default"
HOST = "[AM0PR01CA0001.eurprd01.prod.exchangelabs.com]"
BAD = f"535 5.7.3 Authentication unsuccessful {HOST}"
OFF_FOR_TENANT = (
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit "
    f"https://aka.ms/smtp_auth_disabled for more information. {HOST}"
)
OFF_FOR_MAILBOX = OFF_FOR_TENANT.replace("Tenant", "Mailbox")
SECURITY_DEFAULTS = (
    "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. "
    f"Contact your administrator. {HOST}"
)
NO_BASIC = "550 5.7.30 Basic authentication is not supported for Client Submission."
SEND_AS = "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
TOO_MANY = f"432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending {HOST}"
TOO_FAST = f"432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded {HOST}"
QUOTA = "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message"


class Microsoft365(Provider):
    """`gate`: what every sign-in is answered; `send_as`: further senders of the mailbox; limits for each mailbox, a
    minute lasting `minute` seconds. `person`: what somebody with a device code has done: "signed in", or the error.
    `certificate`: PEM, by which the application may prove itself."""

    greeting = f"220 {HOST[1:-1]} Microsoft ESMTP MAIL Service ready"
    mechanisms = ("LOGIN", "XOAUTH2")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.accounts = {MAILBOX: PASSWORD}
        self.send_as: set[str] = set()
        self.gate, self.basic = "", True
        self.certificate = ""
        self.person, self.refreshed = "authorization_pending", 0
        self.connections, self.per_minute, self.recipients_per_day, self.minute = 3, 30, 10_000, 60.0
        self._lately: dict[str, deque[float]] = defaultdict(deque)
        self._recipients: dict[str, int] = defaultdict(int)

    def sign_in(self, session: Session, mechanism: str, user: str, secret: str) -> str:
        if self.gate:
            return self.gate
        if mechanism == "LOGIN":
            if not self.basic:
                return NO_BASIC
            return "" if self.accounts.get(user) == secret else BAD
        held = self.knows(secret)
        return "" if held and held.whose in (APPLICATION, user) and user in self.accounts else BAD

    def mail(self, session: Session, sender: str) -> str:
        if refusal := super().mail(session, sender):
            return refusal
        with self.lock:
            mine = [each for each in self.sessions if each.account == session.account]
        if len(mine) > self.connections:
            return TOO_MANY
        return "" if sender in {session.account, *self.send_as} else SEND_AS

    def end_of_data(self, session: Session, content: bytes) -> str:
        with self.lock:
            lately, now = self._lately[session.account], time.monotonic()
            while lately and lately[0] <= now - self.minute:
                lately.popleft()
            if len(lately) >= self.per_minute:
                return TOO_FAST
            if self._recipients[session.account] + len(session.recipients) > self.recipients_per_day:
                return QUOTA
            lately.append(now)
            self._recipients[session.account] += len(session.recipients)
        return ""

    def page(self, path: str) -> dict[str, Any] | None:
        if not path.startswith(f"/{TENANT}/v2.0/.well-known/openid-configuration"):
            return None
        base = f"{self.url}/{TENANT}"
        return {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        }

    def grant(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == f"/{TENANT}/oauth2/token":
            return self._granted(works=False)
        if path == f"/{TENANT}/oauth2/v2.0/devicecode":
            return self._code(asked)
        if asked.get("grant_type") in (DEVICE_CODE, "refresh_token"):
            return self._for_person(asked)
        if path != f"/{TENANT}/oauth2/v2.0/token" or asked.get("grant_type") != "client_credentials":
            return _error(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        if asked.get("scope") != SCOPE:
            return _error(400, "invalid_scope", "AADSTS70011: The provided value for the input parameter 'scope' is")
        if asked.get("client_id") != APPLICATION or not self._is_proven(asked):
            return _error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        return self._granted()

    def _code(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if asked.get("client_id") != APPLICATION or PERSONS_SCOPE not in asked.get("scope", "").split():
            return _error(400, "invalid_request", "AADSTS90013: Invalid input received from the user.")
        where = "https://microsoft.com/devicelogin"
        said = {"user_code": "A1B2C3D4", "device_code": "device-code", "verification_uri": where}
        return 200, said | {"expires_in": 900, "interval": 5, "message": f"open {where}"}

    def _for_person(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Each refresh token is good once."""
        if asked["grant_type"] == "refresh_token":
            if asked.get("refresh_token") != f"refresh-{self.refreshed}":
                return _error(400, "invalid_grant", "AADSTS70008: The refresh token has expired.")
        elif asked.get("device_code") != "device-code" or self.person != "signed in":
            return _error(400, self.person, "AADSTS70016: OAuth 2.0 device flow error.")
        self.refreshed += 1
        status, said = self._granted()
        self.grants[said["access_token"]].whose = MAILBOX
        return status, said | {"refresh_token": f"refresh-{self.refreshed}"}

    def _is_proven(self, asked: dict[str, str]) -> bool:
        if "client_assertion" not in asked:
            return asked.get("client_secret") == CLIENT_SECRET
        key = x509.load_pem_x509_certificate(self.certificate.encode()).public_key()
        audience = f"{self.url}/{TENANT}/oauth2/v2.0/token"
        try:
            said = jwt.decode(asked["client_assertion"], key, ["PS256", "RS256"], audience=audience)  # type: ignore
        except jwt.InvalidTokenError:
            return False
        return bool(said["sub"] == APPLICATION)

    def _granted(self, works: bool = True) -> tuple[int, dict[str, Any]]:
        token = self.new_token(APPLICATION, works)
        return 200, {"token_type": "Bearer", "expires_in": self.life, "access_token": token}


def _error(status: int, error: str, words: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": error, "error_description": words}
