"""Judges one load in a process of its own, and says how long it took.

What it imports it imports late, as the command line does: the process that reads the journals
begins by importing this file as well.
"""

if __name__ == "__main__":
    import sys
    from pathlib import Path

    from bench.judging import judge

    print(judge(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
