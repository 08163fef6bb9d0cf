"""The Kerberos acceptor: the SASL mechanism GSSAPI (RFC 4752) without a security layer, by MIT's library.

The library is an optional extra (`pip install 'pyspnego[kerberos]'`). The keys lie in memory (memfd_create(2)): nobody
else can open them, and nothing of them reaches a disk in the clear.
"""

import importlib
import os
import weakref
from contextlib import suppress
from enum import Enum, auto
from typing import Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken

from transport.config.keytab import merged
from transport.config.receive_connector import AuthMechanism
from transport.config.snapshot import Snapshot

NOT_INSTALLED = "Kerberos is not installed here (pip install 'pyspnego[kerberos]')."
NO_LAYER = b"\x01\x00\x00\x00"
"""We offer no security layer, and so no size of a buffer: RFC 4752 §3.3."""
KERBEROS, SPNEGO = "1.2.840.113554.1.2.2", "1.3.6.1.5.5.2"
"""RFC 1964 §1; RFC 4178 §3.1, in which Windows wraps Kerberos."""

gssapi: Any = None
with suppress(ImportError):  # without the extra, or without the system's library behind it
    gssapi = importlib.import_module("gssapi")


class NotBoundError(Exception):
    """The client's sign-in was not made for this TLS connection."""


class TicketError(Exception):
    """The client's ticket does not count: too old, for other keys, of a clock that is wrong."""


class Proved(NamedTuple):
    """The client's principal (`anna@CONTOSO.COM`), and as whom it wants to act, if it says so."""

    principal: str
    act_as: str


class Acceptor:
    """The keys of this installation. For any thread."""

    def __init__(self, keytab: bytes) -> None:
        """`keytab` as a file has it. Raises ValueError when it cannot be used."""
        file = os.memfd_create("keytab", os.MFD_CLOEXEC)
        weakref.finalize(self, os.close, file)
        os.fchmod(file, 0o600)
        os.write(file, keytab)
        mechanisms = [gssapi.OID.from_int_seq(oid) for oid in (KERBEROS, SPNEGO)]
        store = {"keytab": f"FILE:/proc/self/fd/{file}"}
        try:
            self.credentials: Any = gssapi.Credentials(usage="accept", mechs=mechanisms, store=store)
        except gssapi.exceptions.GSSError as error:
            raise ValueError(str(error)) from None


class Stage(Enum):
    """What the client's next message is."""

    TOKEN = auto()
    NOTHING = auto()
    LAYER = auto()


class Exchange:
    """One client's sign-in. For any thread, one at a time."""

    def __init__(self, acceptor: Acceptor, channel: bytes = b"", required: bool = False) -> None:
        """`channel` is the TLS connection's binding (RFC 5929); `required`: a client must know it."""
        self._acceptor, self._required = acceptor, required
        bindings = gssapi.raw.ChannelBindings(application_data=channel) if channel else None
        self._context: Any = gssapi.SecurityContext(
            creds=acceptor.credentials, usage="accept", channel_bindings=bindings
        )
        self._stage = Stage.TOKEN

    def step(self, message: bytes) -> bytes | Proved:
        """What to answer, or who it is.

        Raises NotBoundError, TicketError, and ValueError for a message that is none of Kerberos, or asks for a security
        layer.
        """
        try:
            match self._stage:
                case Stage.TOKEN:
                    return self._accept(message)
                case Stage.NOTHING if not message:
                    return self._offer()
                case Stage.LAYER:
                    return self._choice(message)
        except gssapi.exceptions.BadChannelBindingsError:
            raise NotBoundError from None
        except (gssapi.exceptions.InvalidTokenError, gssapi.exceptions.BadMechanismError) as error:
            raise ValueError(str(error)) from None
        except gssapi.exceptions.GSSError as error:
            raise TicketError(str(error)) from None
        raise ValueError("an answer was due that has nothing in it")

    def _accept(self, token: bytes) -> bytes:
        if not token:
            raise ValueError("the token is empty")
        answer: bytes | None = self._context.step(token)
        if not self._context.complete:
            return answer or b""
        if self._required and not self._context.actual_flags & gssapi.RequirementFlag.channel_bound:
            raise NotBoundError
        self._stage = Stage.NOTHING
        return answer or self._offer()

    def _offer(self) -> bytes:
        self._stage = Stage.LAYER
        return bytes(self._context.wrap(NO_LAYER, False).message)

    def _choice(self, message: bytes) -> Proved:
        chosen = bytes(self._context.unwrap(message).message)
        if len(chosen) < 4 or chosen[0] != NO_LAYER[0] or b"\0" in chosen[4:]:
            raise ValueError("the client asks for a security layer, or its name holds a NUL")
        return Proved(str(self._context.initiator_name), chosen[4:].decode())


class Kerberos:
    """What a revision says of Kerberos, ready to serve; `problem` is why it cannot be offered, if it should be."""

    def __init__(self, snapshot: Snapshot, secret: bytes) -> None:
        self.acceptor: Acceptor | None = None
        self.problem = ""
        self.realms = frozenset(key.realm.casefold() for keytab in snapshot.keytabs for key in keytab.keys)
        wanted = any(
            one.enabled and one.enable_auth_gssapi and AuthMechanism.Integrated in one.auth_mechanism
            for one in snapshot.receive_connectors
        )
        try:
            if snapshot.keytabs and gssapi is not None:
                decrypt = Fernet(secret).decrypt
                self.acceptor = Acceptor(merged(decrypt(each.encrypted) for each in snapshot.keytabs))
            elif wanted:
                self.problem = f"Kerberos is not offered. {'There is no keytab.' if gssapi else NOT_INSTALLED}"
        except InvalidToken:
            self.problem = "Kerberos is not offered: a keytab cannot be decrypted with this installation's secret."
        except (ValueError, OSError) as error:
            self.problem = f"Kerberos is not offered: {error}"
