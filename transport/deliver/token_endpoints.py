"""Access tokens of Microsoft 365 and Google, for mail. Source: Sending mail outward, sections 1.3 and 1.7.

Microsoft's come from the v2 endpoint: SMTP refuses those of the first one. Of Google's scopes only the widest one sends
mail over SMTP. The libraries are loaded where a connector needs them: a worker is twice as large with them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlencode

from transport.config import bounds
from transport.config.credential import Account, CredentialKind
from transport.deliver.https import Client, NoAnswer
from transport.send.remote_reply import printable

MICROSOFT_SCOPE, GOOGLE_SCOPE = "https://outlook.office365.com/.default", "https://mail.google.com/"
PERSONS_SCOPE = "https://outlook.office.com/SMTP.Send"
LONGEST_TOKEN = 16_384
LEAST_LIFE, MOST_LIFE = 60, 86_400
"""Seconds that a token is taken to live, whatever its endpoint says."""


Found = TypeVar("Found")


class NoToken(Exception):
    """None was granted; the text says why. `passes`: it may be otherwise in a minute."""

    def __init__(self, words: str, passes: bool = False) -> None:
        super().__init__(words)
        self.passes = passes


@dataclass(frozen=True)
class Granted:
    """An access token, and for how many seconds it is good. `refresh_token`: with which the next one is asked for."""

    token: str
    seconds: float
    refresh_token: str = ""


@dataclass(frozen=True)
class Endpoints:
    """Where tokens come from; others only in tests."""

    microsoft: str = "https://login.microsoftonline.com"
    google: str = "https://oauth2.googleapis.com/token"


endpoints = Endpoints()


def _asked(ask: Callable[[Client], Found]) -> Found:
    """What an endpoint says. Raises NoToken."""
    try:
        return ask(Client(bounds.TOKEN_ANSWERS))
    except NoToken:
        raise
    except NoAnswer as error:
        raise NoToken(_words(error), passes=True) from None
    except Exception as error:
        # Both libraries answer what they do not expect with whatever Python raises of it.
        raise NoToken(f"the endpoint's answer cannot be read ({type(error).__name__})") from None


def grant(account: Account) -> Granted:
    """A new token for an account. Raises NoToken."""
    found = _asked(lambda client: _WAYS[account.kind](account, client))
    if not found.token.isascii() or not found.token.isprintable() or " " in found.token:
        raise NoToken("the endpoint's answer holds no token that could be sent")
    if not 0 < len(found.token) <= LONGEST_TOKEN:
        raise NoToken(f"the endpoint's answer holds no token of up to {LONGEST_TOKEN:,} characters")
    return replace(found, seconds=min(max(found.seconds, LEAST_LIFE), MOST_LIFE))


def begin(account: Account) -> dict[str, Any]:
    """A code for a person to sign in with, at an address: `user_code`, `verification_uri`, and what `finish` needs.

    RFC 8628 §3.2. Raises NoToken.
    """
    said = _asked(lambda client: dict(_person(account, client).initiate_device_flow([PERSONS_SCOPE])))
    code, where = said.get("user_code"), said.get("verification_uri")
    if not isinstance(code, str) or not isinstance(where, str):
        raise NoToken(_refusal(said))
    if not (code + where).isprintable() or not where.startswith("https://"):
        raise NoToken("the endpoint's answer holds no code that could be shown")
    return said


def finish(account: Account, begun: dict[str, Any]) -> str:
    """The refresh token of a person who has signed in. Raises NoToken, which passes while nobody has."""
    said = _asked(lambda client: _person(account, client).acquire_token_by_device_flow(begun, exit_condition=bool))
    if isinstance(said.get("refresh_token"), str) and 0 < len(said["refresh_token"]) <= LONGEST_TOKEN:
        return str(said["refresh_token"])
    raise NoToken(_refusal(said), passes=said.get("error") in ("authorization_pending", "slow_down"))


def _words(error: Exception) -> str:
    """Of Google's errors the first argument is for people: `unauthorized_client: …`."""
    return printable(str(error.args[0] if error.args else error))[:300] or type(error).__name__


