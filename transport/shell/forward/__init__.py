"""Journal and protocol log into PostgreSQL: a process of its own."""
