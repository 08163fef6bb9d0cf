"""Accepted mail on this node's disk: written once for many messages, read back after every kill."""
