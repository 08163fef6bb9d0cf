"""The SQL of the shell, by name."""

from transport.queries import beside

QUERIES = beside(__file__)
