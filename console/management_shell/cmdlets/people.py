"""Get-User and Get-Mailbox: who may sign in over SMTP, and where mail lies that was delivered here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from console.mailboxes import queries as mailboxes
from console.mailboxes.queries import Mailbox
from console.management_shell.cmdlets.family import identity
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.cmdlets.results import RESULT_SIZE, limited, not_found
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.patterns import like
from console.management_shell.language.values import Record
from console.users import queries as users
from console.users.models import User

Thing = TypeVar("Thing")


def of_user(user: User) -> Record:
    """What Get-User puts out; neither the password nor anything like it."""
    found: dict[str, object] = {
        "Name": user.name,
        "DisplayName": user.display_name,
        "SamAccountName": user.name,
        "Domain": user.domain,
        "Identity": user.principal,
        "Enabled": user.enabled,
        "EmailAddresses": users.addresses_of(user),
        "MemberOf": users.groups_of(user),
        "PasswordLastSet": user.password_set_at,
        "WhenCreated": user.created_at,
    }
    return Record("User", found, ("Identity", "DisplayName", "Enabled"), user, user.principal)


def of_mailbox(box: Mailbox) -> Record:
    """What Get-Mailbox puts out. Its messages are counted, and not read."""
    found: dict[str, object] = {
        "Name": box.address.partition("@")[0],
        "PrimarySmtpAddress": box.address,
        "Identity": box.address,
        "ItemCount": box.count,
        "LastMessageReceived": box.newest,
    }
    return Record("Mailbox", found, ("Name", "PrimarySmtpAddress", "ItemCount"), box, box.address)


def _users(call: Call) -> Iterator[Record]:
    every = {user.principal: user for user in users.users()}
    yield from limited(call, map(of_user, _chosen(call, every)))


def _mailboxes(call: Call) -> Iterator[Record]:
    try:
        every = {box.address: box for box in mailboxes.mailboxes()}
    except OSError as error:
        raise ShellError(f"The mailboxes cannot be read: {error.strerror}.") from None
    yield from limited(call, map(of_mailbox, _chosen(call, every)))


def _chosen(call: Call, every: dict[str, Thing]) -> Iterator[Thing]:
    """Those that -Identity means: by the whole name, or by the part that people call somebody by."""
    wanted = call.get("Identity")
    if wanted is None:
        return iter(every.values())
    pattern = str(wanted)
    found = [thing for name, thing in every.items() if any(like(each, pattern) for each in _names(name))]
    if not found and not {"*", "?"} & set(pattern):
        raise not_found(wanted, known=(each for name in every for each in _names(name)))
    return iter(found)


def _names(name: str) -> tuple[str, str]:
    return name, name.rpartition("\\")[2] if "\\" in name else name.partition("@")[0]


IDENTITY = Parameter(
    "Identity", identity, position=0, from_pipeline=True, help="Its name or address; * stands for anything in it."
)
CMDLETS = (
    Cmdlet(
        "Get-User",
        _users,
        (IDENTITY, RESULT_SIZE),
        "Shows the users that may sign in to hand in mail.",
        {"Get-User | ft Identity,Enabled,EmailAddresses": "Who may sign in, and send as whom."},
    ),
    Cmdlet(
        "Get-Mailbox",
        _mailboxes,
        (IDENTITY, RESULT_SIZE),
        "Shows the mailboxes on this server, with the number of their messages.",
        {"Get-Mailbox *@contoso.com": "Those of a domain."},
    ),
)
TABLE = {each.name: guarded(each) for each in CMDLETS}
