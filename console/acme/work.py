"""The worker's part: one order at a time, one step after the other. Each step asks the authority how far the order is,
so that whoever dies in the middle is followed by one who goes on from there; what a step did twice does no harm.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, connection
from django.utils.timezone import now

from console.acme import actions, answers, queries, tlsa, verdict
from console.acme.models import Account, Challenge, LaidOut, ManagedCertificate
from console.acme.outcome import Forgotten, Refused, Unfit
from console.acme.timing import AFTER_UNFIT, back_off, renewal
from console.acme.well_known import TOKEN
from console.certificates import keys, reading
from console.certificates.models import Certificate
from transport.config import bounds
from transport.send.remote_reply import printable

log = logging.getLogger(__name__)
LOCK = 0x41434D45  # "ACME": one step at a time in the whole installation
AT_ONCE, SOON, LOOK = timedelta(), timedelta(seconds=2), timedelta(hours=6)
LEAST_LIFE = timedelta(days=1)
"""Of a certificate, before an authority may want it renewed: it may want that of each for ever."""
LOOK_AT_DNS = timedelta(minutes=5)
LONGEST_ORDER = timedelta(seconds=bounds.ACME_ORDER.seconds or 0)
MOST_TOLD = 20
# fmt: off
PROGRESS = (
    "next_step", "order_url", "encrypted_key", "began_at", "chain", "renew_at", "ask_at", "switch_at", "told",
    "problem", "failures", "failed_since", "waits_until",
)
# fmt: on


def go_on() -> None:
    """All that is due now, unless somebody else is at it."""
    with _alone() as is_mine:
        if is_mine and (words := answers.take_back(None)):
            log.warning("of a managed certificate that was removed: %s", words)
        while is_mine and (row := _due()):
            advance(row)


@contextmanager
def _alone() -> Iterator[bool]:
    """The lock goes with the connection, so that none is left of a worker that dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        is_mine = cursor.fetchone() == (True,)
        try:
            yield is_mine
        finally:
            if is_mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _due() -> ManagedCertificate | None:
    """The next one that is to be looked at."""
    rows = ManagedCertificate.objects.select_related("account").order_by("next_step")
    return rows.filter(next_step__lte=now()).first()


def advance(row: ManagedCertificate) -> None:
    """One step; what came of it is written down. If somebody has changed the row meanwhile that counts, and the step is
    made again.
    """
    before = row.next_step
    try:
        wait = _step(row)
    except Refused as refused:
        wait = _failed(row, refused)
    except ValidationError as error:
        wait = _failed(row, Refused(" ".join(error.messages)))
    except (OperationalError, InterfaceError):
        raise  # PostgreSQL is away: the step is made again
    except Exception as error:
        log.exception("order of %s", row.name)
        wait = _failed(row, Refused(f"This step failed in a way that nobody expected: {type(error).__name__}."))
    row.next_step = now() + wait
    progress = {name: getattr(row, name) for name in PROGRESS}
    ManagedCertificate.objects.filter(pk=row.pk, next_step=before).update(**progress)


def _step(row: ManagedCertificate) -> timedelta:
    """The time until the next step. Raises Refused."""
    if row.chain:
        return _show(row)
    held = queries.certificate(row)
    if not row.order_url:
        return _rests(row, held) or _begin(row, held)
    return _follow(row)


def _rests(row: ManagedCertificate, held: Certificate | None) -> timedelta | None:
    """How long, as long as the certificate that is there is good, or the authority wants to hear nothing."""
    if row.waits_until and row.waits_until > now():
        return row.waits_until - now()
    if held is None:
        return None
    if row.ask_at is None or row.ask_at <= now():
        _ask_when(row, held)
    due = renewal(held.not_before, held.not_after, row.renew_at)
    return min(due - now(), LOOK) if due > now() else None


