"""A connection to a host, protected as it must be: as well as the host can where nothing is demanded, and not at all
where it cannot do what is. Source: Sending mail outward, section 2.2.
"""

import ssl
from collections.abc import Callable
from typing import Protocol, TypeVar

from transport.deliver.client_contexts import context
from transport.deliver.remembered import BROKEN, UNTRUSTED
from transport.deliver.smtp_connection import Lost
from transport.send import certificate_names, tls_results
from transport.send.hosts import Host
from transport.send.tls_policy import Demand, Encryption
from transport.send.tls_results import Result


class NoTls(Exception):
    """TLS does not work with a host that offers it; the text says why."""


class Unprotected(Lost):
    """The host cannot do what is demanded of it, and gets nothing."""

    def __init__(self, words: str, demand: Demand, result: Result) -> None:
        super().__init__(f"{words}; {demand.who} demands more" if demand.who else words)
        self.result = result


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

    def start_tls(self, made: ssl.SSLContext) -> None:
        """Raises NoTls when only TLS is to blame, with ssl.SSLCertVerificationError as its cause if the certificate is;
        Lost otherwise. Closed in both cases."""
        ...

    def part(self) -> None: ...


Client = TypeVar("Client", bound=Securable)
Opening = Callable[[ssl.SSLContext | None], Client]
"""Opens a connection, with TLS from the first octet where a context is given; raises NoTls and Lost as `start_tls`."""


class Securing:
    """How one host is connected to, as `demand` says, at a port and with or without TLS from the first octet."""

    def __init__(self, host: Host, port: int, demand: Demand, implicit: bool = False) -> None:
        self._host, self._port, self._demand, self._implicit = host, port, demand, implicit

    def connect(self, opening: Opening[Client]) -> Client:
        """A client with its `protection` in words. Raises Lost: Unprotected when the demand cannot be met."""
        if self._demand.encryption is Encryption.NEVER:
            return _in_the_clear(opening, self._demand.who)
        known = "" if self._demand.is_strict else BROKEN.recall(self._host, self._port)
        if known:
            return _in_the_clear(opening, known)
        try:
            return self._with_tls(opening)
        except NoTls as error:
            if self._demand.is_strict:
                raise Unprotected(str(error), self._demand, _result(error)) from error
            if isinstance(error.__cause__, ssl.SSLError):
                BROKEN.remember(self._host, self._port, str(error))
            return _in_the_clear(opening, str(error))

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
            return self._with_tls(opening)
        if client.tls:
            client.protection = f"{client.tls}, certificate {self._verified(client, untrusted)}"
        return client

    def _handshake(self, opening: Opening[Client], verified: bool) -> Client:
        try:
            made = context(verified, self._demand.own)
        except (OSError, ValueError) as error:
            raise Lost(f"our own certificate {self._demand.own and self._demand.own.name}: {error}") from error
        if self._implicit:
            return opening(made)
        client = opening(None)
        if client.offers_tls:
            client.start_tls(made)
        elif self._demand.is_strict:
            client.part()
            raise Unprotected("STARTTLS is not offered", self._demand, Result.STARTTLS_NOT_SUPPORTED)
        return client

    def _verified(self, client: Securable, untrusted: str) -> str:
        """In words. Raises Unprotected when the certificate is not for a name that was demanded."""
        if untrusted:
            return f"not verified ({untrusted})"
        wanted = self._demand.names or (self._host.tls_name,)
        if certificate_names.speaks_for(client.names, wanted):
            return f"verified for {wanted[0]} ({self._demand.who})" if self._demand.names else "verified"
        held = ", ".join(client.names[:3]) or "no host"
        if self._demand.names:
            client.part()
            words = f"its certificate is for {held}, not for {wanted[0]}"
            raise Unprotected(words, self._demand, Result.HOST_MISMATCH)
        trusted = "from a trusted authority" if self._demand.chain else "not verified"
        return f"{trusted} (it is for {held}, not for {wanted[0]})"


def _in_the_clear(opening: Opening[Client], why: str) -> Client:
    client = opening(None)
    client.protection = f"In the clear: {why}"
    return client


def _result(error: NoTls) -> Result:
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return tls_results.of_certificate(cause.verify_code)
    return Result.VALIDATION_FAILURE
