"""The management shell: Exchange's own commands, in the browser and in a terminal.

`language/` is pure: what the words mean. `cmdlets/` is the table of what can be run, and nothing else can. `session.py`
runs a script for somebody.
"""
