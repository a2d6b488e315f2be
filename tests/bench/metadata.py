# SPDX-License-Identifier: MIT
"""Operations on names: loops of bench_metadata. Cells are metadata/OPERATION/DEPTH/THREADS, numbers are operations per second."""
import json
import re
import subprocess
import sys

from batches import Batch

# Neighbours share a mount, in groups of two seconds or so.
GROUPS = (("stat", "enoent", "open", "openread"), ("getxattr",), ("create", "mkdir", "rename"), ("readdir", "walk", "walkstat"))
OPERATIONS = {
    "stat": "stat", "enoent": "stat of a missing name", "open": "open, close", "openread": "open, read 4 KiB, close",
    "getxattr": "getxattr", "create": "create, unlink", "mkdir": "mkdir, rmdir", "rename": "rename",
    "readdir": "list 10,000 entries", "walk": "walk 1,000 files", "walkstat": "walk with stat",
}


def cell(operation, depth, threads=1):
    return f"metadata/{operation}/{depth}/{threads}"


def batches(run, only):
    """`run` is the whole run's settings, `only` a pattern of cells."""
    source = run.work / "names"
    wanted = []
    for depth in run.depths:
        for threads in run.threads:
            for group in GROUPS:
                operations = [o for o in group if re.search(only, cell(o, depth, threads))]
                if operations:
                    wanted.append(_batch(run, source, operations, depth, threads))
    if wanted:
        source.mkdir()
        for depth in run.depths:
            loops(run, source, list(OPERATIONS), "--prepare", "--depth", depth, "--threads", max(run.threads))
    return wanted


def _batch(run, source, operations, depth, threads):
    def measure(contender, path):
        rates = loops(run, path, operations, "--depth", depth, "--threads", threads, "--seconds", run.seconds, "--uid", run.caller.uid,
                      "--gid", run.caller.gid, who=contender.name)
        return {cell(o, depth, threads): rate for o, rate in rates.items()}

    title = f"names, depth {depth}, {threads} thread{'s' if threads > 1 else ''}: {' '.join(operations)}"
    return Batch(title, tuple(cell(o, depth, threads) for o in operations), source, run.contenders, measure)


def loops(run, path, operations, *arguments, who="preparing"):
    """{operation: operations per second}; None for one that failed, whose reason goes to standard error."""
    command = [run.build / "tests/bench/bench_metadata", path, "--ops", ",".join(operations), *arguments]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    for line in done.stderr.splitlines():
        print(f"{who}: {line}", file=sys.stderr)
    if done.returncode:
        raise RuntimeError(f"bench_metadata failed for {who}")
    return json.loads(done.stdout or "{}")
