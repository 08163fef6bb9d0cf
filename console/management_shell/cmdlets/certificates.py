"""Get-, New-, Enable- and Remove-ExchangeCertificate (Exchange reference, section 11.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace as with_changes
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from console.certificates import actions, keys, queries
from console.certificates.models import Certificate
from console.management_shell.cmdlets.family import identity
from console.management_shell.cmdlets.guard import Fields, guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Flags, Labelled, Record, read_count, read_text, read_texts
from transport.config.host_name import host_name

SIZES = {2048: keys.RSA2048, 3072: keys.RSA3072}
COMMON_NAME = re.compile(r"(?:^|,\s*)CN\s*=\s*([^,]+)", re.IGNORECASE)
LONGEST_NAME = 64
HERE = "SMTP"


def _leaf(row: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificates(row.chain.encode())[0]


def thumbprints(row: Certificate) -> tuple[str, str]:
    """SHA-1, as Windows shows it, and SHA-256, as the console shows it."""
    return _leaf(row).fingerprint(hashes.SHA1()).hex().upper(), row.fingerprint.upper()


def record(row: Certificate) -> Record:
    """What Get-ExchangeCertificate puts out; Issuer and Subject are those that TlsCertificateName takes."""
    leaf = _leaf(row)
    issuer, _, subject = queries.identifier(row).removeprefix("<I>").partition("<S>")
    sha1, sha256 = thumbprints(row)
    found = {
        "CertificateDomains": list(row.names),
        "HasPrivateKey": True,
        "IsSelfSigned": row.self_signed,
        "Issuer": issuer,
        "NotAfter": row.not_after,
        "NotBefore": row.not_before,
        "PublicKeySize": getattr(leaf.public_key(), "key_size", None),
        "SerialNumber": f"{leaf.serial_number:X}",
        "Services": Flags((HERE,) if queries.used_by(row, queries.current()) else ()),
        "Status": "Valid" if queries.days_left(row) >= 0 else "DateInvalid",
        "Subject": subject or Labelled(next(iter(row.names), "")),
        "Thumbprint": sha1,
        "Sha256Thumbprint": sha256,
        "FriendlyName": row.name,
    }
    return Record("ExchangeCertificate", found, ("Thumbprint", "Services", "Subject"), row, sha1)


def find(wanted: object) -> Certificate:
    """The certificate of a thumbprint (SHA-1 or SHA-256, with or without spaces), of its name, or from the pipe."""
    text = str(wanted.get("Sha256Thumbprint") or "" if isinstance(wanted, Record) else wanted)
    plain = re.sub(r"[\s:\u200e]", "", text).upper()
    for row in Certificate.objects.all():
        if plain in thumbprints(row) or text.lower() == row.name.lower():
            return row
    raise ShellError(f"There is no certificate with the thumbprint {wanted}.", "Thumbprint")


def _get(call: Call) -> Iterator[Record]:
    if "Thumbprint" in call.arguments:
        yield record(find(call.arguments["Thumbprint"]))
        return
    wanted = {name.lower() for name in call.get("DomainName", ())}
    for row in Certificate.objects.all():
        if wanted <= set(row.names):
            yield record(row)


def _names(call: Call) -> list[str]:
    """The host names: the common name of -SubjectName, then -DomainName; without both this server's names."""
    common = COMMON_NAME.findall(call.get("SubjectName", ""))
    if "SubjectName" in call.arguments and not common:
        raise ShellError("Write it like CN=mail.contoso.com.", "SubjectName")
    found = []
    for parameter, texts in (("SubjectName", common), ("DomainName", call.get("DomainName", ()))):
        for text in texts:
            try:
                found.append(host_name(text.strip()))
            except ValueError as error:
                raise ShellError(str(error), parameter) from None
    return list(dict.fromkeys(found)) or actions.host_names()


def _new(call: Call) -> Iterator[object]:
    say_what_is_not_here(call)
    names = _names(call)
    name, actor = call.get("FriendlyName") or names[0][:LONGEST_NAME], call.host.actor
    kind = call.get("KeySize", keys.P256)
    if call.get("GenerateRequest"):
        if call.should_process(name, "New-ExchangeCertificate -GenerateRequest"):
            yield actions.make_request(actor, name, names, kind).request.rstrip()
    elif call.should_process(name, "New-ExchangeCertificate"):
        yield record(actions.make_self_signed(actor, name, names, kind))


