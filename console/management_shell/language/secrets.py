"""ConvertTo-SecureString and Read-Host: passwords that commands ask for."""

from __future__ import annotations

from collections.abc import Iterator

from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Secret, read_text


def _convert(call: Call) -> Iterator[object]:
    if not call.get("AsPlainText"):
        raise ShellError("Only plain texts can be converted here: say -AsPlainText -Force.", "AsPlainText")
    yield Secret(call.arguments["String"])


CONVERT_TO_SECURE_STRING = Cmdlet(
    "ConvertTo-SecureString",
    _convert,
    (
        Parameter("String", read_text, True, 0, from_pipeline=True, help="The password."),
        Parameter("AsPlainText", switch=True, help="It is written as it is."),
        Parameter("Force", switch=True, help="Not needed: Exchange wants it beside -AsPlainText."),
    ),
    "Makes a password of a text. Commands with a password in them are kept in no history.",
    {"ConvertTo-SecureString 'a password' -AsPlainText -Force": "For -Password of other commands."},
)


def _read(call: Call) -> Iterator[object]:
    if not call.get("AsSecureString"):
        raise ShellError("Scripts ask for passwords only: -AsSecureString. Write other values into the script.")
    yield Secret(call.host.read_secret(call.get("Prompt", "Password")))


READ_HOST = Cmdlet(
    "Read-Host",
    _read,
    (
        Parameter("Prompt", read_text, position=0, help="What is asked for."),
        Parameter("AsSecureString", switch=True, help="A password: nobody sees what is typed."),
    ),
    "Asks for a password.",
    {"Read-Host 'Password of the file' -AsSecureString": "For -Password of other commands."},
)
SECRETS = (CONVERT_TO_SECURE_STRING, READ_HOST)
