"""From saved settings to settings in force: every write of a setting becomes a revision that the transports read.

Read `actions.change` first: the one transaction in which settings are written. `published` collects what each app says
of its kinds of object in a `published.py` of its own; `compile` turns their rows into a snapshot,
`rows` is how one row and one frozen struct become each other, `compare` says what differs between two snapshots.
"""
