"""Import- and Export-ExchangeCertificate: certificates as files (Exchange reference, section 11.3)."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from django.core.exceptions import ValidationError

from console.certificates import actions, reading
from console.certificates.models import Certificate
from console.management_shell.cmdlets.certificates import (
    COMMON_NAME,
    EXPORTABLE,
    FIELDS,
    FORCE,
    LONGEST_NAME,
    NAME,
    SERVICES,
    THUMBPRINT,
    find,
    record,
    say_what_is_not_here,
)
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import octets
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import read_text, revealed


def _import(call: Call) -> Iterator[object]:
    say_what_is_not_here(call)
    content = _content(call)
    if not content:
        raise ShellError("Say -FileName, or -FileData with what is in the file.", "FileName")
    name = call.get("FriendlyName", "")
    if call.should_process(name or call.get("FileName", "the certificate"), "Import-ExchangeCertificate"):
        if reading.without_key(content):
            yield record(actions.answer_any(call.host.actor, content))
        else:
            yield record(_load(call, name, content))


def _content(call: Call) -> bytes:
    if "FileName" in call.arguments:
        return bytes(call.host.read_file(call.arguments["FileName"]))
    return octets(call.get("FileData"))


def _load(call: Call, name: str, content: bytes) -> Certificate:
    password = call.get("Password", "")
    try:
        return actions.load(call.host.actor, name or _name_of(content), content, b"", password)
    except ValidationError as error:
        if "Password" in call.arguments or "password" not in getattr(error, "error_dict", {}):
            raise
        password = call.host.read_secret("Password of the file")
        return actions.load(call.host.actor, name or _name_of(content), content, b"", password)


def _name_of(content: bytes) -> str:
    """A name for a certificate that brings none."""
    try:
        leaf = x509.load_pem_x509_certificates(content)[0] if b"-----BEGIN" in content else None
    except ValueError:
        leaf = None
    common = COMMON_NAME.findall(leaf.subject.rfc4514_string()) if leaf else []
    base = (common[0] if common else "Imported certificate")[: LONGEST_NAME - 4]
    taken = {name.lower() for name in Certificate.objects.values_list("name", flat=True)}
    tries = [base, *(f"{base} {number}" for number in range(2, 1000))]
    return next(each for each in tries if each.lower() not in taken)


def _export(call: Call) -> Iterator[object]:
    row = find(call.arguments["Thumbprint"])
    if call.should_process(row.name, "Export-ExchangeCertificate"):
        password = call.get("Password") or call.host.read_secret("A password for the file")
        call.host.write_file(call.arguments["FileName"], actions.export(call.host.actor, row.pk, password))
    return iter(())


PASSWORD = Parameter("Password", revealed, help="The password of the file. Without it you are asked.")
CMDLETS = (
    Cmdlet(
        "Import-ExchangeCertificate",
        _import,
        (
            Parameter("FileName", read_text, position=0, help="A PFX or PEM file, or an authority's answer."),
            Parameter("FileData", help="Its content instead: octets, or the text of a PEM file."),
            PASSWORD,
            NAME,
            SERVICES,
            FORCE,
            EXPORTABLE,
        ),
        "Loads a certificate with its key, or the answer to a request.",
        {"Import-ExchangeCertificate -FileName certificate.pfx -Password secret-of-the-file": "From a PFX file."},
        changes=True,
    ),
    Cmdlet(
        "Export-ExchangeCertificate",
        _export,
        (
            THUMBPRINT,
            Parameter("FileName", read_text, mandatory=True, help="The PFX file to write."),
            PASSWORD,
            Parameter("BinaryEncoded", switch=True, help="Not needed: a PFX file is binary."),
        ),
        "Writes a certificate with chain and key into a PFX file, under a password.",
        {
            "Get-ExchangeCertificate | Select-Object -First 1 | Export-ExchangeCertificate -FileName copy.pfx "
            "-Password a-long-password": "The audit log notes it.",
        },
        changes=True,
    ),
)
TABLE = {each.name: guarded(each, FIELDS) for each in CMDLETS}
