#!/usr/bin/env python3
"""Every command starts here: up, status, prepare, version, ledger, …"""

import os
import sys

from transport import node


def main() -> None:
    if sys.argv[1:] in (["version"], ["--version"]):
        return print(node.version())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(130)


def run() -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OperationalError as error:
        start = "Is this copy running? Start it: make run, or systemctl start gatepost.target"
        sys.exit(f"The database does not answer ({str(error).strip()}).\n{start}")


if __name__ == "__main__":
    main()
