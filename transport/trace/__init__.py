"""PURE. The protocol log: its lines, and the sessions that they tell of."""
