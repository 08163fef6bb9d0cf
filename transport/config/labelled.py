"""Choices that an administrator reads: each member beside its words."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """A member is its value (Exchange's name), and the label where that differs.

    `not_enforced`: why a choice is kept and does nothing here; empty for those that do something.
    """

    label: str
    not_enforced: str

    def __new__(cls, value: str, label: str = "", not_enforced: str = "") -> Self:
        """`NAME = value, label`."""
        member = str.__new__(cls, value)
        member._value_, member.label, member.not_enforced = value, label or value, not_enforced
        return member