def say_what_is_not_here(call: Call) -> None:
    """Warns of services that are none here."""
    others = [name for name in call.get("Services", ()) if name.upper() not in (HERE, "NONE")]
    if others:
        call.warning(f"Certificates are for {HERE} only here; {', '.join(others)} is left out.")


def _enable(call: Call) -> Iterator[object]:
    say_what_is_not_here(call)
    row = find(call.arguments["Thumbprint"])
    users = [one.name for one in queries.used_by(row, queries.current())]
    shown = f"Shown by: {', '.join(users)}." if users else "No connector shows it now."
    call.warning(
        f"Every certificate here can be shown; a connector chooses the one that holds its FQDN. {shown} To choose this "
        f'one for a connector: Set-ReceiveConnector … -TlsCertificateName "{queries.identifier(row)}"'
    )
    return iter(())


def _remove(call: Call) -> Iterator[object]:
    row = find(call.arguments["Thumbprint"])
    if call.should_process(row.name, "Remove-ExchangeCertificate"):
        actions.remove(call.host.actor, row.pk)
    return iter(())


def _read_key_size(value: object) -> Any:
    if read_count(value) not in SIZES:
        raise ValueError("Write 2048 or 3072.")
    return SIZES[read_count(value)]


THUMBPRINT = Parameter(
    "Thumbprint", identity, mandatory=True, position=0, from_pipeline=True,
    help="The certificate: its thumbprint (SHA-1 or SHA-256), or its name.",
    values=lambda: Certificate.objects.values_list("name", flat=True),
)  # fmt: skip
DOMAINS = Parameter("DomainName", read_texts, help="Host names, the most important first.")
SERVICES = Parameter("Services", read_texts, help="SMTP; there are no other services here.", choices=(HERE, "None"))
NAME = Parameter("FriendlyName", read_text, help="How it is called in lists here.")
FORCE = Parameter("Force", switch=True, help="Not needed: nothing is replaced.")
EXPORTABLE = Parameter(
    "PrivateKeyExportable", help="Not needed: Organization Management can export every certificate under a password."
)
CMDLETS = (
    Cmdlet(
        "Get-ExchangeCertificate",
        _get,
        (with_changes(THUMBPRINT, mandatory=False), DOMAINS),
        "Shows the certificates for STARTTLS.",
        {
            "Get-ExchangeCertificate | fl FriendlyName,CertificateDomains,NotAfter": "Which there are, and until when.",
            '$c = Get-ExchangeCertificate | Select-Object -First 1; "<I>$($c.Issuer)<S>$($c.Subject)"': (
                "How Set-ReceiveConnector -TlsCertificateName calls it."
            ),
        },
    ),
    Cmdlet(
        "New-ExchangeCertificate",
        _new,
        (
            Parameter("GenerateRequest", switch=True, help="Makes a request for an authority, and puts it out."),
            Parameter("SubjectName", read_text, help="CN=mail.contoso.com; of the rest nothing is kept."),
            DOMAINS,
            NAME,
            Parameter(
                "KeySize", _read_key_size, help="RSA. Without it the key is ECDSA P-256.", choices=("2048", "3072")
            ),
            SERVICES,
            FORCE,
            EXPORTABLE,
        ),
        "Makes a self-signed certificate, or a request for one.",
        {
            "New-ExchangeCertificate -DomainName mail.contoso.com,smtp.contoso.com": "Self-signed.",
            'New-ExchangeCertificate -GenerateRequest -SubjectName "CN=mail.contoso.com" -KeySize 2048 '
            '-FriendlyName "From our authority"': "A request; its answer comes by Import-ExchangeCertificate.",
        },
        changes=True,
    ),
    Cmdlet(
        "Enable-ExchangeCertificate",
        _enable,
        (THUMBPRINT, SERVICES, FORCE),
        "Says which connectors show a certificate, and how to make others show it.",
        {
            "Get-ExchangeCertificate | Select-Object -First 1 | Enable-ExchangeCertificate -Services SMTP": (
                "Who shows it?"
            ),
        },
    ),
    Cmdlet(
        "Remove-ExchangeCertificate",
        _remove,
        (THUMBPRINT,),
        "Removes a certificate that no connector shows, and its key.",
        {"Remove-ExchangeCertificate mail.contoso.com -Confirm:$false": "Removes it without asking."},
        changes=True,
    ),
)
FIELDS = Fields(
    None,
    {"names": "DomainName", "name": "FriendlyName", "password": "Password", "file": "FileName", "key_file": "FileName"},
)
TABLE = {each.name: guarded(each, FIELDS) for each in CMDLETS}
