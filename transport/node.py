"""What this machine is called where no connector says otherwise."""

import os
import socket
from collections.abc import Mapping


def name(variables: Mapping[str, str] = os.environ) -> str:
    """GATEPOST_NODE, else the host's name: greeting, Received and EHLO say it."""
    return variables.get("GATEPOST_NODE") or socket.gethostname()
