"""The protocol log as files on this node."""
