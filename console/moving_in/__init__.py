"""What an Exchange server exports becomes settings here. Pure but for `actions` and `queries`.

`reading.read` makes plain objects of a file, whatever its format (Export-Clixml, ConvertTo-Json, Export-Csv,
Format-List); nothing that a file says is ever executed or deserialised. `translation.translate` says of each object,
property by property, what becomes of it; `plan` what stands in its way here; `actions` writes it, all or nothing.
"""
