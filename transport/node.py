"""This machine, as the environment tells of it."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path


def name(variables: Mapping[str, str] = os.environ) -> str:
    """GATEPOST_NODE, else the host's name: greeting, Received and EHLO say it where no connector says otherwise."""
    return variables.get("GATEPOST_NODE") or socket.gethostname()


def home(variables: Mapping[str, str] = os.environ) -> Path:
    """GATEPOST_HOME, else `var` below the current folder: the data directory."""
    return Path(variables.get("GATEPOST_HOME") or "var").absolute()
