"""Get-, New-, Set- and Remove-SystemMessage (Sending mail outward, section 5.5)."""

from __future__ import annotations

from collections.abc import Iterator

from console.management_shell.cmdlets.family import Family
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet
from console.management_shell.language.values import Record
from console.system_messages import actions, models
from transport.config.system_message import SystemMessage

FAMILY = Family(
    noun="SystemMessage",
    words="system message",
    struct=SystemMessage,
    rows=lambda: models.SystemMessage.objects.all(),
    columns=("Identity", "Text"),
    order=("Text", "Internal", "Language", "DsnCode", "Original", "Identity"),
)


def _new(call: Call) -> Iterator[Record]:
    return FAMILY.made(call, SystemMessage(name="-"), lambda struct, names: actions.create(call.host.actor, struct))


def _set(call: Call) -> Iterator[Record]:
    return FAMILY.changed(call, lambda row, changes, names: actions.update(call.host.actor, row.pk, changes))


def _remove(call: Call) -> Iterator[Record]:
    return FAMILY.removed(call, lambda row, names: actions.remove(call.host.actor, row.pk))


TABLE = {
    each.name: guarded(each, FAMILY.fields)
    for each in (
        FAMILY.get({"Get-SystemMessage": "Your own words, all of them."}),
        Cmdlet(
            "New-SystemMessage",
            _new,
            (
                FAMILY.parameter("dsn_code", mandatory=True),
                FAMILY.parameter("internal", mandatory=True),
                FAMILY.parameter("language"),
                FAMILY.parameter("text", mandatory=True),
                FAMILY.parameter("name"),
                FAMILY.parameter("original"),
            ),
            "Own words for reports about one code.",
            {
                "New-SystemMessage -DsnCode 5.1.2 -Internal $true -Language En -Text 'Ask the help desk: "
                '<A HREF="mailto:help@contoso.com">help@contoso.com</A>\'': "What internal senders read.",
            },
            changes=True,
        ),
        Cmdlet(
            "Set-SystemMessage",
            _set,
            (FAMILY.identity_parameter(), FAMILY.parameter("text"), FAMILY.parameter("original"),
             FAMILY.parameter("dsn_code"), FAMILY.parameter("language"), FAMILY.parameter("internal"),
             FAMILY.parameter("name")),
            "Changes own words, or lets them rest.",
            {r"Set-SystemMessage En\Internal\5.1.2 -Original $true": "The usual words are used; these are kept."},
            changes=True,
        ),
        Cmdlet(
            "Remove-SystemMessage",
            _remove,
            (FAMILY.identity_parameter(),),
            "Forgets own words.",
            {r"Remove-SystemMessage En\Internal\5.1.2 -Confirm:$false": "Removes them without asking."},
            changes=True,
        ),
    )
}  # fmt: skip
