"""Six messages to mail servers of other makers, as fast as each of them takes them: all arrive, none twice."""

import shutil
import tempfile
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from console.processes.address import free_port
from tests.conftest import wait_for
from tests.deliver.real_next_hops import EVERY
from tests.deliver.test_delivery import STATUS
from tests.shell.certificates import SECRET, certificate

pytestmark = pytest.mark.django_db(transaction=True)
ENCRYPTED = {"aiosmtpd", "Exim", "Haraka"}


@pytest.fixture
def folder():
    """Readable by the users that the servers become."""
    path = Path(tempfile.mkdtemp(prefix="hop"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def hop(request, folder):
    pem = folder / "hop.pem"
    carried = certificate("hop.test")
    pem.write_bytes(Fernet(SECRET).decrypt(carried.encrypted_key.encode()) + carried.chain.encode())
    server = EVERY[request.param](folder, free_port(), pem)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(("hop", "name"), [(name, name) for name in EVERY], indirect=["hop"])
def test_every_message_arrives_once(journal, forward, deliver, configure, hop, name, query):
    configure(port=hop.port)
    for number in range(6):
        journal.accept(f"u{number}@far.test", content=b"Subject: %d\r\n\r\nline\r\n.dot\r\n" % number)
    forward()
    deliver()
    assert [row[1:] for row in query(STATUS)] == [("delivered", 1, "")] * 6
    wait_for(lambda: len(hop.arrived()) >= 6, "mail is under way within the next hop")
    texts = [content.replace(b"\r\n", b"\n") for content in hop.arrived()]
    subjects = sorted(text[text.index(b"Subject: ") + 9 :][:1] for text in texts)
    assert subjects == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert all(text.rstrip(b"\n").endswith(b"\n\nline\n.dot") for text in texts)
    ((protection,),) = query("SELECT DISTINCT protection FROM queues_recipient")
    assert protection.startswith("TLSv1.") == (name in ENCRYPTED), protection
