"""ConvertTo-SecureString and Read-Host: passwords that commands ask for."""

from __future__ import annotations

from collections.abc import Iterator

from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Record, Secret, read_text


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
PS_CREDENTIAL = "PSCredential"


def credential(user_name: str, password: str) -> Record:
    """User name and password as one object; what prints it shows the name."""
    return Record(PS_CREDENTIAL, {"UserName": user_name, "Password": Secret(password)}, name=user_name)


def _get_credential(call: Call) -> Iterator[object]:
    given = call.get("Credential")
    if isinstance(given, Record) and given.type_name == PS_CREDENTIAL:
        yield given
        return
    user_name = call.get("UserName") or (str(given) if given else "")
    if not user_name:
        raise ShellError("Say whose password it is.", "UserName")
    prompt = call.get("Message") or f"Password of {user_name}"
    yield credential(user_name, call.host.read_secret(prompt))


GET_CREDENTIAL = Cmdlet(
    "Get-Credential",
    _get_credential,
    (
        Parameter("Credential", position=0, help="The user name; or a credential, which is put out as it is."),
        Parameter("UserName", read_text, help="The user name."),
        Parameter("Message", read_text, help="What is asked."),
    ),
    "Asks for the password of a user, for -AuthenticationCredential.",
    {"Get-Credential device@contoso.com": "Asks for the password; the object shows the user name alone."},
)
SECRETS = (GET_CREDENTIAL, CONVERT_TO_SECURE_STRING, READ_HOST)
