"""An accepted domain whose mail goes to an LMTP server (RFC 2033), such as Dovecot."""

import getpass
import grp
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller, UnixSocketController
from aiosmtpd.lmtp import LMTP

from console.processes.address import free_port
from tests.deliver.content import until_the_dot
from transport.config import delivery_host
from transport.config.accepted_domain import AcceptedDomain, DeliverTo

pytestmark = pytest.mark.django_db(transaction=True)
STATUS = """SELECT address, status, last_error, remote_host, protection FROM queues_recipient
WHERE address LIKE '%boxes.test' ORDER BY address"""
HOP = "lmtp:boxes.test"


def boxes(*hosts, **changes):
    return AcceptedDomain(
        name="boxes.test", domain_name="boxes.test", deliver_to=DeliverTo.Lmtp, address_book_enabled=False,
        delivery_hosts=tuple(map(delivery_host.parse, hosts)), **changes,
    )  # fmt: skip


class Mailboxes:
    """Refuses `nobody`, puts `full` off, keeps the rest."""

    def __init__(self):
        self.arrived = []

    async def handle_DATA(self, server, session, envelope):
        self.arrived.append((list(envelope.rcpt_tos), envelope.content))
        answers = {"full@boxes.test": "452 4.2.2 Full", "nobody@boxes.test": "550 5.1.1 No such mailbox"}
        return "\r\n".join(answers.get(each, "250 2.0.0 Ok") for each in envelope.rcpt_tos)


class Tcp(Controller):
    def factory(self):
        return LMTP(self.handler, hostname="boxes", enable_SMTPUTF8=False)


class Unix(UnixSocketController):
    def factory(self):
        return LMTP(self.handler, hostname="boxes", enable_SMTPUTF8=False)


@pytest.fixture
def serve():
    started = []

    def serve(controller):
        controller.start()
        started.append(controller)
        return controller.handler

    yield serve
    for controller in started:
        controller.stop()


@pytest.fixture
def take(configure, journal, forward, deliver, query):
    """Hand a message for these recipients to the LMTP servers; what became of each."""

    def take(hosts, *recipients, times=1, **changes):
        configure(domains=(boxes(*hosts),))
        for _ in range(times):
            journal.accept(*recipients, **changes)
        forward()
        deliver(HOP)
        return query(STATUS)

    return take


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_each_recipient_has_the_answer_that_is_its_own(kind, take, serve, tmp_path):
    port, path = free_port(), str(tmp_path / "lmtp")
    handler = serve(Tcp(Mailboxes(), "127.0.0.1", port) if kind == "tcp" else Unix(Mailboxes(), path))
    there = f"[127.0.0.1]:{port}" if kind == "tcp" else path
    found = take([there], "anna@boxes.test", "full@boxes.test", "nobody@boxes.test", "zoe@boxes.test")
    assert [row[:3] for row in found] == [
        ("anna@boxes.test", "delivered", ""),
        ("full@boxes.test", "ready", "452 4.2.2 Full"),
        ("nobody@boxes.test", "failed", "550 5.1.1 No such mailbox"),
        ("zoe@boxes.test", "delivered", ""),
    ]
    assert len(handler.arrived) == 1
    assert {row[3] for row in found} == {"[127.0.0.1]" if kind == "tcp" else path}
    assert {row[4] for row in found} == {
        "In the clear: STARTTLS is not offered" if kind == "tcp" else "A socket of this machine"
    }


def test_many_messages_go_over_one_connection(take, serve, tmp_path):
    path = str(tmp_path / "lmtp")
    handler = serve(Unix(Mailboxes(), path))
    assert {row[1] for row in take([path], "anna@boxes.test", "bert@boxes.test", times=15)} == {"delivered"}
    assert len(handler.arrived) == 15


def test_a_socket_that_is_not_there_leaves_the_turn_to_the_next_host(take, serve, tmp_path):
    port = free_port()
    serve(Tcp(Mailboxes(), "127.0.0.1", port))
    found = take([str(tmp_path / "none"), f"[127.0.0.1]:{port}"], "anna@boxes.test")
    assert found[0][1] == "delivered"


def test_without_any_server_the_mail_waits_and_the_queue_says_why(take, query, tmp_path):
    assert take([str(tmp_path / "none")], "anna@boxes.test")[0][1] == "ready"
    ((error,),) = query("SELECT last_error FROM queues_nexthop WHERE key = %s", HOP)
    assert f"{tmp_path}/none: No such file or directory" in error


