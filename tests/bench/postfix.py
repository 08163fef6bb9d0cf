"""A Postfix of our own beside whatever runs on the machine: its queue and configuration in one folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from time import sleep

from tests.bench import processor
from tests.bench.processor import Spent

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.test
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
mynetworks = 127.0.0.0/8
maillog_file = /var/log/gatepost-bench-postfix.log
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = hash:{folder}/recipients
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_mailbox_limit = 0
message_size_limit = 0
relayhost = [127.0.0.1]:{sink}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_recipient_restrictions = reject_non_fqdn_recipient, reject_unlisted_recipient, {relay} reject_unauth_destination
"""


class Postfix:
    """Listens on `port` for `domain` with the given recipients and relays the rest to the sink's port."""

    def __init__(self, folder: Path, port: int, sink: int, domain: str, recipients: list[str]) -> None:
        self.folder, self.port, self.sink, self.domain, self.recipients = folder, port, sink, domain, recipients

    def start(self) -> None:
        """Writes the configuration and starts; needs root, as Postfix does."""
        self.folder.chmod(0o755)
        for name in ("queue", "data", "mail"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        shutil.chown(self.folder / "mail", 65534, 65534)
        values = {"folder": self.folder, "domain": self.domain, "sink": self.sink, "relay": "permit_mynetworks,"}
        (self.folder / "main.cf").write_text(MAIN_CF.format(**values))
        (self.folder / "master.cf").write_text(self._services())
        lines = "".join(f"{address} {self.domain}/{address.split('@')[0]}/\n" for address in self.recipients)
        (self.folder / "recipients").write_text(lines)
        subprocess.run(["postmap", "-c", str(self.folder), f"hash:{self.folder}/recipients"], check=True)
        self._postfix("start")

    def stop(self) -> None:
        self._postfix("stop")

    def waiting(self) -> int:
        """Messages in its queue."""
        queues = [self.folder / "queue" / name for name in ("incoming", "active", "deferred", "maildrop")]
        return sum(1 for queue in queues for path in queue.rglob("*") if path.is_file())

    def settle(self) -> None:
        """Returns when nothing is left to do."""
        while self.waiting():
            sleep(0.2)

    def spent(self) -> Spent:
        """By all its processes."""
        return processor.spent({int((self.folder / "queue/pid/master.pid").read_text())})

    def _services(self) -> str:
        lines = Path("/usr/share/postfix/master.cf.dist").read_text().splitlines()
        services = [line for line in lines if line and not line.startswith("#")]
        text = "\n".join(services).replace("smtp      inet", f"127.0.0.1:{self.port}      inet", 1)
        return "".join(self._unchrooted(line) for line in text.splitlines(keepends=True)) + "\n"

    @staticmethod
    def _unchrooted(line: str) -> str:
        fields = line.split()
        if line[:1].isspace() or len(fields) < 8:
            return line
        fields[4] = "n"
        return " ".join(fields) + "\n"

    def _postfix(self, command: str) -> None:
        run = subprocess.run(["postfix", "-c", str(self.folder), command], capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"postfix {command}: {run.stderr}")
