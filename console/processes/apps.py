import atexit

from django.apps import AppConfig
from django.db import connection


class ProcessesConfig(AppConfig):
    name = "console.processes"

    def ready(self) -> None:
        """Under Python ≥ 3.13 a pool that is still open when the interpreter ends waits 5 s for each of its threads,
        which no longer run by then: whoever makes a pool sees that it is closed before."""
        atexit.register(connection.close_pool)  # type: ignore[attr-defined]  # of PostgreSQL
