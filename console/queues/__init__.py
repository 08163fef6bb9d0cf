"""The mail queue: its tables, what an administrator does with it, and what starts delivery.

Read `models` (what is stored), `transport.deliver` (how mail leaves), `tasks` (what starts delivery), `actions` and
`queries`.
"""
