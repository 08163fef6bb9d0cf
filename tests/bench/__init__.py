"""`make bench`: Gatepost beside Postfix in one run, alternating. Ratios, never timed tests; nothing is installed."""
