"""The sixteen dialogues by which nmap's smtp-open-relay looks for an open relay, each as (sender, recipient)."""

from __future__ import annotations


def probes(domain: str, server: str, ip: str = "192.0.2.1") -> list[tuple[str, str]]:
    """`domain`: somebody elsewhere; `server`, `ip`: the name and address of the server that is scanned."""
    there, here = f"relaytest@{domain}", f"antispam@[{ip}]"
    through = [
        f"relaytest%{domain}@[{ip}]", f"relaytest%{domain}@{server}", f'"{there}"', f'"relaytest%{domain}"',
        f"{there}@[{ip}]", f'"{there}"@[{ip}]', f"{there}@{server}", f"@[{ip}]:{there}", f"@{server}:{there}",
        f"{domain}!relaytest", f"{domain}!relaytest@[{ip}]", f"{domain}!relaytest@{server}",
    ]  # fmt: skip
    senders = "", f"antispam@{domain}", f"antispam@{server}", here
    return [*((sender, there) for sender in senders), *((here, each) for each in through)]
