"""What the garbage collector looks at in a process that runs for long."""

import gc

THRESHOLDS = 20_000, 50, 100
"""Of its three generations: a batch of mail is thousands of objects that go without it."""


def load() -> None:
    """Nearly all that comes while code is loaded stays: to look for what does not took a fifth of a start."""
    gc.set_threshold(*THRESHOLDS)


def settle() -> None:
    """What is loaded now stays for good: it walks through that no more, and seldom through what comes and goes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
