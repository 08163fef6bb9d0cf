"""A connection to a host, protected as it must be: as well as the host can where nothing is demanded, and not at all
where it cannot do what is. Source: Sending mail outward, section 2.2.
"""

import ssl
from collections.abc import Callable
from typing import Protocol, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from transport.deliver.client_contexts import context
from transport.deliver.remembered import BROKEN, UNTRUSTED
from transport.deliver.smtp_connection import Lost
from transport.send import certificate_names, dane, tls_results
from transport.send.hosts import Host
from transport.send.tls_policy import Demand, Encryption
from transport.send.tls_results import Result


class NoTls(Exception):
    """TLS does not work with a host that offers it; the text says why."""


class Unprotected(Lost):
    """The host cannot do what is demanded of it, and gets nothing."""

    def __init__(self, words: str, demand: Demand | None, result: Result) -> None:
        super().__init__(f"{words}; {demand.who} demands more" if demand and demand.who else words)
        self.result = result


class Protection(Protocol):
    """What TLS with each host of a next hop must be, and who counts how it was."""

    def of(self, host: Host) -> Demand: ...
    def count(self, host: Host, demand: Demand, result: Result, words: str) -> None: ...

    @property
    def at_least(self) -> "Protection":
        """Without what the recipients' domain publishes."""
        ...


class Only:
    """The same of every host; nobody counts."""

    def __init__(self, demand: Demand) -> None:
        self._demand = demand

    def of(self, host: Host) -> Demand:
        return self._demand

    def count(self, host: Host, demand: Demand, result: Result, words: str) -> None: ...

    @property
    def at_least(self) -> Protection:
        return self


class Uncounted:
    """What another one demands; nobody counts."""

    def __init__(self, protection: Protection) -> None:
        self._protection = protection

    def of(self, host: Host) -> Demand:
        return self._protection.of(host)

    def count(self, host: Host, demand: Demand, result: Result, words: str) -> None: ...

    @property
    def at_least(self) -> Protection:
        return self._protection.at_least


UNDEMANDING = Only(Demand())
"""TLS where it is offered."""


