"""What may be said of an account and of what is ordered: field → what is wrong with it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography import x509
from django.utils.translation import gettext as _

from console.acme.models import Account, Challenge, ManagedCertificate
from console.certificates import keys
from transport.config.endpoint import parse_binding
from transport.config.host_name import host_name
from transport.config.kinds import mailbox

LONGEST_NAME, LONGEST_URL, LONGEST_TEXT, MOST_NAMES = 64, 500, 255, 100
LONGEST_ROOT = 65536
ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512")
"""Of TSIG keys: RFC 8945 §6."""


@dataclass(frozen=True, kw_only=True)
class WantedAccount:
    """What everybody may read of an account."""

    directory: str
    contact: str = ""
    trusted_root: str = ""
    eab_key_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What everybody may read of what is ordered."""

    names: list[str]
    account: Account
    key_type: str = keys.P256
    keep_key: bool = False
    preferred_chain: str = ""
    challenge: str = Challenge.HTTP
    dns_server: str = ""
    dns_zone: str = ""
    tsig_name: str = ""
    tsig_algorithm: str = ""
    hook: str = ""


def wrong_name(name: str, model: type[Account] | type[ManagedCertificate]) -> dict[str, str]:
    """Of a new object."""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return {"name": _("Up to %d printable characters.") % LONGEST_NAME}
    if model._default_manager.filter(name__iexact=name).exists():
        return {"name": _("There is one of this name already; choose another name.")}
    return {}


def wrong_account(wanted: WantedAccount, eab_key: str, has_key: bool) -> dict[str, str]:
    """`has_key`: whether there is one, now or from before."""
    wrong = {}
    there = urlsplit(wanted.directory)
    if there.scheme != "https" or not there.hostname or len(wanted.directory) > LONGEST_URL:
        wrong["directory"] = _("The address of a directory begins with https://.")
    for each in wanted.contact.split():
        try:
            mailbox(each)
        except ValueError as error:
            wrong["contact"] = str(error)
    if len(wanted.eab_key_id) > LONGEST_TEXT or not wanted.eab_key_id.isprintable():
        wrong["eab_key_id"] = _("Up to %d printable characters.") % LONGEST_TEXT
    if wanted.eab_key_id and not has_key:
        wrong["eab_key"] = _("The authority gives a key ID and a key: enter both.")
    if eab_key and not _is_base64(eab_key):
        wrong["eab_key"] = _("This is no HMAC key: it is written in Base64, as the authority shows it.")
    if wanted.trusted_root and not _is_pem(wanted.trusted_root):
        wrong["trusted_root"] = _("There is no certificate in it that can be read.")
    return wrong


def _is_base64(text: str) -> bool:
    try:
        return 16 <= len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) <= 1024
    except (binascii.Error, ValueError):
        return False


def _is_pem(text: str) -> bool:
    try:
        return len(text) <= LONGEST_ROOT and bool(x509.load_pem_x509_certificates(text.encode()))
    except ValueError:
        return False


def wrong_managed(wanted: Wanted, tsig_secret: str, has_secret: bool) -> dict[str, str]:
    """`has_secret`: whether there is one, now or from before."""
    wrong = _wrong_names(wanted)
    if wanted.key_type not in dict(keys.KINDS):
        wrong["key_type"] = _("Choose the key.")
    if len(wanted.preferred_chain) > LONGEST_TEXT:
        wrong["preferred_chain"] = _("Up to %d printable characters.") % LONGEST_TEXT
    if wanted.challenge == Challenge.UPDATE:
        wrong |= _wrong_update(wanted, tsig_secret, has_secret)
    if wanted.challenge == Challenge.HOOK and not (0 < len(wanted.hook) <= LONGEST_NAME and wanted.hook.isprintable()):
        wrong["hook"] = _("Enter the name of a hook of dns-hooks.toml.")
    return wrong


def _wrong_names(wanted: Wanted) -> dict[str, str]:
    try:
        names = [host_name(name) for name in wanted.names]
    except ValueError as error:
        return {"names": str(error)}
    if not 0 < len(names) <= MOST_NAMES or names != wanted.names:
        return {"names": _("From 1 to %d host names, in lower case.") % MOST_NAMES}
    if bare := [name for name in names if "." not in name]:
        return {"names": _("No authority knows %s: write the whole name, such as mail.contoso.com.") % bare[0]}
    if wanted.challenge == Challenge.HTTP and any(name.startswith("*.") for name in names):
        return {"names": _("A name with * is proved by dns-01 only.")}
    return {}


def _wrong_update(wanted: Wanted, tsig_secret: str, has_secret: bool) -> dict[str, str]:
    wrong = {}
    try:
        parse_binding(wanted.dns_server)
    except ValueError:
        wrong["dns_server"] = _("Write its address, with a port: 192.0.2.53:53.")
    try:
        host_name(wanted.dns_zone)
    except ValueError as error:
        wrong["dns_zone"] = str(error) if wanted.dns_zone else _("Enter the zone that the records are in.")
    if wanted.tsig_name:
        try:
            host_name(wanted.tsig_name)
        except ValueError as error:
            wrong["tsig_name"] = str(error)
        if wanted.tsig_algorithm not in ALGORITHMS:
            wrong["tsig_algorithm"] = _("Choose the algorithm of the key.")
        if not has_secret or (tsig_secret and not _is_base64(tsig_secret)):
            wrong["tsig_secret"] = _("Enter the secret of the key, in Base64.")
    return wrong
