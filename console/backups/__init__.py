"""Backup and restore: everything that a copy keeps as one file, and a copy made of such a file.

Read `archive` and `manifest` (the file), `taking` (a backup), `restoring` (a copy made of one), `settling` (what may
not go on as if nothing had happened).
"""
