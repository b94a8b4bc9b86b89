"""Runs a program and prints the seconds that it takes, its peak memory in bytes and its exit status.

    python -I -S measured.py PROGRAM [ARGUMENT...]

Linux counts in a program's peak what the process that starts it had at its peak. So this one is small, and no part of run.py.
"""
import os
import sys
import time


def main():
    start = time.monotonic()
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    program = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
    _, status, usage = os.wait4(program, 0)
    seconds = time.monotonic() - start
    # Linux counts in kilobytes, macOS in bytes.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(seconds, peak, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
