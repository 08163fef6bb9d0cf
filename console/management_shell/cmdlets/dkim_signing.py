"""Get-, New-, Set-, Rotate- and Remove-DkimSigningConfig, as Exchange Online calls them. An object is one key."""

from __future__ import annotations

from collections.abc import Iterator

from console.dkim import actions, queries
from console.dkim.models import DkimKey, State
from console.management_shell.cmdlets.guard import Fields, guarded
from console.management_shell.cmdlets.results import not_found
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, argument, read_flag, read_text

FIELDS = Fields(names={"domain": "DomainName"})
IDENTITY = "The domain, or one key by its selector and domain, such as gp202611r._domainkey.contoso.com."


def record(key: DkimKey) -> Record:
    """The key without its secret, with the record that must stand in DNS."""
    found: dict[str, object] = {
        "Domain": key.domain,
        "Selector": key.selector,
        "Algorithm": key.algorithm,
        "Enabled": key.state == State.ACTIVE,
        "Status": State(key.state).name.capitalize(),
        "RecordName": key.record_name,
        "Record": queries.text_of(key),
        "Problem": key.problem,
        "LastChecked": key.seen_at,
        "WhenCreated": key.made_at,
    }
    return Record("DkimSigningConfig", found, ("Domain", "Selector", "Status", "Enabled"), key, key.record_name)


def _keys(wanted: object) -> list[DkimKey]:
    source = getattr(wanted, "source", None)
    if isinstance(source, DkimKey):
        return [source]
    text = argument(wanted).strip().lower()
    found = [key for key in DkimKey.objects.all() if text in (key.domain, key.record_name.lower(), key.selector)]
    if not found:
        raise not_found(wanted, known=(key.domain for key in DkimKey.objects.all()))
    return found


def _get(call: Call) -> Iterator[Record]:
    keys = _keys(call.arguments["Identity"]) if "Identity" in call.arguments else DkimKey.objects.all()
    return (record(key) for key in keys)


def _new(call: Call) -> Iterator[Record]:
    domain = call.arguments["DomainName"].lower()
    if call.should_process(domain, "New-DkimSigningConfig"):
        for key in actions.make(call.host.actor, domain):
            yield record(key)
        call.warning("Publish the records, then: Set-DkimSigningConfig … -Enabled $true. Mail is not signed before.")


def _rotate(call: Call) -> Iterator[Record]:
    domains = {key.domain for key in _keys(call.arguments["Identity"])}
    for domain in sorted(domains):
        if call.should_process(domain, "Rotate-DkimSigningConfig"):
            for key in actions.make(call.host.actor, domain):
                yield record(key)
            call.warning("Publish the records of the new keys, then: Set-DkimSigningConfig … -Enabled $true.")


def _set(call: Call) -> Iterator[Record]:
    enabled = call.arguments["Enabled"]
    keys = _keys(call.arguments["Identity"])
    waiting = (State.MADE, State.PUBLISHED) if enabled else (State.ACTIVE,)
    chosen = [key for key in keys if key.state in waiting]
    if not chosen and not any((key.state == State.ACTIVE) is enabled for key in keys):
        raise ShellError("There is no key that could sign: New-DkimSigningConfig makes some.", "Identity")
    for key in chosen:
        if call.should_process(key.record_name, "Set-DkimSigningConfig"):
            (actions.activate if enabled else actions.retire)(call.host.actor, key)
    return iter(())


def _remove(call: Call) -> Iterator[Record]:
    for key in _keys(call.arguments["Identity"]):
        if call.should_process(key.record_name, "Remove-DkimSigningConfig"):
            actions.remove(call.host.actor, key)
    return iter(())


_WHICH = Parameter("Identity", position=0, mandatory=True, from_pipeline=True, help=IDENTITY)
TABLE = {
    each.name: guarded(each, FIELDS)
    for each in (
        Cmdlet(
            "Get-DkimSigningConfig",
            _get,
            (Parameter("Identity", position=0, from_pipeline=True, help=IDENTITY),),
            "Keys that sign mail, with their DNS records.",
            {"Get-DkimSigningConfig | fl RecordName,Record": "What has to stand in DNS."},
        ),
        Cmdlet(
            "New-DkimSigningConfig",
            _new,
            (Parameter("DomainName", read_text, position=0, mandatory=True, help="An accepted domain."),),
            "Makes keys of a domain, RSA and Ed25519.",
            {"New-DkimSigningConfig contoso.com": "Two keys, whose records are then to be published."},
            changes=True,
        ),
        Cmdlet(
            "Set-DkimSigningConfig",
            _set,
            (_WHICH, Parameter("Enabled", read_flag, mandatory=True, help="Whether mail is signed with it.")),
            "Lets keys sign, once DNS shows their records, or retire.",
            {"Get-DkimSigningConfig | ? {$_.Enabled} | Set-DkimSigningConfig -Enabled $false": "Nothing is signed."},
            changes=True,
        ),
        Cmdlet(
            "Rotate-DkimSigningConfig",
            _rotate,
            (_WHICH,),
            "Makes the next keys of a domain; those in use go on until the new ones are enabled.",
            {"Rotate-DkimSigningConfig contoso.com": "Two more keys, whose records are then to be published."},
            changes=True,
        ),
        Cmdlet(
            "Remove-DkimSigningConfig",
            _remove,
            (_WHICH,),
            "Forgets keys that sign nothing.",
            {
                "Get-DkimSigningConfig contoso.com | ? {!$_.Enabled} | Remove-DkimSigningConfig -Confirm:$false": (
                    "Old ones."
                )
            },
            changes=True,
        ),
    )
}