def _refusal(said: Mapping[str, Any]) -> str:
    return printable(f"{said.get('error')}: {said.get('error_description')}")[:300]


def _microsoft(account: Account, client: Client) -> Granted:
    import msal

    authority = f"{endpoints.microsoft}/{account.tenant}"
    application = msal.ConfidentialClientApplication(
        account.client_id, client_credential=_proof(account), authority=authority, http_client=_ForMsal(client),
        instance_discovery=False,
    )  # fmt: skip
    said = application.acquire_token_for_client([MICROSOFT_SCOPE])
    if "access_token" not in said:
        raise NoToken(_refusal(said))
    return Granted(str(said["access_token"]), float(said["expires_in"]))


def _person(account: Account, client: Client) -> Any:
    import msal

    authority = f"{endpoints.microsoft}/{account.tenant}"
    return msal.PublicClientApplication(
        account.client_id, authority=authority, http_client=_ForMsal(client), instance_discovery=False
    )


def _microsoft_person(account: Account, client: Client) -> Granted:
    """Every answer may bring another refresh token: the one before ends."""
    if not account.secrets.refresh_token:
        raise NoToken("nobody has signed in for it yet: open the credential, and sign in")
    said = _person(account, client).acquire_token_by_refresh_token(account.secrets.refresh_token, [PERSONS_SCOPE])
    if "access_token" not in said:
        raise NoToken(_refusal(said))
    return Granted(str(said["access_token"]), float(said["expires_in"]), str(said.get("refresh_token") or ""))


def _proof(account: Account) -> str | dict[str, str]:
    """A client secret, or a certificate with its key."""
    secrets = account.secrets
    if not secrets.certificate:
        return secrets.client_secret
    return {"private_key": secrets.key, "public_certificate": secrets.certificate}


class _ForMsal:
    """The HTTP client that MSAL asks for."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> Any:
        body = data if isinstance(data, bytes) else urlencode(data or {}).encode()
        named = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self._answer("POST", url, params, body, named)

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> Any:
        return self._answer("GET", url, params, None, headers or {})

    def _answer(self, method: str, url: str, params: Any, body: bytes | None, headers: Mapping[str, str]) -> Any:
        said = self._client.ask(method, f"{url}?{urlencode(params)}" if params else url, body, headers)
        if said.status >= 500:
            raise NoAnswer(f"the endpoint answered {said.status}")
        text = said.body.decode("utf-8", "replace")
        return SimpleNamespace(status_code=said.status, text=text, headers=said.headers)

    def close(self) -> None:
        """Nothing is kept open."""


def _service_account(account: Account, client: Client) -> Granted:
    """The key's file names an endpoint too: it is not asked, or whoever hands one in chooses whom we speak to."""
    from google.oauth2 import service_account as google_service

    named = {**json.loads(account.secrets.key_file), "token_uri": endpoints.google}
    found = google_service.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
        named, scopes=[GOOGLE_SCOPE], subject=account.user_name
    )
    return _refreshed(found, client)


def _refresh_token(account: Account, client: Client) -> Granted:
    from google.oauth2 import credentials as google_user

    secrets = account.secrets
    found = google_user.Credentials(  # type: ignore[no-untyped-call]
        None, refresh_token=secrets.refresh_token, token_uri=endpoints.google, client_id=account.client_id,
        client_secret=secrets.client_secret,
    )  # fmt: skip
    return _refreshed(found, client)


def _refreshed(credentials: Any, client: Client) -> Granted:
    from google.auth.exceptions import GoogleAuthError

    def request(url: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> Any:
        said = client.ask(method, url, body, headers or {})
        return SimpleNamespace(status=said.status, headers=said.headers, data=said.body)

    try:
        credentials.refresh(request)
    except GoogleAuthError as error:
        raise NoToken(_words(error), passes=error.retryable) from None
    life = (credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()
    return Granted(str(credentials.token), life)


_WAYS: dict[CredentialKind, Callable[[Account, Client], Granted]] = {
    CredentialKind.Microsoft365: _microsoft,
    CredentialKind.Microsoft365Person: _microsoft_person,
    CredentialKind.GoogleServiceAccount: _service_account,
    CredentialKind.GoogleRefreshToken: _refresh_token,
}
