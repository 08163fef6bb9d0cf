"""Certificates that come from outside, as PEM or PFX. ValidationErrors stand at the form's field."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from console.certificates import keys
from console.certificates.issuing import now

HOST_NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.I)
_BEGIN = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_END = re.compile(rb"-----END [A-Z ]*PRIVATE KEY-----")


@dataclass(frozen=True)
class Found:
    """A chain, leaf first, and the key of its leaf."""

    chain: list[x509.Certificate]
    key: keys.Key

    @property
    def pem(self) -> str:
        return "".join(each.public_bytes(serialization.Encoding.PEM).decode() for each in self.chain)


def read(content: bytes, key_content: bytes, password: str) -> Found:
    """What an administrator hands in: a PFX file, or PEM with its key in the same or in another file."""
    if b"-----BEGIN" in content:
        key = private_key(key_content or content, password, "key_file" if key_content else "file")
        return checked(certificates(content, "file"), key, "file")
    if content[:1] != b"0":
        raise ValidationError({"file": _("This is neither PEM (-----BEGIN CERTIFICATE-----) nor PFX (PKCS #12).")})
    if without_key(content):
        return checked(certificates(content, "file"), private_key(key_content, password, "key_file"), "file")
    return _pfx(content, password)


def without_key(content: bytes) -> bool:
    """Whether a file has certificates only, as an authority's answer: PEM, DER or PKCS #7."""
    if b"-----BEGIN" in content:
        return b"PRIVATE KEY-----" not in content
    try:
        return bool(certificates(content, "file"))
    except ValidationError:
        return False


def _pfx(content: bytes, password: str) -> Found:
    try:
        key, leaf, more = pkcs12.load_key_and_certificates(content, password.encode() or None)
    except (ValueError, UnsupportedAlgorithm) as error:
        if "password" in str(error).lower():
            raise _wrong_password(password) from None
        raise ValidationError({"file": _("This PFX file cannot be read: %s") % error}) from None
    if leaf is None or key is None:
        missing = _("This PFX file has no certificate with a private key. Export it with its key.")
        raise ValidationError({"file": missing})
    return checked([leaf, *more], key, "file")


def _wrong_password(password: str) -> ValidationError:
    text = _("The password is wrong.") if password else _("This file is protected: enter its password.")
    return ValidationError({"password": text})


def private_key(content: bytes, password: str, field: str) -> object:
    """The first private key of a PEM file."""
    begin = _BEGIN.search(content)
    end = _END.search(content, begin.end()) if begin else None
    if not (begin and end):
        missing = _("There is no private key in it. Choose the file with the key, too.")
        raise ValidationError({"key_file": missing})
    block = content[begin.start() : end.end()]
    protected = b"ENCRYPTED" in block
    try:
        return serialization.load_pem_private_key(block, password.encode() if protected and password else None)
    except TypeError:
        raise _wrong_password("") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        if protected:
            raise _wrong_password(password) from None
        raise ValidationError({field: _("The private key cannot be read: %s") % error}) from None


def certificates(content: bytes, field: str) -> list[x509.Certificate]:
    """Every certificate of a PEM, DER or PKCS #7 file."""
    ways = [x509.load_pem_x509_certificates, pkcs7.load_pem_pkcs7_certificates, _labelled_certificate]
    if b"-----BEGIN" not in content:
        ways = [lambda data: [x509.load_der_x509_certificate(data)], pkcs7.load_der_pkcs7_certificates]
    for way in ways:
        try:
            return way(content)
        except (ValueError, UnsupportedAlgorithm):
            continue
    raise ValidationError({field: _("There is no certificate in it that can be read.")})


def _labelled_certificate(content: bytes) -> list[x509.Certificate]:
    """PKCS #7 under the label CERTIFICATE, as the web pages of a Windows authority hand it out."""
    block = re.search(rb"-----BEGIN [A-Z0-9# ]+-----([A-Za-z0-9+/=\s]+)-----END", content)
    return pkcs7.load_der_pkcs7_certificates(base64.b64decode(block[1] if block else b""))


def checked(found: list[x509.Certificate], key: object, field: str) -> Found:
    """The chain in order, once it is sure that TLS clients will take it."""
    if not keys.usable(key):
        raise ValidationError({field: _("This key is too weak or of a kind that TLS clients do not take.")})
    public = _public(key.public_key())
    leaf = next((each for each in found if _public(each.public_key()) == public), None)
    if leaf is None:
        wrong = _("The private key does not belong to this certificate.")
        raise ValidationError({field: wrong})
    _check_leaf(leaf, field)
    return Found(_in_order(leaf, found), key)


def _check_leaf(leaf: x509.Certificate, field: str) -> None:
    if leaf.not_valid_after_utc <= now():
        until = leaf.not_valid_after_utc.strftime("%Y-%m-%d")
        raise ValidationError({field: _("This certificate expired on %s. Ask for a new one.") % until})
    if not names_of(leaf):
        text = _("No host name is in it (subject alternative name): no SMTP client could match it with this server.")
        raise ValidationError({field: text})
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usage):
        raise ValidationError({field: _("This certificate was not issued for servers (server authentication).")})


def _in_order(leaf: x509.Certificate, found: list[x509.Certificate]) -> list[x509.Certificate]:
    """Leaf, its issuer, the issuer's issuer …; what does not belong to the chain is left out."""
    chain = [leaf]
    while chain[-1].issuer != chain[-1].subject:
        above = [each for each in found if each.subject == chain[-1].issuer and each not in chain]
        if not above:
            break
        chain.append(above[0])
    return chain


def _public(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def names_of(leaf: x509.Certificate) -> list[str]:
    """The host names of a certificate: its alternative names, without any the common name."""
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        common = [str(each.value) for each in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        return [each.lower() for each in common if "." in each and HOST_NAME.fullmatch(each)]
    return [each.lower() for each in found.get_values_for_type(x509.DNSName)]
