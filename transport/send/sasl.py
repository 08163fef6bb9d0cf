"""Signing in to a smart host: which mechanism, and what is said in it. Source: RFC 4954, RFC 4616 (PLAIN), RFC 2195
(CRAM-MD5), RFC 7628 (OAUTHBEARER); LOGIN and XOAUTH2: Sending mail outward, section 1.1.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from enum import StrEnum

import msgspec

from transport.config.send_connector import SmartHostAuth
from transport.send import remote_reply


class Mechanism(StrEnum):
    """Those that we speak."""

    PLAIN = "PLAIN"
    LOGIN = "LOGIN"
    CRAM_MD5 = "CRAM-MD5"
    XOAUTH2 = "XOAUTH2"
    OAUTHBEARER = "OAUTHBEARER"

    @property
    def is_oauth(self) -> bool:
        return self in (Mechanism.XOAUTH2, Mechanism.OAUTHBEARER)


class Login(msgspec.Struct, frozen=True):
    """Who signs in, with a password or an access token; `host` and `port` as the client was told them."""

    user: str
    secret: str
    host: str = ""
    port: int = 0


class CannotSignIn(ValueError):
    """Not here, or not like this; the text says why."""


OVER_TLS = (Mechanism.PLAIN, Mechanism.LOGIN, Mechanism.CRAM_MD5)
IN_THE_CLEAR = (Mechanism.CRAM_MD5, Mechanism.PLAIN, Mechanism.LOGIN)
"""A password that an eavesdropper sees only a digest of goes before one that he reads."""
OAUTH = (Mechanism.OAUTHBEARER, Mechanism.XOAUTH2)
NOT_IN_THE_CLEAR = {
    SmartHostAuth.BasicAuthRequireTLS: "This connector signs in over TLS only",
    SmartHostAuth.OAuth: "A token is sent over TLS only",
}

Step = Callable[[bytes], bytes]
"""What answers a challenge."""


def choose(wanted: SmartHostAuth, offered: frozenset[str], secured: bool) -> Mechanism:
    """The mechanism for a connector's SmartHostAuthMechanism, of those that a host offers; `secured`: over TLS.

    Raises CannotSignIn: nothing secret was said yet.
    """
    if not secured and wanted in NOT_IN_THE_CLEAR:
        raise CannotSignIn(f"{NOT_IN_THE_CLEAR[wanted]}, and the connection is not encrypted")
    usable = OAUTH if wanted is SmartHostAuth.OAuth else OVER_TLS if secured else IN_THE_CLEAR
    found = next((each for each in usable if each in offered), None)
    if found is None:
        kinds = ", ".join(sorted(map(remote_reply.printable, offered))) or "no way to sign in"
        raise CannotSignIn(f"The host offers {kinds[:200]}, and this connector needs one of {', '.join(usable)}")
    return found


def steps(mechanism: Mechanism, login: Login) -> list[Step]:
    """The answers to one challenge after the other; whoever is asked for more has not been understood.

    The last one of OAuth answers the words of a refusal, which then follows.
    """
    user, secret = login.user.encode(), login.secret.encode()
    match mechanism:
        case Mechanism.PLAIN:
            return [lambda _: b"\0" + user + b"\0" + secret]
        case Mechanism.LOGIN:
            return [lambda _: user, lambda _: secret]
        case Mechanism.CRAM_MD5:
            return [lambda challenge: user + b" " + hmac.new(secret, challenge, "md5").hexdigest().encode()]
        case Mechanism.XOAUTH2:
            return [lambda _: xoauth2(login), lambda _: b""]
        case Mechanism.OAUTHBEARER:
            return [lambda _: oauthbearer(login), lambda _: b"\x01"]


def xoauth2(login: Login) -> bytes:
    return f"user={login.user}\x01auth=Bearer {login.secret}\x01\x01".encode()


def oauthbearer(login: Login) -> bytes:
    """RFC 7628 §3.1, the name as RFC 5801 §4 writes it."""
    user = login.user.replace("=", "=3D").replace(",", "=2C")
    where = f"host={login.host}\x01port={login.port}\x01"
    return f"n,a={user},\x01{where}auth=Bearer {login.secret}\x01\x01".encode()


def refusal(challenge: bytes) -> str:
    """What a host says of a token that it does not take, on one line: `invalid_token, scope https://mail.google.com/`.

    RFC 7628 §3.2.2. Empty when it is no such thing.
    """
    try:
        said = json.loads(challenge)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(said, dict):
        return ""
    named = [("", "status"), ("scope ", "scope")]
    words = [f"{title}{said[key]}" for title, key in named if isinstance(said.get(key), str) and said[key]]
    return remote_reply.printable(", ".join(words))[:200]
