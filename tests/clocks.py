"""Processes whose clock goes wrong, and no other part of them: a library between them and the C library's clock."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ahead(void) {
    static long seconds, known;
    if (!known) {
        const char *said = getenv("CLOCK_AHEAD");
        seconds = said ? atol(said) : 0;
        known = 1;
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += ahead();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now) *now = found.tv_sec;
    return found.tv_sec;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    int (*real)(sem_t *, const struct timespec *) = dlsym(RTLD_NEXT, "sem_timedwait");
    struct timespec moment = *until;
    moment.tv_sec -= ahead();
    return real(semaphore, &moment);
}
"""


def ahead(seconds: int) -> dict[str, str]:
    """Variables with which a process begins whose clock is so many seconds ahead; without a C compiler none."""
    library = _library()
    return {"LD_PRELOAD": str(library), "CLOCK_AHEAD": str(seconds)} if library is not None else {}


@cache
def _library() -> Path | None:
    if not (compiler := shutil.which("cc")):
        return None
    folder = Path(tempfile.mkdtemp(prefix="gatepost-clock-"))
    atexit.register(shutil.rmtree, folder)
    os.chmod(folder, 0o755)
    library = folder / "clock.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", str(library), "-ldl"]
    subprocess.run(command, input=_SOURCE, text=True, check=True, capture_output=True)
    return library
