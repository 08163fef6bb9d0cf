"""`python -m transport` answers SMTP; `python -m transport forwarder` moves the journal into PostgreSQL."""

import sys


def main() -> None:
    """Each process imports only its own part."""
    match sys.argv[1:]:
        case []:
            from transport.worker import main as run
        case ["forwarder"]:
            from transport.shell.forwarder import main as run
        case _:
            raise SystemExit(__doc__)
    run()


if __name__ == "__main__":
    main()
