# SPDX-License-Identifier: MIT
"""The decision alone, without a mount, by decide_bench. Cells are decide/WHEN/DEPTH, numbers are nanoseconds; the numbers of ACEs on
each segment stand where other batches have contenders."""
import json
import re
import subprocess

from batches import Batch
from contenders import Contender

WHEN = {"first": "DecideFirst", "again": "DecideAgain"}
DEPTHS = (1, 8, 32, 64)
ACES = (0, 3, 200)


def cell(when, depth):
    return f"decide/{when}/{depth}"


def batches(run, only):
    cells = [cell(when, depth) for when in WHEN for depth in DEPTHS if re.search(only, cell(when, depth))]
    program = run.build / "tests/bench/decide_bench"
    if not cells:
        return []
    if not program.exists():
        print("left out: the decision alone (decide_bench was not built: libbenchmark-dev is not there)")
        return []

    def measure(column, _path):
        times = nanoseconds(program, run.caller, int(column.name.split()[0]))
        return {c: times[c] for c in cells}

    columns = tuple(Contender(f"{count} ACEs") for count in ACES)
    return [Batch("the decision alone", tuple(cells), run.work, columns, measure)]


def nanoseconds(program, caller, aces):
    command = [str(program), f"--benchmark_filter=aces:{aces}$", "--benchmark_format=json", "--benchmark_min_time=0.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, **caller.popen_arguments())
    times = {benchmark["name"]: benchmark["cpu_time"] for benchmark in json.loads(done.stdout)["benchmarks"]}
    return {cell(when, depth): times[f"{function}/depth:{depth}/aces:{aces}"] for when, function in WHEN.items() for depth in DEPTHS}
