"""Whether a chain that an authority issued may take the place of the certificate that is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from console.certificates import reading
from transport.config import bounds
from transport.receive.certificate_match import fit

MOST = bounds.ACME_ORDER.lines or 0
CLOCKS_DIFFER = timedelta(hours=1)


def complaint(
    chain: list[x509.Certificate], wanted: Iterable[str], in_use: Iterable[tuple[str, str]], now: datetime
) -> str:
    """Why it may not, in words; empty where it may. `chain`: leaf first; `wanted`: the names that were asked for;
    `in_use`: (connector, FQDN) of those that show the present one, which holds that name.
    """
    names = reading.names_of(chain[0])
    if missing := [name for name in wanted if not _holds(names, name)]:
        return f"It lacks names that were asked for: {', '.join(missing)}."
    if len(chain) > MOST:
        return f"Its chain has more than {MOST} certificates."
    return of_names(names, in_use) or _of_dates(chain, now) or _of_signatures(chain)


def of_names(names: Iterable[str], in_use: Iterable[tuple[str, str]]) -> str:
    """Whether a certificate of these names is of use to who shows the present one."""
    for connector, host in in_use:
        if not _holds(names, host):
            return f"The connector {connector} shows it as {host}, which is none of its names."
    return ""


def _holds(names: Iterable[str], wanted: str) -> bool:
    return any(name == wanted or fit(name, wanted) for name in names)


def _of_dates(chain: list[x509.Certificate], now: datetime) -> str:
    for each in chain:
        if each.not_valid_before_utc > now + CLOCKS_DIFFER:
            return f"It begins at {each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: a clock is wrong, there or here."
        if each.not_valid_after_utc <= now:
            return f"A certificate of its chain expired on {each.not_valid_after_utc:%Y-%m-%d}."
    return ""


def _of_signatures(chain: list[x509.Certificate]) -> str:
    if chain[0].issuer == chain[0].subject:
        return "It is self-signed: no authority has issued it."
    for below, above in pairwise(chain):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            return "Its chain is broken: a certificate in it was not signed by the next one."
    return ""


def preferred(chains: list[str], authority: str) -> str:
    """The chain in which an authority of this name signs, the topmost first; without a match the first chain."""
    wanted = authority.strip().lower()
    if not wanted:
        return chains[0]
    for chain in chains:
        for each in reversed(x509.load_pem_x509_certificates(chain.encode())):
            if wanted in each.issuer.rfc4514_string().lower():
                return chain
    return chains[0]
