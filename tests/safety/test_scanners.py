"""What the scanners find that others would let loose on us. Each test is skipped where its tool is not installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.receive.probes import probes
from tests.safety.conftest import Gateway
from tests.shell.certificates import SECRET, certificate
from transport.config.permissions import ANONYMOUS, Grant, Right
from transport.receive.relay_proof import proof

EVERYBODY = Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value)


def installed(tool: str) -> str:
    found = shutil.which(tool)
    if not found:
        pytest.skip(f"{tool} is not installed")
    return found


def relays(port: int) -> str:
    """What nmap's smtp-open-relay says of its sixteen tries."""
    names = "smtp-open-relay.domain=victim.example,smtp-open-relay.ip=127.0.0.1"
    command = [installed("nmap"), "-Pn", "-n", "-vv", "-sT", "-p", str(port), "--script", "+smtp-open-relay",
               "--script-args", names, "-oX", "-", "127.0.0.1"]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_nmap_finds_no_open_relay(gateway: Gateway) -> None:
    assert "an open relay, all tests failed" in relays(gateway.port)


@pytest.fixture
def open_for_everybody() -> Iterator[Gateway]:
    everybody = Gateway()
    everybody.publish(everybody.connector(max_protocol_errors=None, grants=(EVERYBODY,)))
    everybody.start()
    yield everybody
    everybody.remove()


def test_nmap_finds_an_open_relay_where_there_is_one(open_for_everybody: Gateway) -> None:
    """A connector that relays for everybody: were it not found, the test above would prove nothing."""
    found = relays(open_for_everybody.port)
    assert "Server is an open relay (" in found, found


def found_by_our_copy(gateway: Gateway) -> list[str]:
    """The same sixteen dialogues as nmap's, where nmap is not installed as well."""
    client = gateway.client()
    assert client.line().startswith("220 ")
    client.say("EHLO scanner.example")
    taken = []
    for sender, recipient in probes("victim.example", "contoso.com", "127.0.0.1"):
        client.say("RSET")
        client.say(f"MAIL FROM:<{sender}>")
        taken += [recipient] if client.say(f"RCPT TO:<{recipient}>").startswith("250 ") else []
    client.close()
    return taken


def test_the_sixteen_dialogues_find_what_the_relay_proof_says(gateway: Gateway, open_for_everybody: Gateway) -> None:
    safe, everybody = gateway.connector(), open_for_everybody.connector(grants=(EVERYBODY,))
    assert not proof(gateway.snapshot(safe)).ways and found_by_our_copy(gateway) == []
    assert proof(gateway.snapshot(everybody)).is_open_relay and "relaytest@victim.example" in found_by_our_copy(
        open_for_everybody
    )


@pytest.fixture(params=["ECDSA", "RSA"])
def of_both_kinds(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """With default settings and a certificate of either kind."""
    key = rsa.generate_private_key(65537, 2048) if request.param == "RSA" else None
    running = Gateway()
    running.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    running.publish(certificates=(certificate(key=key, days=90),))
    running.start()
    yield running
    running.remove()


def test_sslyze_finds_nothing(of_both_kinds: Gateway, tmp_path: Path) -> None:
    report, where = tmp_path / "sslyze.json", f"127.0.0.1:{of_both_kinds.port}"
    command = [installed("sslyze"), "--starttls=smtp", f"--json_out={report}", where]
    subprocess.run(command, capture_output=True, timeout=100)
    (server,) = json.loads(report.read_text())["server_scan_results"]
    found = {name: scan["result"] for name, scan in server["scan_result"].items() if scan["status"] == "COMPLETED"}
    for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        assert not found[f"{version}_cipher_suites"]["accepted_cipher_suites"], version
    for version in ("tls_1_2", "tls_1_3"):
        suites = found[f"{version}_cipher_suites"]["accepted_cipher_suites"]
        assert suites and all(is_strong(suite) for suite in suites), suites
    assert not found["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert found["robot"]["robot_result"].startswith("NOT_VULNERABLE")
    assert not found["tls_compression"]["supports_compression"]
    assert found["session_renegotiation"]["supports_secure_renegotiation"]
    assert not found["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]
    assert found["tls_extended_master_secret"]["supports_ems_extension"]


def is_strong(suite: dict[str, Any]) -> bool:
    """128 bits or more, the server proved, and the key forgotten afterwards."""
    facts = suite["cipher_suite"]
    return facts["key_size"] >= 128 and not facts["is_anonymous"] and suite["ephemeral_key"] is not None


OURS_TO_CHOOSE = {"cert_trust", "cert_chain_of_trust", "cert_revocation"}
"""Findings about the certificate, which is an administrator's: the tests' own stands for none that is trusted."""
HARMLESS = {"OK", "INFO", "LOW", "WARN", "DEBUG"}


@pytest.mark.scan
def test_testssl_finds_nothing_above_low(gateway: Gateway, tmp_path: Path) -> None:
    report = tmp_path / "testssl.json"
    command = [installed("testssl"), "--quiet", "--warnings", "off", "--starttls", "smtp", "--protocols", "--std",
               "--fs", "--server-preference", "--server-defaults", "--vulnerable", "--jsonfile", str(report),
               f"127.0.0.1:{gateway.port}"]  # fmt: skip
    subprocess.run(command, capture_output=True, timeout=300)
    findings = json.loads(report.read_text())
    assert len(findings) > 50
    bad = [each for each in findings if each["severity"] not in HARMLESS and each["id"] not in OURS_TO_CHOOSE]
    assert not bad, bad
