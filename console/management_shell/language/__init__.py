"""The part of PowerShell that Exchange's commands use. Pure: no Django, no files, no clock.

Reading order: `syntax` (what a script is), `parser` (text → syntax), `values` (what a property can be), `cmdlet` (what
can be run), `binding` (words → arguments), `evaluation` (what happens), `builtin` (Where-Object and its kin),
`printing`, `help`.
"""
