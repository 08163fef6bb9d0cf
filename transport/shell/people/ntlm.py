"""The NTLM acceptor (MS-NLMP), by pyspnego, fed with the NT hash of one user at a time.

pyspnego reads hashes from the file that the environment names. Ours lies in memory (memfd_create(2)): no other user can
open it, nothing of it reaches a disk, and it is emptied again after each try. One try at a time uses it. Only NTLMv2.
"""

import encodings.cp1252
import encodings.utf_16_le  # noqa: F401 (used by name, when root and perhaps Python's files are out of reach)
import hashlib
import os
import re
import struct
import threading

import cryptography.hazmat.backends.openssl.backend  # noqa: F401 (pyspnego asks for it as late)
import spnego
from spnego import NegotiateOptions
from spnego.channel_bindings import GssChannelBindings

SIGNATURE = b"NTLMSSP\0"
NEGOTIATE, AUTHENTICATE = 1, 3
UNICODE = 0x00000001
CHANNEL_BINDINGS = 10
RESPONSE_BEFORE_PAIRS = 16 + 28
"""Octets of an NTLMv2 response before its AV_PAIRs: the proof, and the head of the client's challenge."""
FLAGS_OF_CHALLENGE, FLAGS_OF_AUTHENTICATE = 20, 60
_SAFE = re.compile(r"[A-Za-z0-9._@ -]*")


def message_type(token: bytes) -> int:
    """1 for NEGOTIATE, 3 for AUTHENTICATE (MS-NLMP §2.2.1); 0 for what is no message of NTLM."""
    if len(token) < 12 or not token.startswith(SIGNATURE):
        return 0
    return int(struct.unpack_from("<I", token, 8)[0])


class Exchange:
    """What was negotiated, and what the client's last message says under it."""

    def __init__(self, context: spnego.ContextProxy, challenge: bytes) -> None:
        self.context, self.challenge = context, challenge
        self._negotiated = _flags(challenge, FLAGS_OF_CHALLENGE) & UNICODE

    def read(self, token: bytes) -> tuple[bytes, str, str]:
        """An AUTHENTICATE message (MS-NLMP §2.2.1.3) with its domain and user. Raises ValueError.

        The names are in the encoding that was negotiated, whatever the flags of this message say: JavaMail sends none.
        The message is given back with the flag of that encoding. A client that keeps to its own flags is read too.
        """
        if len(token) < 64:
            raise ValueError("too short")
        said = _flags(token, FLAGS_OF_AUTHENTICATE)
        for encoding in (self._negotiated, said & UNICODE):
            names = _names(token, encoding)
            if names is not None:
                flags = struct.pack("<I", said & ~UNICODE | encoding)
                return token[:FLAGS_OF_AUTHENTICATE] + flags + token[FLAGS_OF_AUTHENTICATE + 4 :], *names
        raise ValueError("no names here")


def _flags(token: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", token, at)[0])


def _names(token: bytes, unicode: int) -> tuple[str, str] | None:
    """Domain and user, or None when they cannot be meant so."""
    try:
        domain, user = (_field(token, at).decode("utf-16-le" if unicode else "ascii") for at in (28, 36))
    except UnicodeDecodeError:
        return None
    return (domain, user) if (domain + user).isprintable() else None


def is_bound(token: bytes, channel: bytes, required: bool) -> bool:
    """Whether an AUTHENTICATE message was made for the TLS connection of this binding (RFC 5929; none: it matters not).

    A client that knows no bindings sends none, or zeros (MS-NLMP §2.2.2.1, MsvAvChannelBindings); with `required` that
    is not enough. Raises ValueError. What the message says is worth something once the message is found to be right.
    """
    if not channel:
        return not required
    said = _pairs(_field(token, 20)[RESPONSE_BEFORE_PAIRS:]).get(CHANNEL_BINDINGS, b"")
    if not said.strip(b"\0"):
        return not required
    return said == hashlib.md5(GssChannelBindings(application_data=channel).pack()).digest()


def _pairs(octets: bytes) -> dict[int, bytes]:
    """The AV_PAIRs of an NTLMv2 response (MS-NLMP §2.2.2.1)."""
    found, place = {}, 0
    while place + 4 <= len(octets):
        kind, length = struct.unpack_from("<HH", octets, place)
        if not kind:
            break
        found[kind] = octets[place + 4 : place + 4 + length]
        place += 4 + length
    return found


def _field(token: bytes, at: int) -> bytes:
    """Raises ValueError for one that lies outside."""
    length, _, offset = struct.unpack_from("<HHI", token, at)
    if length and offset + length > len(token):
        raise ValueError("a field lies outside of the message")
    return token[offset : offset + length]


class NtlmAcceptor:
    """One for a process: pyspnego takes the place of its file from the environment. For any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._file = os.memfd_create("ntlm", os.MFD_CLOEXEC)
        os.fchmod(self._file, 0o600)
        os.environ["NTLM_USER_FILE"] = f"/proc/self/fd/{self._file}"
        os.environ["LM_COMPAT_LEVEL"] = "5"

    def begin(self, token: bytes) -> Exchange | None:
        """An exchange and its challenge to a NEGOTIATE message, None for a message that cannot be read."""
        try:
            context = spnego.server(protocol="ntlm", options=NegotiateOptions.use_ntlm)
            challenge = context.step(token)
        except Exception:  # the library has no list of what a malformed message makes it raise
            return None
        return Exchange(context, challenge) if challenge else None

    def is_right(self, exchange: Exchange, token: bytes, nt_hash: bytes) -> bool:
        """Whether an AUTHENTICATE message, as `Exchange.read` gives it, proves knowledge of the hash."""
        _, domain, user = exchange.read(token)
        if not user or not _SAFE.fullmatch(domain) or not _SAFE.fullmatch(user):
            return False
        name = f"{domain}\\{user}" if domain else user
        line = f"{name}:0:{'0' * 32}:{nt_hash.hex().upper()}:[U]:LCT-0\n"
        with self._turn:
            os.pwrite(self._file, line.encode("ascii"), 0)
            try:
                exchange.context.step(token)
            except Exception:  # as above: what cannot be read proves nothing
                return False
            finally:
                os.ftruncate(self._file, 0)
        return bool(exchange.context.complete)
