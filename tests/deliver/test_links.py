"""A link that is brought up for mail and taken down, with shell scripts for its commands."""

import os
import signal
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from console.queues import queries
from tests.conftest import wait_for
from transport.config import bounds
from transport.config.accepted_domain import AcceptedDomain, DeliverTo
from transport.config.send_connector import DeliveryWindow, RequestMail
from transport.deliver import database, links, pulling
from transport.deliver.links import Refused
from transport.queries import SHARED
from transport.send.link import State

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(os.getuid() != 0, reason="only root may write links.toml"),
]
HOP = "smarthost:Out"
STATUS = "SELECT status, attempts FROM queues_recipient ORDER BY id"
WORDS = "SELECT words, is_fault FROM queues_hold"


@pytest.fixture
def dsl(tmp_path, monkeypatch):
    """Writes links.toml with the link dsl; `up` and `down` add a line to `done`, and make and remove `carrier`."""
    monkeypatch.setenv("GATEPOST_LINKS", str(tmp_path))

    def dsl(up="touch carrier", down="rm -f carrier", check="test -e carrier", **settings):
        lines = ["[dsl]"]
        for name, command in {"up": up, "down": down, "check": check}.items():
            if command:
                noted = f"echo {name} >> done; " if name != "check" else ""
                (tmp_path / name).write_text(f"#!/bin/sh\ncd {tmp_path}\n{noted}{command}\n")
                (tmp_path / name).chmod(0o755)
                lines.append(f'{name} = ["{tmp_path / name}"]')
        lines += [f"{name} = {value}" for name, value in settings.items()]
        (tmp_path / "links.toml").write_text("\n".join(lines))
        (tmp_path / "links.toml").chmod(0o644)
        return tmp_path

    return dsl


def state():
    with database.pool().connection() as connection:
        return links.read(connection, "dsl").state


def is_free():
    """Nobody is at work on it."""
    with database.connect() as connection:
        return connection.execute(database_query("take_link"), ["dsl"]).fetchone() == (True,)


def database_query(name):
    return links.QUERIES[name]


def becomes(wanted):
    wait_for(lambda: state() is wanted and is_free(), f"the link is not {wanted}")


def done(folder: Path):
    file = folder / "done"
    return file.read_text().split() if file.exists() else []


def test_mail_brings_the_link_up_and_leaves_and_then_it_is_taken_down(dsl, configure, queued, deliver, sink, query):
    folder = dsl(hold=0, idle=1)
    configure(link="dsl")
    queued("bob@far.test")
    deliver()
    assert query(STATUS) == [("ready", 0)] and query(WORDS) in ([("The link dsl is coming up.", False)], [])
    becomes(State.UP)
    assert query(WORDS) == []
    deliver()
    assert query(STATUS) == [("delivered", 1)] and done(folder) == ["up"]
    links.tend()
    becomes(State.UP)
    query("UPDATE queues_link SET used_at = used_at - interval '2 s', since = since - interval '2 s' RETURNING 1")
    links.tend()
    becomes(State.DOWN)
    assert done(folder) == ["up", "down"] and not (folder / "carrier").exists()


def test_one_that_fails_says_why_and_no_mail_is_to_blame(dsl, configure, queued, deliver, query):
    dsl(up="echo dialling; echo No carrier on line 2 >&2; exit 4")
    configure(link="dsl")
    queued("bob@far.test")
    deliver()
    becomes(State.DOWN)
    query("DELETE FROM queues_hold RETURNING 1")
    deliver()
    ((words, is_fault),) = query(WORDS)
    assert is_fault and words.startswith("The link dsl is down. It did not come up: /")
    assert words.endswith("ended with 4: No carrier on line 2") and query(STATUS) == [("ready", 0)]
    assert [hold.connector for hold in queries.lasting_holds()] == ["Out"]


def test_one_that_hangs_is_ended_with_all_that_it_started(dsl, configure, queued, deliver, query):
    folder = dsl(up="sleep 300 & echo $! > child; wait", check="", timeout=1)
    configure(link="dsl")
    queued("bob@far.test")
    deliver()
    becomes(State.DOWN)
    ((words,),) = query("SELECT words FROM queues_link")
    assert words.endswith("did not end within 1 seconds.")
    child = int((folder / "child").read_text())
    wait_for(lambda: not _runs(child), "its child runs on")


def _runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_program_that_goes_into_the_background_stays(dsl, configure, queued, deliver):
    folder = dsl(up="sleep 300 & echo $! > child; touch carrier")
    configure(link="dsl")
    queued("bob@far.test")
    deliver()
    becomes(State.UP)
    child = int((folder / "child").read_text())
    assert _runs(child)
    os.kill(child, signal.SIGKILL)


def test_whatever_a_command_says_little_of_it_is_kept(dsl, configure, queued, deliver, query):
    most = bounds.LINK_OUTPUT.octets
    dsl(up=f"head -c {most * 300} /dev/zero | tr '\\0' x; exit 1", check="")
    configure(link="dsl")
    queued("bob@far.test")
    deliver()
    becomes(State.DOWN)
    ((words,),) = query("SELECT words FROM queues_link")
    assert 200 < len(words) < 500 and words.endswith("x" * 200)


def test_octets_that_are_no_text_spoil_nothing(dsl, configure, queued, deliver, query):
    dsl(up="printf 'no\\000carrier\\377\\033[2J'; exit 1", check="")
    configure(link="dsl")
    queued("bob@far.test")
    deliver()
    becomes(State.DOWN)
    ((words,),) = query("SELECT words FROM queues_link")
    assert words.endswith("ended with 1: [2J")


