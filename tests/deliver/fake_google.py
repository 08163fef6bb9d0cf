"""A Gmail and its token endpoint on localhost. Source: Sending mail outward, sections 1.1 and 1.7."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.deliver.fake_provider import Provider, Session

MAILBOX, APP_PASSWORD = "device@contoso.com", "abcd efgh ijkl mnop"
SCOPE = "https://mail.google.com/"
SERVICE_ACCOUNT = "gateway@project.iam.gserviceaccount.com"
CLIENT, CLIENT_SECRET, REFRESH_TOKEN = "client.apps.googleusercontent.com", "GOCSPX-secret", "1//refresh"
AUDIENCE = "https://oauth2.googleapis.com/token"
BAD = "535 5.7.8 Username and Password not accepted. For more information, go to 5.7.8 https://support.google.com/mail"
DAILY = "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to 5.4.5"


class Google(Provider):
    """`key`: of the service account. `per_day`: messages of a mailbox."""

    greeting = "220 smtp.gmail.test ESMTP - gsmtp"
    mechanisms = ("LOGIN", "PLAIN", "XOAUTH2", "OAUTHBEARER")
    explains = {"status": "invalid_token", "schemes": "bearer", "scope": SCOPE}

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.accounts = {MAILBOX: APP_PASSWORD}
        self.key = rsa.generate_private_key(65537, 2048)
        self.refresh_tokens = {REFRESH_TOKEN}
        self.delegated = True
        self.per_day = 2_000

    @property
    def key_file(self) -> str:
        """As Google gives it, with an endpoint of somebody else's."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "client_email": SERVICE_ACCOUNT,
                "private_key_id": "k1",
                "private_key": pem.decode(),
                "token_uri": "https://somebody.else.test/token",
            }
        )

    def sign_in(self, session: Session, mechanism: str, user: str, secret: str) -> str:
        if mechanism in ("LOGIN", "PLAIN"):
            return "" if self.accounts.get(user) == secret else BAD
        held = self.knows(secret)
        return "" if held and held.whose == user else BAD

    def end_of_data(self, session: Session, content: bytes) -> str:
        with self.lock:
            mine = sum(each.account == session.account for each in self.messages)
        return DAILY if mine >= self.per_day else ""

    def grant(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if asked.get("grant_type") == "refresh_token":
            good = asked.get("client_id") == CLIENT and asked.get("client_secret") == CLIENT_SECRET
            if not good or asked.get("refresh_token") not in self.refresh_tokens:
                return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            return self._granted(MAILBOX)
        return self._for_assertion(asked)

    def _for_assertion(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        try:
            said = jwt.decode(asked.get("assertion", ""), self.key.public_key(), ["RS256"], audience=AUDIENCE)
        except jwt.InvalidTokenError as error:
            return 400, {"error": "invalid_grant", "error_description": f"Invalid JWT Signature. {error}"}
        if said.get("scope") != SCOPE or not self.delegated:
            words = "Client is unauthorized to retrieve access tokens using this method, or client not authorized"
            return 401, {"error": "unauthorized_client", "error_description": words}
        return self._granted(said["sub"])

    def _granted(self, whose: str) -> tuple[int, dict[str, Any]]:
        return 200, {"token_type": "Bearer", "expires_in": self.life, "access_token": self.new_token(whose)}
