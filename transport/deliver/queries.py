"""The SQL of delivery, by name."""

from transport.queries import beside

QUERIES = beside(__file__)
