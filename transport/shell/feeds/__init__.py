"""What comes from PostgreSQL and stays in memory: configuration and recipients."""
