"""What TLS with the hosts of a domain would have to be, were mail sent there now: the console asks. Policies are not
fetched for that; those that delivery has kept are shown.
"""

from threading import Thread

from msgspec import Struct

from transport.config.send_connector import DaneMode, MtaStsMode, SendConnector
from transport.config.snapshot import Snapshot
from transport.deliver import look_up, ways_out
from transport.deliver.database import Pool
from transport.deliver.host_lookup import LookUpFailed
from transport.deliver.look_up import LookUp
from transport.deliver.sts_policies import kept
from transport.send import tls_policy
from transport.send.route import UNREACHABLE, Router
from transport.send.sts import StsPolicy
from transport.send.tls_policy import Published

SECONDS = 15.0
NOBODY = "No Send connector takes mail for this domain."
OURS = "It is an accepted domain: its mail goes where that says, and through no Send connector."


class Outlook(Struct):
    """`connector`: through which mail would go; `doubt`: why DANE is off; `policy`: the lines of the MTA-STS policy;
    `hosts`: each with what it must do; `failed`: why there are no more.
    """

    connector: str = ""
    doubt: str = ""
    policy: tuple[str, ...] = ()
    hosts: list[tuple[str, str]] = []
    failed: str = ""


def outlook(snapshot: Snapshot, server: str, domain: str, pool: Pool) -> Outlook:
    """Within SECONDS. Never raises."""
    found = Outlook(failed=f"The look-up takes longer than {SECONDS:g} s.")
    thread = Thread(target=_ask, args=(found, Router(snapshot, server), domain, pool), daemon=True)
    thread.start()
    thread.join(SECONDS)
    return found


def doubt(connector: SendConnector, snapshot: Snapshot) -> str:
    """Why DANE is not used through this connector; empty while it is. Takes some seconds, once in five minutes."""
    return look_up.asking(connector, snapshot).doubt


def _ask(found: Outlook, router: Router, domain: str, pool: Pool) -> None:
    hop = router.hop(f"postmaster@{domain}", listed=False)
    connector = router.send_connector(hop.connector)
    try:
        if connector is None:
            found.failed = NOBODY if hop.key == UNREACHABLE.key else OURS
            return
        found.connector = connector.name
        _ask_hosts(found, router, connector, domain, pool)
        found.failed = ""
    except LookUpFailed as error:
        found.failed = error.verdict.text
    except Exception as error:
        found.failed = f"{type(error).__name__}: {error}"


def _ask_hosts(found: Outlook, router: Router, connector: SendConnector, domain: str, pool: Pool) -> None:
    asking = look_up.asking(connector, router.snapshot)
    found.doubt = asking.doubt
    policy = _kept(connector, domain, pool)
    found.policy = policy.lines if policy is not None else ()
    secure = router.snapshot.transport_config.tls_send_domain_secure_list
    level = tls_policy.level(connector, domain, secure)
    for host in ways_out.hosts_through(connector, domain, router):
        dane = LookUp(asking).dane(host, host.port or connector.port)
        published = Published(domain, policy, dane, connector.smtp_dane_mode is DaneMode.Mandatory)
        found.hosts.append((host.label, tls_policy.in_words(tls_policy.demanded(level, host, published))))


def _kept(connector: SendConnector, domain: str, pool: Pool) -> StsPolicy | None:
    if connector.mta_sts_mode is MtaStsMode.None_ or not connector.dns_routing_enabled:
        return None
    with pool.connection() as connection:
        known = kept(connection, domain)
    return known.policy if known is not None else None
