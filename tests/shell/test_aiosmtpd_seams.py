"""Exactly the names and behaviours of aiosmtpd 1.4.6 that our subclass relies on: look here when the pin moves."""

import inspect
from importlib.metadata import version
from types import SimpleNamespace

import pytest
from aiosmtpd.smtp import SMTP

from transport.shell.clients.dialogue import Dialogue
from transport.shell.clients.wire import Wire

OVERRIDDEN = (
    "connection_made",
    "connection_lost",
    "data_received",
    "eof_received",
    "pause_writing",
    "resume_writing",
    "push",
)


def test_the_version_that_was_read() -> None:
    assert version("aiosmtpd") == "1.4.6"


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_what_we_override_exists(name: str) -> None:
    assert hasattr(SMTP, name)
    assert name in vars(Wire)


def test_push_takes_the_reply() -> None:
    assert list(inspect.signature(SMTP.push).parameters) == ["self", "status"]
    assert list(inspect.signature(Wire.push).parameters) == ["self", "status"]


def test_an_object_whose_constructor_never_ran_can_be_forgotten() -> None:
    """`SMTP.__del__` must bear that `_closed` was never set."""
    SMTP.__del__(SMTP.__new__(SMTP))


def test_a_session_has_no_dictionary_of_its_own() -> None:
    """5,000 idle sessions must fit; an attribute outside __slots__ would make a dictionary for each."""
    protocol = Dialogue(SimpleNamespace(loop=None))  # type: ignore[arg-type]
    assert vars(protocol) == {}
