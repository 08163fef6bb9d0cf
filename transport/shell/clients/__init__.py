"""SMTP clients: octets, dialogue, listeners, TLS, DNS, limits."""
