"""What every cmdlet here does beside its work: asks for a role, and says an action's refusals in the shell's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from django.core.exceptions import PermissionDenied, ValidationError

from console.actors import EVERY_ROLE
from console.management_shell.cmdlets.settings import choices
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import entries, read_texts
from console.publishing.relay_guard import RelayNotConfirmed
from transport.config.setting import settings

CONFIRM_RELAY = Parameter(
    "ConfirmRelay",
    read_texts,
    help="The name of the connector, or the accepted domain, by which strangers could relay afterwards. Not needed "
    "where the command calls that connector by its whole name and only private networks or single addresses could "
    "relay, of which none is likely a gateway. Otherwise you are asked to type the name; -Confirm:$false does not "
    "answer this question.",
)
NOTHING_CHANGED = "The command completed, but nothing of '{}' was changed."
Result = TypeVar("Result")


@dataclass(frozen=True)
class Fields:
    """How an action's fields are called as parameters: by the settings of `struct`, unless `names` says otherwise."""

    struct: type | None = None
    names: Mapping[str, str] | None = None

    def parameter(self, field: str) -> str:
        """The parameter of a field, '' when it is none's."""
        table = settings(self.struct) if self.struct else {}
        return (self.names or {}).get(field) or (table[field].name if field in table else "")

    def allowed(self, field: str) -> tuple[str, ...]:
        """What may be chosen there."""
        table = settings(self.struct) if self.struct else {}
        return choices(table[field]) if field in table else ()


def guarded(cmdlet: Cmdlet, fields: Fields = Fields()) -> Cmdlet:
    """The same cmdlet, for people with a role in the console, with an action's refusals as ShellErrors."""
    inner = cmdlet.run
    assert inner is not None

    def run(call: Call) -> Iterable[object]:
        with refusals(fields):
            call.host.actor.require(*EVERY_ROLE)
            _check_texts(call)
            yield from inner(call)

    return replace(cmdlet, run=run)


def _check_texts(call: Call) -> None:
    """No text reaches an action that the database cannot keep: NUL, or half of a surrogate pair."""
    for name, value in call.arguments.items():
        for each in entries(value):
            if isinstance(each, str) and ("\0" in each or any("\ud800" <= sign <= "\udfff" for sign in each)):
                raise ShellError("Control characters are not allowed here.", name)


@contextmanager
def refusals(fields: Fields = Fields()) -> Iterator[None]:
    """Makes ShellErrors of what actions raise: the parameter at fault, the reason, what is allowed."""
    try:
        yield
    except PermissionDenied as error:
        raise ShellError(str(error) or "You may not do this.") from None
    except ValidationError as error:
        raise shell_error(error, fields) from None


def shell_error(error: ValidationError, fields: Fields) -> ShellError:
    """The first parameter at fault is named by the error, others in its text."""
    if not hasattr(error, "error_dict"):
        return ShellError(" ".join(error.messages))
    texts, first = [], ""
    for field, messages in error.message_dict.items():
        name = fields.parameter(field)
        first = first or field
        texts.append(("" if field == first or not name else f"{name}: ") + " ".join(messages))
    return ShellError(" ".join(texts), fields.parameter(first), fields.allowed(first))


def confirmed(call: Call, act: Callable[[frozenset[str]], Result], said: frozenset[str] = frozenset()) -> Result:
    """Does what may let strangers relay: `act(names)` with what the administrator has named.

    A connector that the command itself calls by its whole name (`said`) counts as named if only private networks and
    single addresses without a gateway could relay through it; who they are is a warning. Everybody else takes
    -ConfirmRelay.
    """
    named = frozenset(call.get("ConfirmRelay", ()))
    try:
        return act(named)
    except RelayNotConfirmed as error:
        for name, danger in error.dangers.items():
            if name in named:
                continue
            if name in said & error.few:
                call.warning(danger)
            elif "ConfirmRelay" in call.arguments or not _typed(call, name, danger):
                raise _not_confirmed(error) from None
        return act(named | frozenset(error.dangers))


def _not_confirmed(error: RelayNotConfirmed) -> ShellError:
    names = ",".join(f'"{name}"' for name in error.dangers)
    text = f"{' '.join(error.dangers.values())} Nothing was changed. To confirm: -ConfirmRelay {names}."
    return ShellError(text, "ConfirmRelay")


def _typed(call: Call, name: str, danger: str) -> bool:
    try:
        return call.host.type_name(danger, name)
    except ShellError:
        return False
