"""The commands that lead from one configuration to another. Pure: two snapshots in, lines of a script out.

`script(Snapshot(), now)` is the whole configuration. What it cannot say it says in a comment: no private key and no
password ever stands in a script.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from msgspec.structs import replace

from console.commands.pairing import key, pairs, renamed
from console.commands.wording import argument, new_command, quoted, set_command
from console.publishing.gateways import Gateways
from console.publishing.published import Published, every_kind
from console.publishing.relay_guard import few
from transport.config import rules
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import IPListProvider
from transport.config.permissions import Grant
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.snapshot import Snapshot
from transport.receive.exposure import exposure, is_wide, wide_domains
from transport.receive.relay_openings import newly_open
from transport.receive.relay_proof import proof
from transport.receive.relayed_domains import domains_taken

DO_NOT_ASK = " -Confirm:$false"
OTHERWISE = {
    "certificates", "keytabs", "accepted_domains", "receive_connectors", "ip_list_entries", "ip_list_providers",
}  # fmt: skip
"""Parts whose objects depend on each other or have no New-, Set- and Remove-: each has a function of its own."""


@dataclass
class Script:
    """The commands so far, and the configuration that they lead to: `now`."""

    now: Snapshot
    behind: Gateways = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wide = wide_domains(domains_taken(self.now))
        self._proved = self.now, proof(self.now)

    def add(self, command: str, wide: bool = False, **becomes: Any) -> None:
        """A command and the parts of the snapshot that it replaces. Whoever opens a relay has to name it.

        `wide`: the command is about a wide accepted domain or a Send connector that overrides relay.
        """
        after = replace(self.now, **becomes)
        opened = self._opened(after) if wide or "receive_connectors" in becomes else {}
        self.lines.append(command + _named(opened))
        self.now = after
        if wide:
            self.wide = wide_domains(domains_taken(after))

    def _opened(self, after: Snapshot) -> Collection[str]:
        """What has to be named; the proof of `after` is kept, for the next command mostly begins there."""
        of, before = self._proved
        before, after_it = before if of is self.now else proof(self.now), proof(after)
        self._proved = after, after_it
        return newly_open(before, after_it)

    def put(self, command: str, old: ReceiveConnector | None, new: ReceiveConnector) -> None:
        """A command that gives one connector more rights, or makes it: nobody else can become a relay by that."""
        one, two = (exposure(each, self.wide) if each and each.enabled else None for each in (old, new))
        opens = (
            two is not None and two.relays and (one is None or not one.relays or two.any_recipient > one.any_recipient)
        )
        self.lines.append(command + _named([new.name] if opens and not few(new.remote_ip_ranges, self.behind) else []))
        self.now = replace(self.now, receive_connectors=(*_others(self, old), new))


def _named(connectors: Collection[str]) -> str:
    return " -ConfirmRelay " + ",".join(quoted(name) for name in connectors) if connectors else ""


def script(before: Snapshot, after: Snapshot, behind: Gateways | None = None) -> list[str]:
    """The commands, one each line, in an order in which each can stand by itself; comments begin with `#`. `behind`:
    the gateways that are known where they will be given.
    """
    found = Script(before, behind or {})
    _certificates(found, after)
    _keytabs(found, after)
    _accepted_domains(found, after)
    _connectors(found, after)
    for kind in every_kind():
        if kind.is_single:
            _single(found, kind, after)
        elif kind.part not in OTHERWISE:
            _objects(found, kind, after)
    _entries(found, after)
    _providers(found, after)
    _removed_certificates(found, after)
    return found.lines


def new_commands(
    connector: ReceiveConnector | SendConnector,
    domains: tuple[AcceptedDomain, ...] = (),
    behind: Gateways | None = None,
) -> list[str]:
    """The commands that make one connector where these domains are accepted."""
    part = "receive_connectors" if isinstance(connector, ReceiveConnector) else "send_connectors"
    before = Snapshot(accepted_domains=domains)
    return script(before, replace(before, **{part: (connector,)}), behind)


def _certificates(found: Script, after: Snapshot) -> None:
    for old, new in pairs(found.now.certificates, after.certificates):
        if new is not None and old != new:
            names = ", ".join(new.names)
            found.lines.append(
                f"# The certificate {quoted(new.name)} ({names}) is not in this script, since its private key stays "
                "where it is. Export it under Certificates as PFX, then: "
                f"Import-ExchangeCertificate -FileName <file> -FriendlyName {quoted(new.name)}"
            )


def _keytabs(found: Script, after: Snapshot) -> None:
    """No cmdlet handles them: the keys come from the domain's own tools."""
    for old, new in pairs(found.now.keytabs, after.keytabs):
        name = quoted((new or old).name)
        what = f"Remove the keytab {name}" if new is None else f"The keytab {name} is not in this script: load it"
        if old != new:
            found.lines.append(f"# {what} under Recipients, Keytabs.")


