"""What comes where it may not come: before the greeting, behind STARTTLS, inside names that we write into headers."""

from __future__ import annotations

import signal
import socket

import pytest

from tests.conftest import wait_for
from tests.safety.conftest import Gateway

SESSION = (
    b"EHLO client.test\r\nMAIL FROM:<f@victim.example>\r\nRCPT TO:<t@contoso.com>\r\nDATA\r\n"
    b"Subject: injected\r\n\r\ninjected\r\n.\r\nQUIT\r\n"
)


def test_a_whole_session_before_the_greeting_is_refused(gateway: Gateway) -> None:
    before = len(gateway.taken())
    assert gateway.process
    gateway.process.send_signal(signal.SIGSTOP)  # so that the client has certainly spoken when it is greeted
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(SESSION)
        gateway.process.send_signal(signal.SIGCONT)
        assert connection.makefile("rb").read() == b"554 5.5.1 Client must wait for the greeting\r\n"
    assert len(gateway.taken()) == before


@pytest.mark.parametrize("cut", [len(b"STARTTLS\r\n"), 9, 40, 100], ids=lambda cut: f"cut-at-{cut}")
def test_nothing_sent_in_the_clear_counts_on_tls(gateway: Gateway, cut: int) -> None:
    before, client = len(gateway.taken()), gateway.greeted()
    injected = b"STARTTLS\r\n" + SESSION
    client.send(injected[:cut])
    client.send(injected[cut:])
    assert client.line() == "220 2.0.0 SMTP server ready"
    try:
        client.start_tls()
    except OSError:
        pass  # what came after our go-ahead was no handshake
    else:
        assert client.say("RCPT TO:<t@contoso.com>") == "503 5.5.2 Send hello first"
    client.close()
    wait_for(lambda: gateway.facts()["sessions"] == 0, "the session is still there")
    assert len(gateway.taken()) == before


@pytest.mark.parametrize(
    "name",
    ["a\rX-Spam: no", "a\nX-Spam: no", "a\0b", "a (b)", "a;b", "a<b>", "é", "x" * 256, "a by gateway.test", "a\x7f"],
)
def test_no_name_of_a_client_can_write_a_header(gateway: Gateway, name: str) -> None:
    client = gateway.client()
    client.reply()
    for verb in ("HELO", "EHLO"):
        client.send(f"{verb} {name}\r\n".encode())
        assert client.reply()[:3] in ("501", "500")
        if "\n" in name:
            assert client.reply().startswith("500 ")
    assert client.say("MAIL FROM:<>") == "503 5.5.2 Send hello first"
    client.close()


@pytest.mark.parametrize("octet", [b"\0", b"\r", b"\n", b"\x0b", b"\x1b", b"\x7f", b"\x08"])
@pytest.mark.parametrize("place", [b"MAIL%b FROM:<>", b"MAIL FROM:<a%bb@c.test>", b"M%bAIL FROM:<>", b"MAIL FROM:<>%b"])
def test_no_control_character_stands_in_a_command(gateway: Gateway, place: bytes, octet: bytes) -> None:
    client = gateway.greeted()
    client.send(place.replace(b"%b", octet) + b"\r\n")
    codes = [client.reply()[:3] for _ in range(1 + (octet == b"\n"))]
    assert all(code in ("500", "501", "555") for code in codes), codes
    assert client.say("RCPT TO:<t@contoso.com>") == "503 5.5.2 Need mail command"
    client.close()


def test_a_browser_that_is_made_to_post_mail_sends_none(gateway: Gateway) -> None:
    """A web page can make a browser in the company's network say this to a relay that trusts the network."""
    before, client = len(gateway.taken()), gateway.client()
    assert client.reply().startswith("220 ")
    client.send(b"POST / HTTP/1.1\r\nHost: relay\r\nContent-Length: 200\r\n\r\n" + SESSION)
    assert (client.line(), client.line()) == ("500 5.3.3 Unrecognized command", "")
    assert len(gateway.taken()) == before
