"""What an import changes of that which is here already. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import asdict

from console.moving_in.plan import Choice, Step
from transport.config import kinds
from transport.config.setting import settings
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig


def changes_here(steps: Iterable[Step], before: Snapshot, after: Snapshot) -> list[str]:
    """Sentences: another default domain, objects that go for imported ones, other values of the transport settings."""
    replaced = (
        step for step in steps if step.choice is Choice.REPLACE and not isinstance(step.struct, TransportConfig)
    )
    return [*_default_domain(before, after), *map(_replaced, replaced), *_transport_settings(before, after)]


def _default_domain(before: Snapshot, after: Snapshot) -> Iterator[str]:
    old, new = (next((each.domain_name for each in of.accepted_domains if each.default), "") for of in (before, after))
    if old and old != new:
        yield f"The default domain becomes {new} instead of {old}: reports then come from postmaster@{new}."


def _replaced(step: Step) -> str:
    gone = ", ".join(str(getattr(each, "name", each)) for each in step.replaces)
    return f"{gone} goes; the imported {step.found.name} takes its place."


def _transport_settings(before: Snapshot, after: Snapshot) -> Iterator[str]:
    old, new = asdict(before.transport_config), asdict(after.transport_config)
    for field, setting in settings(TransportConfig).items():
        if old[field] != new[field]:
            becomes, was = (kinds.show(setting, value) or "none" for value in (new[field], old[field]))
            yield f"{setting.label} of the transport settings becomes {becomes} instead of {was}."
