"""A certification authority, spoken to by ACME (RFC 8555). The libraries are loaded where one is spoken to: nobody
else carries them.

Whoever answers there may be slow, endless or hostile: each answer is bounded (`bounds.ACME_ANSWER`), redirects are not
followed, and no address is asked but those on the host and port of the directory, whatever the authority names.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import josepy as jose
import requests
from acme import challenges, errors, messages
from acme.client import ClientNetwork, ClientV2, _renewal_info_path_component
from cryptography import x509
from django.utils.timezone import now

from console.acme.models import Account
from console.acme.outcome import Forgotten, Refused
from console.acme.timing import wait
from console.certificates import keys
from console.sealing import opened
from transport.config import bounds
from transport.deliver.https import Client, NoAnswer
from transport.send.remote_reply import printable

T = TypeVar("T")
LONGEST_WORDS = 600
LONGEST_ADDRESS = 2000
UNSAID_LIMIT = timedelta(hours=1)
"""For a limit of which the authority does not say how long it lasts."""
ACT = "urn:ietf:params:acme:error:userActionRequired"
NONCES = 10
"""So often another nonce is tried: an authority may refuse a good one at any time (RFC 8555 §6.5)."""


class _NewOrder(messages.NewOrder):
    """`replaces`: the certificate that the one to come takes the place of (RFC 9773 §5)."""

    replaces: str | None = jose.field("replaces", omitempty=True)


class _Network(ClientNetwork):
    """acme's own, over bounded requests."""

    def __init__(self, account: Account) -> None:
        key = jose.JWKEC(key=keys.decrypt(account.encrypted_key))
        known = messages.RegistrationResource(uri=account.url, body=messages.Registration()) if account.url else None
        super().__init__(key, known, alg=jose.ES256, user_agent="Gatepost")
        self._there, self._root = urlsplit(account.directory).netloc, account.trusted_root
        self.retry_after, self.said = "", b""

    def _send_request(self, method: str, url: str, *_: Any, **given: Any) -> requests.Response:
        if urlsplit(url).netloc != self._there:
            raise NoAnswer(f"it names {printable(url)[:100]}, which is not on {self._there}")
        body = given.get("data")
        headers = {"User-Agent": self.user_agent, "Accept-Language": "en", **given.get("headers", {})}
        client = Client(bounds.ACME_ANSWER, root=self._root)
        answer = client.ask(method, url, body.encode() if body else None, headers)
        if 300 <= answer.status < 400:
            raise NoAnswer(f"{self._there} sends elsewhere, which is not followed: enter the directory’s final address")
        self.retry_after, self.said = answer.headers.get("retry-after", ""), answer.body
        response = requests.Response()
        response.status_code, response.url, response.encoding = answer.status, url, "utf-8"
        response.headers.update(answer.headers)
        response._content = answer.body
        return response


