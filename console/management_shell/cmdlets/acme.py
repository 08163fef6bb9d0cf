"""Certificates that are ordered by ACME, which Exchange has not: accounts at authorities, and what is ordered there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from console.acme import actions, queries
from console.acme.checks import ALGORITHMS, Wanted, WantedAccount
from console.acme.models import Account, Challenge, ManagedCertificate
from console.certificates import keys
from console.management_shell.cmdlets.guard import NOTHING_CHANGED, Fields, guarded
from console.management_shell.cmdlets.results import not_found
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, argument, one_of, read_text, read_texts, revealed
from transport.config.host_name import host_name

KINDS = {"P256": keys.P256, "RSA2048": keys.RSA2048, "RSA3072": keys.RSA3072}


def _account_record(row: Account) -> Record:
    found: dict[str, object] = {
        "Name": row.name, "Directory": row.directory, "Contact": row.contact, "AccountUrl": row.url,
        "EabKeyId": row.eab_key_id, "Certificates": queries.ordered_with(row),
    }  # fmt: skip
    return Record("GatepostAcmeAccount", found, ("Name", "Directory"), row, row.name)


def _record(row: ManagedCertificate) -> Record:
    """Without its secrets."""
    found: dict[str, object] = {
        "Name": row.name, "DomainName": list(row.names), "Account": row.account.name, "Challenge": row.challenge,
        "RenewalTime": queries.due(row), "InProgress": row.is_under_way, "Problem": row.problem,
        "FailedSince": row.failed_since, "NextAttempt": row.next_step, "Steps": [words for _, words in row.told],
        "KeyType": row.key_type, "KeepKey": row.keep_key,
    }  # fmt: skip
    return Record("GatepostManagedCertificate", found, ("Name", "DomainName", "RenewalTime", "Problem"), row, row.name)


def _find(model: Any, wanted: object) -> Any:
    source = getattr(wanted, "source", None)
    if isinstance(source, model):
        return source
    row = model.objects.filter(name__iexact=argument(wanted).strip()).first()
    if row is None:
        raise not_found(wanted, known=model.objects.values_list("name", flat=True))
    return row


def _get_accounts(call: Call) -> Iterator[Record]:
    rows = [_find(Account, call.arguments["Identity"])] if "Identity" in call.arguments else Account.objects.all()
    return (_account_record(row) for row in rows)


def _new_account(call: Call) -> Iterator[Record]:
    name = call.arguments["Name"]
    wanted = WantedAccount(
        directory=call.arguments["Directory"], contact=" ".join(call.get("Contact", ())),
        trusted_root=bytes(call.host.read_file(call.arguments["TrustedRootFile"])).decode("ascii", "replace")
        if "TrustedRootFile" in call.arguments else "",
        eab_key_id=call.get("EabKeyId", ""),
    )  # fmt: skip
    if call.should_process(name, "New-GatepostAcmeAccount"):
        agreed = bool(call.get("AcceptTerms"))
        yield _account_record(actions.add_account(call.host.actor, name, wanted, call.get("EabKey", ""), agreed))


def _remove_account(call: Call) -> Iterator[Record]:
    row = _find(Account, call.arguments["Identity"])
    if call.should_process(row.name, "Remove-GatepostAcmeAccount"):
        actions.remove_account(call.host.actor, row)
    return iter(())


def _get(call: Call) -> Iterator[Record]:
    every = ManagedCertificate.objects.select_related("account")
    rows = [_find(ManagedCertificate, call.arguments["Identity"])] if "Identity" in call.arguments else every
    return (_record(row) for row in rows)


def _wanted(call: Call, former: Mapping[str, Any]) -> Wanted:
    """What was wanted before, and in its place what the call says."""
    read: dict[str, Callable[[Any], Any]] = {
        "account": lambda value: _find(Account, value), "key_type": lambda value: KINDS[value], "keep_key": bool,
    }  # fmt: skip
    said = {
        field: read.get(field, lambda value: value)(call.arguments[name])
        for field, name in NAMES.items()
        if field in Wanted.__dataclass_fields__ and name in call.arguments
    }
    found: dict[str, Any] = {**former, **said}
    if found.get("tsig_name") and not found.get("tsig_algorithm"):
        found["tsig_algorithm"] = ALGORITHMS[0]
    return Wanted(**found)


def _new(call: Call) -> Iterator[Record]:
    name, wanted = call.arguments["Name"], _wanted(call, {})
    if call.should_process(name, "New-GatepostManagedCertificate"):
        yield _record(actions.add(call.host.actor, name, wanted, call.get("TsigSecret", "")))


def _set(call: Call) -> Iterator[Record]:
    row = _find(ManagedCertificate, call.arguments["Identity"])
    wanted = _wanted(call, {field: getattr(row, field) for field in Wanted.__dataclass_fields__})
    if call.should_process(row.name, "Set-GatepostManagedCertificate"):
        before = actions.facts(row)
        after = actions.change(call.host.actor, row, wanted, call.get("TsigSecret", ""))
        if actions.facts(after) == before and "TsigSecret" not in call.arguments:
            call.warning(NOTHING_CHANGED.format(row))
    return iter(())


def _update(call: Call) -> Iterator[Record]:
    row = _find(ManagedCertificate, call.arguments["Identity"])
    if call.should_process(row.name, "Update-GatepostManagedCertificate"):
        actions.renew(call.host.actor, row)
    return iter(())


def _remove(call: Call) -> Iterator[Record]:
    row = _find(ManagedCertificate, call.arguments["Identity"])
    if call.should_process(row.name, "Remove-GatepostManagedCertificate"):
        actions.remove(call.host.actor, row)
    return iter(())


def _names(value: object) -> list[str]:
    return [host_name(each.strip()) for each in read_texts(value)]


CHALLENGES, SIZES = tuple(Challenge.values), tuple(KINDS)
WHICH_ACCOUNT = Parameter("Identity", position=0, mandatory=True, from_pipeline=True, help="The account’s name.")
WHICH = Parameter("Identity", position=0, mandatory=True, from_pipeline=True, help="The certificate’s name.")
NAMED = Parameter("Name", read_text, position=0, mandatory=True, help="How it is called in lists here.")
ORDERED = (
    Parameter("Challenge", one_of(*CHALLENGES), help="How names are proved.", choices=CHALLENGES),
    Parameter("DnsServer", read_text, help="Address and port of the server that takes dynamic updates."),
    Parameter("DnsZone", read_text, help="The zone of the records."),
    Parameter("TsigName", read_text, help="The name of the TSIG key."),
    Parameter("TsigAlgorithm", one_of(*ALGORITHMS), help="Its algorithm.", choices=ALGORITHMS),
    Parameter("TsigSecret", revealed, help="The secret of the key, in Base64."),
    Parameter("Hook", read_text, help="The name of a hook in dns-hooks.toml."),
    Parameter("KeyType", one_of(*SIZES), help="P256, unless old devices need RSA.", choices=SIZES),
    Parameter("KeepKey", switch=True, help="Keeps the key when it is renewed, for TLSA records 3 1 1."),
    Parameter("PreferredChain", read_text, help="A part of the name of who signs, of several chains."),
)
NAMES = {
    "name": "Name", "directory": "Directory", "contact": "Contact", "agreed": "AcceptTerms",
    "eab_key_id": "EabKeyId", "eab_key": "EabKey", "trusted_root": "TrustedRootFile", "names": "DomainName",
    "account": "Account", "challenge": "Challenge", "dns_server": "DnsServer", "dns_zone": "DnsZone",
    "tsig_name": "TsigName", "tsig_algorithm": "TsigAlgorithm", "tsig_secret": "TsigSecret", "hook": "Hook",
    "key_type": "KeyType", "keep_key": "KeepKey", "preferred_chain": "PreferredChain",
}  # fmt: skip
FIELDS = Fields(names=NAMES)
CMDLETS = (
    Cmdlet(
        "Get-GatepostAcmeAccount",
        _get_accounts,
        (Parameter("Identity", position=0, from_pipeline=True, help="The account’s name."),),
        "Shows the accounts at authorities that issue certificates by ACME.",
        {"Get-GatepostAcmeAccount": "All of them."},
    ),
    Cmdlet(
        "New-GatepostAcmeAccount",
        _new_account,
        (
            NAMED,
            Parameter("Directory", read_text, mandatory=True, help="The address of the authority’s directory."),
            Parameter("Contact", read_texts, help="Addresses that the authority may write to."),
            Parameter("AcceptTerms", switch=True, help="Agrees to the authority’s terms of service; needed."),
            Parameter("EabKeyId", read_text, help="The key ID of an external account binding."),
            Parameter("EabKey", revealed, help="The HMAC key of that, as the authority shows it."),
            Parameter("TrustedRootFile", read_text, help="PEM: who vouches for the host of a private authority."),
        ),
        "Adds an account; it is made at the authority with the first order.",
        {
            'New-GatepostAcmeAccount "Let\'s Encrypt" -Directory https://acme-v02.api.letsencrypt.org/directory '
            "-Contact admin@contoso.com -AcceptTerms": "An account at Let’s Encrypt.",
        },
        changes=True,
    ),
    Cmdlet(
        "Remove-GatepostAcmeAccount",
        _remove_account,
        (WHICH_ACCOUNT,),
        "Forgets an account that nothing is ordered with.",
        {
            "Get-GatepostAcmeAccount | Where-Object { !$_.Certificates } | "
            "Remove-GatepostAcmeAccount -Confirm:$false": "Those that are not needed.",
        },
        changes=True,
    ),
    Cmdlet(
        "Get-GatepostManagedCertificate",
        _get,
        (Parameter("Identity", position=0, from_pipeline=True, help="The certificate’s name."),),
        "Shows what is ordered by ACME, how far an order is, and when it is renewed.",
        {"Get-GatepostManagedCertificate | fl Name,RenewalTime,Problem,Steps": "How the last orders went."},
    ),
    Cmdlet(
        "New-GatepostManagedCertificate",
        _new,
        (
            NAMED,
            Parameter("DomainName", _names, mandatory=True, help="Host names, the most important first."),
            Parameter("Account", mandatory=True, help="The account’s name."),
            *ORDERED,
        ),
        "Orders a certificate by ACME, and each following one before it ends.",
        {
            "New-GatepostManagedCertificate Mail -DomainName mail.contoso.com "
            '-Account "Let\'s Encrypt"': "Proved by http-01.",
        },
        changes=True,
    ),
    Cmdlet(
        "Set-GatepostManagedCertificate",
        _set,
        (
            WHICH,
            Parameter("DomainName", _names, help="Host names, the most important first, in place of the former."),
            Parameter("Account", help="The account’s name."),
            *ORDERED,
        ),
        "Orders otherwise from now on: at once, where another certificate is wanted than the one that is there.",
        {
            "Set-GatepostManagedCertificate Mail -KeepKey": "The next one has the same key.",
            "Set-GatepostManagedCertificate Mail -Challenge dns-01-hook -Hook provider": "Proved by a command.",
        },
        changes=True,
    ),
    Cmdlet(
        "Update-GatepostManagedCertificate",
        _update,
        (WHICH,),
        "Orders the next certificate now.",
        {"Get-GatepostManagedCertificate | Update-GatepostManagedCertificate": "All of them, one after the other."},
        changes=True,
    ),
    Cmdlet(
        "Remove-GatepostManagedCertificate",
        _remove,
        (WHICH,),
        "Orders it no more; the certificate that is there stays until its end.",
        {
            "Get-GatepostManagedCertificate | Where-Object { $_.Problem } | "
            "Remove-GatepostManagedCertificate -Confirm:$false": "Those that fail.",
        },
        changes=True,
    ),
)
TABLE = {each.name: guarded(each, FIELDS) for each in CMDLETS}