class Talk:
    """An LMTP server that gives `after` once the message is there, then acts."""

    def __init__(self, after, then=lambda client: None):
        self.after, self.then = after, then

    def __call__(self, client):
        file = client.makefile("rb")
        client.sendall(b"220 boxes LMTP\r\n")
        while line := file.readline():
            verb = line[:4].upper()
            if verb == b"LHLO":
                client.sendall(b"250-boxes\r\n250 PIPELINING\r\n")
            elif verb == b"DATA":
                client.sendall(b"354 go\r\n")
                until_the_dot(file)
                client.sendall(self.after)
                self.then(client)
            else:
                client.sendall(b"250 Ok\r\n")


def test_who_was_answered_before_the_server_hung_up_has_the_message(take, scripted):
    hop = scripted(Talk(b"250 Ok\r\n", lambda client: client.shutdown(socket.SHUT_RDWR)))
    found = take([f"[127.0.0.1]:{hop.port}"], "anna@boxes.test", "bert@boxes.test", "carl@boxes.test")
    assert [row[1] for row in found] == ["delivered", "ready", "ready"]
    assert "Connection dropped" in found[1][2]


def test_more_answers_than_recipients_count_for_no_other_message(take, scripted, query):
    hop = scripted(Talk(b"250 Ok\r\n" * 9))
    found = take([f"[127.0.0.1]:{hop.port}"], "anna@boxes.test", times=3)
    assert [row[1] for row in found] == ["delivered"] * 3
    assert hop.connections >= 3


def test_a_server_that_drips_its_answers_is_given_up(take, scripted, monkeypatch):
    from transport.deliver import lmtp

    def drip(client):
        for _ in range(200):
            client.sendall(b"2")
            time.sleep(0.05)

    monkeypatch.setattr(lmtp, "TERMINATION", 0.3)
    hop = scripted(Talk(b"250 Ok\r\n", drip))
    began = time.monotonic()
    found = take([f"[127.0.0.1]:{hop.port}"], "anna@boxes.test", "bert@boxes.test")
    assert [row[1] for row in found] == ["delivered", "ready"]
    assert time.monotonic() - began < 8


def test_a_server_that_speaks_smtp_alone_is_no_lmtp_server(take, sink, query):
    sink.behave = lambda line, n: "500 5.5.1 What?" if line.startswith("LHLO") else None
    assert take([f"[127.0.0.1]:{sink.port}"], "anna@boxes.test")[0][1] == "ready"
    ((error,),) = query("SELECT last_error FROM queues_nexthop WHERE key = %s", HOP)
    assert "500 5.5.1 What?" in error and not sink.arrived


def test_mail_of_a_domain_that_goes_here_again_follows(take, configure, deliver, query, tmp_path):
    take([str(tmp_path / "none")], "anna@boxes.test")
    configure(domains=(AcceptedDomain(name="boxes.test", domain_name="boxes.test", address_book_enabled=False),))
    query("UPDATE queues_nexthop SET retry_at = NULL RETURNING 1")
    deliver(HOP)
    deliver("mailbox")
    assert query(STATUS)[0][1] == "delivered"


DOVECOT = """
protocols = lmtp
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
ssl = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{home}/mail/%n
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail/%n allow_all_users=yes
}}
passdb {{
  driver = static
  args = nopassword=yes
}}
service lmtp {{
  chroot =
  unix_listener {home}/lmtp {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@pytest.fixture
def dovecot(tmp_path):
    binary = shutil.which("dovecot")
    if binary is None:
        pytest.skip("Dovecot is not installed here: apt-get install dovecot-lmtpd")
    home = Path("/tmp") / f"dovecot-{tmp_path.name}-{free_port()}"
    home.mkdir()
    user = "nobody" if os.getuid() == 0 else getpass.getuser()
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    (home / "mail").mkdir()
    shutil.chown(home / "mail", user, group)
    (home / "conf").write_text(DOVECOT.format(home=home, user=user, group=group))
    log = (home / "start").open("w")
    server = subprocess.Popen([binary, "-F", "-c", str(home / "conf")], stderr=log)
    log.close()
    deadline = time.monotonic() + 10
    while not (home / "lmtp").exists() and server.poll() is None and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    if not (home / "lmtp").exists():
        pytest.skip(f"Dovecot does not start here: {(home / 'start').read_text()}")
    yield home
    server.terminate()
    server.wait()
    shutil.rmtree(home)


def test_dovecot_takes_the_mail(take, dovecot):
    body = b"Subject: For Dovecot\r\n\r\n.a line with a dot\r\n"
    found = take([str(dovecot / "lmtp")], "anna@boxes.test", "bert@boxes.test", content=body)
    assert [row[1] for row in found] == ["delivered", "delivered"], (dovecot / "log").read_text()
    for name in ("anna", "bert"):
        (message,) = (dovecot / "mail" / name / "new").iterdir()
        assert b"Subject: For Dovecot" in message.read_bytes() and b"\n.a line with a dot" in message.read_bytes()
        assert b"Return-Path: <ann@x.test>" in message.read_bytes()