class Authority:
    """Each call is one request, or a few, and so is making it. Raises Refused."""

    def __init__(self, account: Account) -> None:
        self._network = _Network(account)
        directory = self._asked(lambda: ClientV2.get_directory(account.directory, self._network))
        self._client = ClientV2(directory, self._network)

    @property
    def waits(self) -> float:
        """Seconds for which the last answer asked us to wait, within reason; 2 where it did not say."""
        found = wait(self._network.retry_after, now())
        return min(max(found.total_seconds(), 1.0), 300.0) if found else 2.0

    def register(self, account: Account) -> str:
        """The account's address there; the account is made unless it is there."""
        return self._asked(lambda: self._registered(account))

    def _registered(self, account: Account) -> str:
        asked = messages.NewRegistration(
            contact=tuple(f"mailto:{each}" for each in account.contact.split()),
            terms_of_service_agreed=True,
            **({"external_account_binding": self._binding(account)} if account.eab_key_id else {}),
        )
        try:
            return _address(self._again(lambda: self._client.new_account(asked)).uri)
        except errors.ConflictError as there:
            found = _address(there.location)
        self._network.account = messages.RegistrationResource(uri=found, body=messages.Registration())
        self._post(found, messages.UpdateRegistration(contact=asked.contact))
        return found

    def _binding(self, account: Account) -> dict[str, Any]:
        assert self._network.key is not None  # an account has one
        secret = opened(account.encrypted_eab).decode()
        return messages.ExternalAccountBinding.from_data(
            self._network.key.public_key(), account.eab_key_id, secret, self._client.directory
        )

    def order(self, names: list[str], former: str = "") -> str:
        """Orders a certificate, in place of a `former` chain (PEM); the order's address."""
        wanted = [messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=name) for name in names]
        return self._asked(lambda: self._ordered(_NewOrder(identifiers=wanted, replaces=self._replaced(former))))

    def _ordered(self, asked: _NewOrder) -> str:
        there = self._client.directory["newOrder"]
        try:
            found = self._post(there, asked)
        except (messages.Error, errors.ConflictError) as error:
            if not asked.replaces or getattr(error, "code", "") == "rateLimited":
                raise
            # It may not know that certificate as ours, or have replaced it already (409): RFC 9773 §5.
            found = self._post(there, asked.update(replaces=None))
        return _address(found.headers["Location"])

    def _replaced(self, former: str) -> str | None:
        try:
            self._client.directory["renewalInfo"]
            return _renewal_info_path_component(x509.load_pem_x509_certificate(former.encode()))
        except (KeyError, ValueError, x509.ExtensionNotFound):
            return None  # no ARI, no former one, or none of an authority

    def look_at(self, order: str) -> messages.Order:
        """How far an order is."""
        found: messages.Order = self._asked(lambda: messages.Order.from_json(self._post(order).json()))
        return found

    def authorization(self, url: str) -> messages.Authorization:
        """What is to be proved for one name."""
        found: messages.Authorization = self._asked(lambda: messages.Authorization.from_json(self._post(url).json()))
        return found

    def proof(self, challenge: messages.ChallengeBody) -> str:
        """What is laid out for a challenge."""
        return str(self._asked(lambda: challenge.chall.validation(self._network.key)))

    def answer(self, challenge: messages.ChallengeBody) -> None:
        """Says that it is laid out."""
        self._asked(lambda: self._post(challenge.uri, challenge.chall.response(self._network.key)))

    def finalize(self, order: messages.Order, request: x509.CertificateSigningRequest) -> None:
        """Hands in the request for a certificate."""
        self._asked(lambda: self._post(order.finalize, messages.CertificateRequest(csr=request)))

    def chains(self, order: messages.Order) -> list[str]:
        """The chain that was issued (PEM, leaf first), then those that the authority offers in its place."""
        return self._asked(lambda: self._chains(order))

    def _chains(self, order: messages.Order) -> list[str]:
        first = self._post(str(order.certificate))
        links = requests.utils.parse_header_links(first.headers.get("Link", ""))
        others = [link["url"] for link in links if link.get("rel") == "alternate"]
        most = (bounds.ACME_ORDER.lines or 1) - 1
        return [first.text, *(self._post(url).text for url in others[:most])]

    def renewal(self, chain: str) -> tuple[datetime | None, timedelta]:
        """When the authority wants a certificate renewed (ARI, RFC 9773), None where it does not say; and after which
        time it wants to be asked again.
        """
        when, _again = self._asked(lambda: self._client.renewal_time(chain.encode()))
        asked = wait(self._network.retry_after, now()) or timedelta(hours=6)
        return when and when.astimezone(UTC), min(max(asked, timedelta(minutes=10)), timedelta(days=1))

    def _post(self, url: str, what: Any = None) -> requests.Response:
        nonce = self._client.directory["newNonce"]
        return self._again(lambda: self._network.post(url, what, new_nonce_url=nonce))

    def _again(self, ask: Callable[[], T]) -> T:
        for _time in range(NONCES - 1):
            try:
                return ask()
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        return ask()

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except NoAnswer as error:
            raise Refused(f"The authority gives no answer: {error}.", passes=True) from None
        except messages.Error as error:
            kind = Forgotten if error.code == "accountDoesNotExist" else Refused
            passes = error.code in ("serverInternal", "badNonce")
            limit = UNSAID_LIMIT if error.code == "rateLimited" else None
            where = _where_to_act(self._network.said) if error.typ == ACT else ""
            raise kind(f"{said_by(error)}{where}", passes, wait(self._network.retry_after, now()) or limit) from None
        except Exception as error:
            # The library answers what it does not expect with whatever Python raises of it.
            what = type(error).__name__
            raise Refused(f"The authority’s answer makes no sense ({what}).", passes=True) from None


def _address(found: str) -> str:
    """Of an account or an order there, as it is kept."""
    if not found.isprintable() or len(found) > LONGEST_ADDRESS:
        raise NoAnswer(f"it names an address of {len(found)} characters")
    return found


def _where_to_act(problem: bytes) -> str:
    """The page on which somebody agrees to changed terms (RFC 8555 §7.3.3), as it may be shown."""
    where = str(json.loads(problem).get("instance", ""))
    return f" Open {printable(where)[:LONGEST_WORDS]}" if urlsplit(where).scheme == "https" else ""


def said_by(error: messages.Error) -> str:
    """What an authority says of a failure, as it may be shown."""
    parts = [error, *(error.subproblems or ())]
    details = [f"{each.identifier.value}: {each.detail}" if each.identifier else each.detail for each in parts]
    text = printable(" ".join(filter(None, details)) or str(error.title or error.typ))
    return f"The authority says: {text[:LONGEST_WORDS]}"


def challenge_of(found: messages.Authorization, kind: str) -> messages.ChallengeBody | None:
    """The challenge of a kind (http-01, dns-01), None where it is not offered."""
    wanted = {"http-01": challenges.HTTP01, "dns-01": challenges.DNS01}[kind]
    return next((each for each in found.challenges if isinstance(each.chall, wanted)), None)
