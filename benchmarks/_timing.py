"""Fair timing: one CPU, one thread, every contender in turn in the same process."""

import gc
import json
import os
import statistics
import subprocess
import sys
import time

ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


def in_fresh_process(module, *arguments, **environment):
    """What ``python -m module arguments`` prints as JSON, with these environment variables."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, env=os.environ | environment, stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout)


def pin():
    """Keep this process on one CPU, where the system lets us."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def in_turn(contenders, rounds=15, seconds=0.02):
    """Microseconds a call for each of ``{name: function}``: the median of interleaved rounds.

    A round calls each contender for about ``seconds``, one after the other, so a drift of the
    machine's speed meets all of them.
    """
    calls = {}
    for name, function in contenders.items():
        function()  # compile, allocate
        start = time.perf_counter()
        function()
        calls[name] = max(1, int(seconds / (time.perf_counter() - start)))
    spent = {name: [] for name in contenders}
    gc.disable()
    for _ in range(rounds):
        for name, function in contenders.items():
            start = time.perf_counter()
            for _ in range(calls[name]):
                function()
            spent[name].append((time.perf_counter() - start) / calls[name])
    gc.enable()
    return {name: 1e6 * statistics.median(times) for name, times in spent.items()}


def table(header, rows):
    """Print rows of text under a header, first column to the left."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, ["-" * width for width in widths], *rows]:
        cells = [str(cell).rjust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join([cells[0].strip().ljust(widths[0]), *cells[1:]]))
    print()