def _removed_certificates(found: Script, after: Snapshot) -> None:
    """Once no connector shows them any more."""
    for old, new in pairs(found.now.certificates, after.certificates):
        if new is None:
            found.add(f"Remove-ExchangeCertificate {quoted(old.name)}{DO_NOT_ASK}")


def _accepted_domains(found: Script, after: Snapshot) -> None:
    """The default domain cannot be removed, and the first domain is the default."""
    every = pairs(found.now.accepted_domains, after.accepted_domains, lambda domain: domain.domain_name)
    gone = [old for old, new in every if new is None]
    for old in [each for each in gone if not each.default]:
        _remove_domain(found, old)
    for old, new in sorted(every, key=lambda pair: not (pair[1] and pair[1].default)):
        if new is not None:
            _put_domain(found, old, new)
    for old in [each for each in gone if each.default]:
        _remove_domain(found, old)


def _remove_domain(found: Script, old: AcceptedDomain) -> None:
    rest = tuple(each for each in found.now.accepted_domains if each.domain_name != old.domain_name)
    found.add(f"Remove-AcceptedDomain {quoted(old.name)}{DO_NOT_ASK}", is_wide(old), accepted_domains=rest)


def _put_domain(found: Script, old: AcceptedDomain | None, new: AcceptedDomain) -> None:
    others = tuple(each for each in found.now.accepted_domains if each.domain_name != new.domain_name)
    made = replace(new, default=not others if old is None else old.default)
    if old is None:
        found.add(new_command(made, skip={"default"}), is_wide(made), accepted_domains=(*others, made))
    elif old != made:
        found.add(set_command(old, made), is_wide(old) or is_wide(made), accepted_domains=(*others, made))
    if new.default and not made.default:
        retired = tuple(replace(each, default=False) for each in others)
        found.add(f"Set-AcceptedDomain {quoted(new.name)} -MakeDefault $true", accepted_domains=(*retired, new))


def _connectors(found: Script, after: Snapshot) -> None:
    """A connector that cannot be changed yet, because another still has its addresses, is made anew at the end."""
    every = renamed(pairs(found.now.receive_connectors, after.receive_connectors), {"usage"})
    fresh = [new for old, new in every if old is None]
    for old, new in every:
        if old is not None and (new is None or old.usage is not new.usage):
            fresh += [new] if new else []
            _drop(found, old)
    for old, new in every:
        if old is None or new is None or old == new or old.usage is not new.usage:
            continue
        if rules.problems(new, _others(found, old)):
            fresh.append(new)
            _drop(found, old)
        else:
            _change(found, old, new)
    for new in sorted(fresh, key=lambda each: each.name.lower()):
        bare = replace(new, grants=())
        found.put(new_command(bare, rules.preset(new.usage, new.name)), None, bare)
        _grants(found, bare, new)


def _others(found: Script, connector: ReceiveConnector | None) -> tuple[ReceiveConnector, ...]:
    return tuple(each for each in found.now.receive_connectors if connector is None or each.name != connector.name)


def _drop(found: Script, old: ReceiveConnector) -> None:
    rest = _others(found, old)
    found.add(f"Remove-ReceiveConnector {quoted(old.name)}{DO_NOT_ASK}", receive_connectors=rest)


def _change(found: Script, old: ReceiveConnector, new: ReceiveConnector) -> None:
    without = replace(new, grants=old.grants)
    if old != without:
        found.add(set_command(old, without), receive_connectors=(*_others(found, old), without))
    _grants(found, without, new)


def _grants(found: Script, old: ReceiveConnector, new: ReceiveConnector) -> None:
    """Remove- takes back what stands of a principal and a right, Add- puts a grant in place of a denial."""
    wanted = {(each.principal, each.right) for each in new.grants}
    gone = [each for each in old.grants if (each.principal, each.right) not in wanted]
    for verb, grants in (("Remove", gone), ("Add", [each for each in new.grants if each not in old.grants])):
        for (principal, deny), some in groupby(sorted(grants, key=_whose), key=_whose):
            every = list(some)
            rights = ",".join(quoted(each.right) for each in every)
            words = f"Get-ReceiveConnector {quoted(new.name)} | {verb}-ADPermission -User {quoted(principal)} "
            words += f"-ExtendedRights {rights}" + (" -Deny" if deny else "") + (DO_NOT_ASK if every[0] in gone else "")
            _granted(found, new, every, words, adding=verb == "Add")