class Securable(Protocol):
    """What is needed of a client here."""

    protection: str

    @property
    def offers_tls(self) -> bool: ...
    @property
    def tls(self) -> str:
        """Version and cipher; empty in the clear."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """For which its verified certificate speaks."""
        ...

    @property
    def certificate(self) -> bytes:
        """Its own certificate (DER), verified or not; empty when it has shown none."""
        ...

    @property
    def chain(self) -> tuple[bytes, ...]:
        """What it showed (DER); empty where Python does not tell."""
        ...

    def start_tls(self, made: ssl.SSLContext) -> None:
        """Raises NoTls when only TLS is to blame, with ssl.SSLCertVerificationError as its cause if the certificate is;
        Lost otherwise. Closed in both cases."""
        ...

    def part(self) -> None: ...


Client = TypeVar("Client", bound=Securable)
Opening = Callable[[ssl.SSLContext | None], Client]
"""Opens a connection, with TLS from the first octet where a context is given; raises NoTls and Lost as `start_tls`."""


class Securing:
    """How one host is connected to, as `demand` says, at a port and with or without TLS from the first octet. `result`
    is how it ended, for reports, and `words` why.
    """

    def __init__(self, host: Host, port: int, demand: Demand, implicit: bool = False) -> None:
        self._host, self._port, self._demand, self._implicit = host, port, demand, implicit
        self.result, self.words = demand.result, ""

    def connect(self, opening: Opening[Client]) -> Client:
        """A client with its `protection` in words. Raises Lost: Unprotected when the demand cannot be met."""
        try:
            return self._connect(opening)
        except Unprotected as error:
            self.result, self.words = error.result, str(error)
            raise

    def _connect(self, opening: Opening[Client]) -> Client:
        if self._demand.refused:
            raise Unprotected(self._demand.refused, None, self._demand.result)
        if self._demand.encryption is Encryption.NEVER:
            return _in_the_clear(opening, self._demand.who)
        known = "" if self._demand.is_strict else BROKEN.recall(self._host, self._port)
        if known:
            return self._without(opening, known, Result.VALIDATION_FAILURE)
        try:
            return self._by_dane(opening) if self._demand.records else self._with_tls(opening)
        except NoTls as error:
            if self._demand.is_strict:
                raise Unprotected(str(error), self._demand, _result(error)) from error
            if isinstance(error.__cause__, ssl.SSLError):
                BROKEN.remember(self._host, self._port, str(error))
            return self._without(opening, str(error), _result(error))

    def _without(self, opening: Opening[Client], why: str, result: Result) -> Client:
        self.result, self.words = result, why
        return _in_the_clear(opening, why)

    def _with_tls(self, opening: Opening[Client]) -> Client:
        """Raises NoTls as well. Where nothing is demanded of the certificate, one that does not verify still is better
        than clear text; why it does not is remembered for a while.
        """
        untrusted = "" if self._demand.chain else UNTRUSTED.recall(self._host, self._port)
        try:
            client = self._handshake(opening, not untrusted)
        except NoTls as error:
            if self._demand.chain or not isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise
            UNTRUSTED.remember(self._host, self._port, str(error))
            self.result, self.words = _result(error), str(error)
            return self._with_tls(opening)
        if client.tls:
            client.protection = f"{client.tls}, certificate {self._verified(client, untrusted)}"
        return client

    def _by_dane(self, opening: Opening[Client]) -> Client:
        """RFC 7672 §3.1: the server's own certificate, or one from an authority that DNS names. Raises NoTls too."""
        client = self._handshake(opening, self._demand.chain)
        found = dane.end_entity(self._demand.records, client.certificate, _public_key(client.certificate))
        if found is None:
            anchors = self._anchors(client)
            client.part()
            client = self._handshake(opening, True, anchors)
            if not certificate_names.speaks_for(client.names, self._demand.base):
                raise self._mismatch(client, self._demand.base[0])
        self._check_names(client)
        shown = str(found) if found is not None else "an authority that DNS names"
        client.protection = f"{client.tls}, certificate verified by DANE ({shown})"
        return client

    def _anchors(self, client: Securable) -> tuple[bytes, ...]:
        """The authorities that DNS names: whole, where it can be read, or by a digest of one that the peer shows."""
        named = [record for record in self._demand.records if record.usage == dane.TRUST_ANCHOR]
        found = [each for each in (record.authority for record in named) if each and _public_key(each)]
        found += [one for one in client.chain if any(record.names(one, _public_key(one)) for record in named)]
        if found:
            return tuple(found)
        words = "no TLSA record names its certificate"
        if named and not client.chain:
            words += ", and those of an authority (usage 2) cannot be compared here"
        client.part()
        raise Unprotected(words, self._demand, Result.VALIDATION_FAILURE)

    def _handshake(self, opening: Opening[Client], verified: bool, anchors: tuple[bytes, ...] = ()) -> Client:
        try:
            made = context(verified, self._demand.own, anchors)
        except (OSError, ValueError) as error:
            what = "TLSA record" if anchors else f"our own certificate {self._demand.own and self._demand.own.name}"
            raise Lost(f"{what}: {error}") from error
        if self._implicit:
            return opening(made)
        client = opening(None)
        if client.offers_tls:
            client.start_tls(made)
        elif self._demand.is_strict:
            client.part()
            raise Unprotected("STARTTLS is not offered", self._demand, Result.STARTTLS_NOT_SUPPORTED)
        else:
            self.result, self.words = Result.STARTTLS_NOT_SUPPORTED, "STARTTLS is not offered"
        return client

    def _verified(self, client: Securable, untrusted: str) -> str:
        """In words. Raises Unprotected when the certificate is not for a name that was demanded."""
        if untrusted:
            if self.result is Result.SUCCESS:
                self.result, self.words = Result.NOT_TRUSTED, untrusted
            return f"not verified ({untrusted})"
        self._check_names(client)
        if self._demand.names:
            return f"verified for {self._demand.names[-1][0]} ({self._demand.who})"
        if certificate_names.speaks_for(client.names, (self._host.tls_name,)):
            return "verified"
        self.result, self.words = Result.HOST_MISMATCH, _held(client)
        trusted = "from a trusted authority" if self._demand.chain else "not verified"
        return f"{trusted} (it is for {_held(client)}, not for {self._host.tls_name})"

    def _check_names(self, client: Securable) -> None:
        for wanted in self._demand.names:
            if not certificate_names.speaks_for(client.names, wanted):
                raise self._mismatch(client, wanted[0])

    def _mismatch(self, client: Securable, wanted: str) -> Unprotected:
        words = f"its certificate is for {_held(client)}, not for {wanted}"
        client.part()
        return Unprotected(words, self._demand, Result.HOST_MISMATCH)


def _held(client: Securable) -> str:
    return ", ".join(client.names[:3]) or "no host"


def _public_key(certificate: bytes) -> bytes:
    """SubjectPublicKeyInfo; empty when there is none that can be read."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return b""


def _in_the_clear(opening: Opening[Client], why: str) -> Client:
    client = opening(None)
    client.protection = f"In the clear: {why}"
    return client


def _result(error: NoTls) -> Result:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return tls_results.of_certificate(cause.verify_code)
    return Result.VALIDATION_FAILURE
