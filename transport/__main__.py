"""`python -m transport` answers SMTP; `python -m transport forwarder` moves the journal into PostgreSQL."""

import sys


def main() -> None:
    """Each process imports only its own part."""
    match sys.argv[1:]:
        case []:
            from transport import worker

            worker.main()
        case ["forwarder"]:
            from transport.shell.forward import forwarder

            forwarder.main()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