def _ask_when(row: ManagedCertificate, held: Certificate) -> None:
    """When the authority wants it renewed; where it does not say, and gives no answer, the dates say."""
    from console.acme.authority import Authority

    asked_for = row.renew_at is not None and row.renew_at <= now()
    try:
        when, again = Authority(row.account).renewal(held.chain)
    except Refused:
        when, again = None, LOOK
    row.ask_at = now() + again
    if not asked_for:
        row.renew_at = when and max(when, held.created_at + LEAST_LIFE)


def _begin(row: ManagedCertificate, held: Certificate | None) -> timedelta:
    answers.take_back(row)
    if words := verdict.of_names(row.names, queries.in_use(row)):
        raise Refused(f"Nothing is ordered. {words}")
    row.told = []
    authority = _authority(row)
    kept = keys.decrypt(held.encrypted_key) if held and row.keep_key else None
    key = kept if kept and keys.kind_of(kept) == row.key_type else keys.make(row.key_type)
    row.encrypted_key, row.began_at = keys.encrypt(key), now()
    row.order_url = authority.order(row.names, held.chain if held else "")
    _tell(row, f"Ordered, for {', '.join(row.names)}.")
    return AT_ONCE


def _authority(row: ManagedCertificate) -> Any:
    """With the account, also where the facts of it were changed since the order began."""
    from console.acme.authority import Authority

    authority = Authority(row.account)
    if row.account.url:
        return authority
    row.account.url = authority.register(row.account)
    Account.objects.filter(pk=row.account.pk).update(url=row.account.url)
    _tell(row, "The account is made, or found, at the authority.")
    return Authority(row.account)


def _follow(row: ManagedCertificate) -> timedelta:
    if row.began_at is None or now() - row.began_at > LONGEST_ORDER:
        raise Refused("The order came to no end within an hour.")
    authority = _authority(row)
    order = authority.look_at(row.order_url)
    match order.status.name if order.status else "":
        case "pending":
            return _prove(row, authority, order.authorizations)
        case "ready":
            authority.finalize(order, _request(keys.decrypt(row.encrypted_key), row.names))
            _tell(row, "Every name is proved; the authority is asked for the certificate.")
            return timedelta(seconds=authority.waits)
        case "processing":
            return timedelta(seconds=authority.waits)
        case "valid":
            return _take(row, verdict.preferred(authority.chains(order), row.preferred_chain))
        case other:
            raise Refused(_why(authority, order) or f"The authority calls the order {other}.")


def _why(authority: Any, order: Any) -> str:
    """What the authority says of an order that came to nothing, or of the proof that failed."""
    from console.acme.authority import said_by

    if order.error:
        return said_by(order.error)
    found = [authority.authorization(url) for url in order.authorizations[:MOST_TOLD]]
    return " ".join(said_by(each.error) for one in found for each in one.challenges if each.error)


def _prove(row: ManagedCertificate, authority: Any, urls: Sequence[str]) -> timedelta:
    """Lays out what is looked for, waits until it is seen, and says so to the authority."""
    from console.acme.authority import challenge_of, said_by

    ready = []
    for url in urls[: len(row.names)]:
        found = authority.authorization(url)
        host, status = found.identifier.value, found.status.name
        if host not in {name.removeprefix("*.") for name in row.names}:
            raise Refused(f"The authority wants a proof of {printable(host)[:255]}, which was not asked for.")
        if status == "valid":
            continue
        challenge = challenge_of(found, "http-01" if row.challenge == Challenge.HTTP else "dns-01")
        if status != "pending":
            failed = next((each.error for each in found.challenges if each.error), None)
            raise Refused(said_by(failed) if failed else f"The authority calls the proof of {host} {status}.")
        if challenge is None:
            raise Refused(f"The authority offers no such proof of {host}: choose another challenge.")
        token = challenge.chall.encode("token")
        if not TOKEN.fullmatch(token):
            raise Refused("The authority’s token is none: 16 to 128 letters, digits, hyphens and underscores.")
        if words := answers.lay_out(row, host, token, authority.proof(challenge)):
            raise Refused(words)
        ready.append((challenge, host, LaidOut.objects.get(managed=row, token=token)))
    fresh = [each for each in ready if not each[2].told]
    if fresh and not answers.is_seen(row):
        return SOON
    for challenge, host, laid_out in fresh:
        authority.answer(challenge)
        LaidOut.objects.filter(pk=laid_out.pk).update(told=True)
        _tell(row, f"The authority is told to look for the proof of {host}.")
    return timedelta(seconds=authority.waits)


