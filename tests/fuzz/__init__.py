"""Nonsense in every stage under every setting: `make fuzz`, and Hypothesis in `tests/receive/test_every_verb.py`."""
