"""The mail queue: its tables, what an administrator does with it, and delivery.

Read `models` (what is stored), `delivery` (how mail leaves), `tasks` (what starts delivery), `actions` and `queries`.
"""