def _whose(grant: Grant) -> tuple[str, bool]:
    return grant.principal, grant.deny


def _granted(found: Script, connector: ReceiveConnector, grants: Iterable[Grant], words: str, adding: bool) -> None:
    now = next(each for each in found.now.receive_connectors if each.name == connector.name)
    about = {(each.principal, each.right) for each in grants}
    kept = {each for each in now.grants if (each.principal, each.right) not in about}
    held = replace(now, grants=tuple(sorted(kept | (set(grants) if adding else set()))))
    if adding:
        found.put(words, now, held)
    else:
        found.add(words, receive_connectors=(*_others(found, now), held))


def _objects(found: Script, kind: Published, after: Snapshot) -> None:
    both = renamed(pairs(kind.structs(found.now), kind.structs(after)), set())
    for old, new in both:
        if new is None:
            found.add(f"Remove-{kind.struct.__name__} {quoted(old.name)}{DO_NOT_ASK}", **_becomes(found, kind, old))
    for old, new in both:
        if new is not None and old != new:
            command = set_command(old, new) if old else new_command(new, _start(new))
            relays = isinstance(new, SendConnector) and new.allow_relay
            found.add(command, relays, **_becomes(found, kind, old, new))


def _becomes(found: Script, kind: Published, old: Any, *new: Any) -> dict[str, Any]:
    """The objects of a kind, with one of them replaced."""
    return {kind.part: (*(each for each in kind.structs(found.now) if each is not old), *new)}


def _start(new: Any) -> Any:
    """What New- starts from, where that is not the defaults."""
    return rules.send_start(new.usage, new.name) if isinstance(new, SendConnector) else None


def _entries(found: Script, after: Snapshot) -> None:
    """An entry of an IP list has no Set-: another comment or expiry is another entry."""
    for old in [each for each in found.now.ip_list_entries if each not in after.ip_list_entries]:
        noun = f"IP{old.ip_list.value}ListEntry"
        where = f"Where-Object {{$_.IPRange -eq {quoted(old.ip_range)}}}"
        found.add(f"Get-{noun} | {where} | Remove-{noun}{DO_NOT_ASK}")
    held = set(found.now.ip_list_entries)
    for new in [each for each in after.ip_list_entries if each not in held]:
        found.add(new_command(new, verb="Add", noun=f"IP{new.ip_list.value}ListEntry", skip={"ip_list"}))


def _providers(found: Script, after: Snapshot) -> None:
    """A provider that takes another's priority moves that one down: what follows by itself is not said again."""
    now = {key(each): each for each in found.now.ip_list_providers}
    wanted = {key(each): each for each in after.ip_list_providers}
    for name, old in [(name, old) for name, old in now.items() if _gone(old, wanted.get(name))]:
        found.add(f"Remove-{_provider(old)} {quoted(old.name)}{DO_NOT_ASK}")
        del now[name]
    for name, new in sorted(wanted.items(), key=lambda pair: pair[1].priority):
        held, noun = now.get(name), _provider(new)
        if held != new:
            added = new_command(new, verb="Add", noun=noun, skip={"ip_list"})
            found.add(set_command(held, new, noun) if held else added)
            _push_down(now, new)


def _gone(old: IPListProvider, new: IPListProvider | None) -> bool:
    return new is None or new.ip_list is not old.ip_list


def _provider(provider: IPListProvider) -> str:
    return f"IP{provider.ip_list.value}ListProvider"


def _push_down(now: dict[str, IPListProvider], new: IPListProvider) -> None:
    now[key(new)] = new
    behind = [each for each in now.values() if each.ip_list is new.ip_list and each is not new]
    taken = new.priority
    for each in sorted(behind, key=lambda each: each.priority):
        if each.priority == taken:
            taken += 1
            now[key(each)] = replace(each, priority=taken)


def _single(found: Script, kind: Published, after: Snapshot) -> None:
    (old,), (new,) = kind.structs(found.now), kind.structs(after)
    words: dict[str, list[str]] = {}
    for name, setting in settings(kind.struct).items():
        if getattr(old, name) != getattr(new, name):
            cmdlet, parameter = kind.cmdlet_of(setting)
            words.setdefault(cmdlet, []).append(f"-{parameter} {argument(setting, getattr(new, name))}")
    for cmdlet, given in words.items():
        found.add(" ".join([cmdlet, *given]))
