"""Get-, New-, Set- and Remove-SystemMessage (Sending mail outward, section 5.5)."""

from __future__ import annotations

from collections.abc import Iterator

from console.management_shell.cmdlets.family import Family
from console.management_shell.cmdlets.guard import guarded
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record
from console.system_messages import actions, models
from transport.config.system_message import SystemMessage, identity
from transport.send.dsn import USUAL_WORDS

FAMILY = Family(
    noun="SystemMessage",
    words="system message",
    struct=SystemMessage,
    rows=lambda: models.SystemMessage.objects.all(),
    columns=("Identity", "Text"),
    order=("Text", "Internal", "Language", "DsnCode", "Original", "Identity"),
)


def _get(call: Call) -> Iterator[Record]:
    if not call.get("Original"):
        yield from FAMILY.shown(call.get("Identity"))
        return
    if call.get("Identity") is not None:
        raise ShellError("-Original shows the usual words of every code: leave -Identity out.", "Original")
    for code, text in sorted(USUAL_WORDS.items()):
        for internal in (True, False):
            usual = SystemMessage(name="-", dsn_code=code, internal=internal, text=text)
            found: dict[str, object] = {"Identity": identity(usual), "DsnCode": code}
            found |= {"Language": usual.language, "Text": text}
            yield Record(FAMILY.noun, found, FAMILY.columns)


def _new(call: Call) -> Iterator[Record]:
    return FAMILY.made(call, SystemMessage(name="-"), lambda struct, names: actions.create(call.host.actor, struct))


def _set(call: Call) -> Iterator[Record]:
    return FAMILY.changed(call, lambda row, changes, names: actions.update(call.host.actor, row.pk, changes))


def _remove(call: Call) -> Iterator[Record]:
    return FAMILY.removed(call, lambda row, names: actions.remove(call.host.actor, row.pk))


TABLE = {
    each.name: guarded(each, FAMILY.fields)
    for each in (
        Cmdlet(
            "Get-SystemMessage",
            _get,
            (
                FAMILY.identity_parameter(False),
                Parameter("Original", switch=True, help="The usual words of each code, in place of your own."),
            ),
            "Shows own words for reports, or the usual ones.",
            {
                "Get-SystemMessage": "Your own words, all of them.",
                "Get-SystemMessage -Original | Format-List": "What reports say where you have no own words.",
            },
        ),
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