def test_one_that_flaps_holds_mail_again_and_comes_back(dsl, configure, queued, deliver, sink, query):
    folder = dsl()
    configure(link="dsl")
    queued("bob@far.test")
    deliver()
    becomes(State.UP)
    (folder / "carrier").unlink()
    links.tend()
    becomes(State.DOWN)
    deliver()
    assert sink.connections == 0
    becomes(State.UP)
    deliver()
    assert query(STATUS) == [("delivered", 1)] and done(folder) == ["up", "up"]


@pytest.mark.parametrize(("left", "then"), [("coming up", State.UP), ("draining", State.DOWN)])
def test_what_a_dead_worker_began_is_brought_to_its_end(dsl, configure, query, closed_pool, left, then):
    dsl()
    configure(link="dsl")
    query("INSERT INTO queues_link VALUES ('dsl', %s, now(), now(), 0, '') RETURNING 1", left)
    links.tend()
    becomes(then)


def test_two_workers_bring_it_up_once(dsl, configure, queued, deliver):
    folder = dsl(up="while [ ! -e go ]; do sleep 0.05; done; touch carrier")
    configure(link="dsl")
    queued("bob@far.test")
    deliver()
    for _ in range(3):
        links.tend()
        deliver()
    wait_for(lambda: done(folder) == ["up"], "it is not brought up")
    (folder / "go").touch()
    becomes(State.UP)
    assert done(folder) == ["up"]


def test_a_script_says_that_it_is_up_and_what_is_triggered_leaves(dsl, configure, queued, deliver, sink, capsys):
    dsl()
    configure(link="dsl", delivery_window=DeliveryWindow.OnTrigger)
    queued("bob@far.test")
    deliver()
    assert queries.next_hop(HOP).status == "Kept"
    call_command("link", "dsl", "status")
    call_command("link", "dsl", "up")
    deliver()
    assert len(sink.arrived) == 1
    call_command("link", "dsl", "down")
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("dsl is down") and said[1].startswith("dsl is up since")
    assert said[2].startswith("dsl is down since")
    with pytest.raises(CommandError, match="No Send connector has the link"):
        call_command("link", "typo", "up")


def test_a_file_that_others_may_write_is_refused_in_words(dsl, configure, queued, deliver, query):
    folder = dsl()
    configure(link="dsl")
    (folder / "links.toml").chmod(0o664)
    queued("bob@far.test")
    deliver()
    ((words, is_fault),) = query(WORDS)
    assert is_fault and "must belong to root" in words and done(folder) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.chmod(0o646), "must belong to root"),
        (lambda file: os.chown(file, 65534, 65534), "must belong to root"),
        (lambda file: file.parent.chmod(0o777), "must belong to root"),
        (lambda file: file.unlink(), "There is no"),
        (lambda file: file.rename(file.with_name("x")) and file.symlink_to("x"), "cannot be used"),
        (lambda file: file.write_text("[other]\nup = ['/bin/true']"), "has no link"),
        (lambda file: file.write_text("[dsl\n"), "cannot be used"),
        (lambda file: file.write_text("[dsl]\nup = ['true']"), "whole path"),
        (lambda file: file.write_text("[dsl]\nup = '/bin/sh -c x'"), "cannot be used"),
        (lambda file: file.write_text("[dsl]\nup = ['/bin/true']\nshell = true"), "cannot be used"),
        (lambda file: file.write_bytes(b"#" * ((bounds.LINK_FILE.octets or 0) + 1)), "is larger"),
        (lambda file: file.write_bytes(b"\xff"), "cannot be used"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(dsl, spoil, words):
    folder = dsl()
    spoil(folder / "links.toml")
    with pytest.raises(Refused, match=words):
        links.spec_of("dsl")
    folder.chmod(0o700)


def test_mail_is_asked_for_elsewhere_once_the_link_is_up(dsl, configure, sink, query, closed_pool):
    dsl()
    sink.extensions = ("ETRN",)
    configure(link="dsl", request_mail=RequestMail.Etrn, request_mail_domains=("branch.test",))
    pulling.pull("Out")
    assert not sink.commands and query("SELECT asked_at FROM connectors_pull") == [(None,)]
    becomes(State.UP)
    (again,) = pulling.due(time.time())
    pulling.pull(again)
    assert "ETRN branch.test" in sink.commands
    assert query("SELECT is_refused FROM connectors_pull") == [(False,)]


def test_a_link_that_does_not_come_up_is_the_answer_to_who_asked_for_mail(dsl, configure, query, closed_pool):
    dsl(up="echo No carrier >&2; exit 4")
    configure(link="dsl", request_mail=RequestMail.Etrn)
    pulling.pull("Out")
    becomes(State.DOWN)
    (again,) = pulling.due(time.time())
    pulling.pull(again)
    ((words, is_refused),) = query("SELECT words, is_refused FROM connectors_pull")
    assert is_refused and words.endswith("No carrier") and pulling.due(time.time()) == []


def test_mail_that_a_partner_asked_for_brings_the_link_up(dsl, configure, queued, deliver, sink, query):
    dsl()
    kept = AcceptedDomain(name="branch.test", domain_name="branch.test", deliver_to=DeliverTo.PickUp)
    configure(link="dsl", delivery_window=DeliveryWindow.OnTrigger, domains=(kept,))
    queued("anna@branch.test")
    with database.pool().connection() as connection:
        connection.execute(SHARED["release_kept"], {"keys": ["kept:branch.test"]})
    deliver("kept:branch.test")
    becomes(State.UP)
    assert query("SELECT kept, retry_at FROM queues_nexthop WHERE key = 'kept:branch.test'") == [(False, None)]
    deliver("kept:branch.test")
    assert [one.recipients for one in sink.arrived] == [["anna@branch.test"]]
