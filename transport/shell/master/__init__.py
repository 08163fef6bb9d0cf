"""The transports of one node: what they share, and how they and their master speak."""
