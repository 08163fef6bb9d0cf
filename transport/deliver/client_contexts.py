"""TLS contexts for speaking to next hops, and the certificate that we show them."""

import ssl
from collections.abc import Iterable
from functools import lru_cache

from transport import key_file
from transport.config.certificate import Certificate
from transport.config.send_connector import SendConnector
from transport.deliver import locked
from transport.receive import certificate_match


@lru_cache(maxsize=256)
def context(verified: bool, own: Certificate | None = None, anchors: tuple[bytes, ...] = ()) -> ssl.SSLContext:
    """`verified`: the chain must lead to an authority that this machine trusts, or to one of `anchors` (DER) where
    there are some. Names are looked at afterwards: several may do. Raises ValueError or OSError when `own` is unusable.

    Spelled out: what `ssl.create_default_context` asks of certificates differs by version of Python.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED if verified else ssl.CERT_NONE
    if anchors:
        made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        made.load_verify_locations(cadata=b"".join(anchors))
    elif verified:
        made.load_default_certs()
    if own is not None:
        with key_file.locked(own, locked.secret()) as (file, password):
            made.load_cert_chain(file, password=password)
    return made


def own_certificate(
    connector: SendConnector, certificates: Iterable[Certificate], secure: bool, now: float
) -> Certificate | None:
    """What we show a host that asks: the certificate that TlsCertificateName names; with Domain Security, where none is
    named, the best for our name. `now` in Unix seconds.
    """
    readable = [each for each in certificates if _is_readable(each)]
    if connector.tls_certificate_name:
        return next(iter(certificate_match.named(readable, connector.tls_certificate_name)), None)
    return certificate_match.best(readable, connector.fqdn, now) if secure else None


def _is_readable(certificate: Certificate) -> bool:
    try:
        certificate_match.leaf(certificate.chain)
    except ValueError:
        return False
    return True
