"""The C library's memory settings for a server with many threads."""

import ctypes
import sys

_ARENAS, _BY_ITSELF = -8, -3  # M_ARENA_MAX and M_MMAP_THRESHOLD of mallopt(3)


def keep_little() -> None:
    """Make the C library give freed memory back to the system (glibc only; elsewhere nothing happens).

    Streamlit runs every script in a thread of its own. By default each thread may get its own memory pool, which keeps
    freed arrays of up to 32 MB: with twenty visitors a server grew by a seventh in two thousand requests, without a
    leak.
    """
    if sys.platform != "linux":
        return
    try:
        tune = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    tune(_ARENAS, 2)
    tune(_BY_ITSELF, 2**20)
