"""`python -m transport` answers SMTP, with as many transports as the cores are worth; `python -m transport one` is one
of them, or one without others; `python -m transport forwarder` moves the journals into PostgreSQL; `python -m transport
forward DIRECTORY` takes the journal of a node in that is gone.
"""

import sys

from transport import memory


def main() -> None:
    """Each process imports only its own part."""
    memory.load()
    match sys.argv[1:]:
        case []:
            from transport import master

            master.main()
        case ["one"]:
            from transport import worker

            worker.main()
        case ["forwarder"]:
            from transport.shell.forward import forwarder

            forwarder.main()
        case ["forward", directory]:
            from transport.shell.forward import taking_in

            taking_in.main(directory)
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