def _request(key: keys.Key, names: list[str]) -> x509.CertificateSigningRequest:
    """Without a common name, which an authority takes from the names."""
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())


def _take(row: ManagedCertificate, chain: str) -> timedelta:
    """The chain that was issued, once it is sure that it may be shown."""
    row.chain, row.order_url = _checked(row, chain), ""
    _tell(row, "The certificate is issued, and good.")
    if words := answers.take_back(row):
        _tell(row, words)
    return AT_ONCE


def _show(row: ManagedCertificate) -> timedelta:
    """In place of the former one."""
    _checked(row, row.chain)
    if wait := _wait_for_dns(row):
        return wait
    actions.show(row.name, row.chain, row.encrypted_key)
    _tell(row, "Connectors show it from now on.")
    row.chain, row.encrypted_key, row.renew_at, row.ask_at, row.switch_at = "", "", None, None, None
    row.problem, row.failures, row.failed_since, row.waits_until = "", 0, None, None
    return AT_ONCE


def _checked(row: ManagedCertificate, chain: str) -> str:
    """The chain alone and in order, when it may be shown now. Raises Unfit where it may not."""
    key = keys.decrypt(row.encrypted_key)
    try:
        found = reading.checked(reading.certificates(chain.encode(), "chain"), key, "chain")
        words = verdict.complaint(found.chain, row.names, queries.in_use(row), now())
    except ValidationError as error:
        words = " ".join(error.messages)
    if words:
        raise Unfit(f"The certificate that was issued is not used. {words}")
    return found.pem


def _wait_for_dns(row: ManagedCertificate) -> timedelta | None:
    """Until the TLSA records of our names fit it, and the former ones are forgotten everywhere (RFC 7671 §8.1)."""
    held = queries.certificate(row)
    found = tlsa.standing(row.names, row.chain, held.chain if held else "")
    if found.missing:
        words = f"DNS has TLSA records for {', '.join(found.missing)} that do not fit it: it waits for those below."
        if row.told[-1][1] != words:
            _tell(row, words)
        row.switch_at = None
        return LOOK_AT_DNS
    if found.forgotten_after and row.switch_at is None:
        row.switch_at = now() + found.forgotten_after
        _tell(row, "DNS has TLSA records that fit it: it waits until the former ones are forgotten everywhere.")
    return max(row.switch_at - now(), SOON) if row.switch_at and row.switch_at > now() else None


def _failed(row: ManagedCertificate, refused: Refused) -> timedelta:
    """What is there stays; when it is tried again."""
    if isinstance(refused, Forgotten):
        Account.objects.filter(pk=row.account.pk).update(url="")
    row.failures, row.failed_since = row.failures + 1, row.failed_since or now()
    row.problem = str(refused)
    _tell(row, row.problem)
    if refused.wait:
        row.waits_until = now() + refused.wait
    if not (refused.passes and row.order_url):
        answers.take_back(row)
        row.order_url, row.encrypted_key, row.chain, row.switch_at = "", "", "", None
    least = AFTER_UNFIT if isinstance(refused, Unfit) else back_off(row.failures)
    return max(least, refused.wait or AT_ONCE)


def _tell(row: ManagedCertificate, words: str) -> None:
    row.told = [*row.told, [int(now().timestamp()), words]][-MOST_TOLD:]
