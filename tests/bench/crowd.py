# SPDX-License-Identifier: MIT
"""What others still get done on acefs while one user does something as hard as he can. Cells are crowd/OPERATION, numbers are their
operations per second; what he does (greedy.py) stands where other batches have contenders. He takes processor time as well, so this
needs two processors. What another filesystem makes of the same machine is in crowd-peer/OPERATION."""
import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess
import sys

import greedy
import metadata
from batches import Batch

OPERATIONS = ("stat", "openread", "create")
DEPTH = 8
ALONE = "alone"
GREEDY_UID = 65_533
REFERENCES = {name: ALONE for name in greedy.DEEDS}
# Room of cells: who is mounted, and what is done there. passthrough_ll stores no attributes and holds a descriptor for each inode.
ROOMS = {"crowd": ("acefs", tuple(greedy.DEEDS)), "crowd-peer": ("passthrough_ll", ("deep", "long names", "renames"))}


def cell(operation, room="crowd"):
    return f"{room}/{operation}"


def batches(run, only):
    if len(os.sched_getaffinity(0)) < 2:
        return []
    found = []
    for room, (filesystem, deeds) in ROOMS.items():
        operations = [o for o in OPERATIONS if re.search(only, cell(o, room))]
        contender = next((c for c in run.contenders if c.name == filesystem), None)
        if operations and contender is not None:
            found.append(_batch(run, room, operations, contender, deeds))
    return found


def _batch(run, room, operations, filesystem, deeds):
    # In memory: some of what he does, such as 10,000 attributes on a file, not every disk filesystem can.
    place = run.data / room
    (place / "others").mkdir(parents=True)
    metadata.loops(run, place / "others", OPERATIONS, "--prepare", "--depth", DEPTH)
    for name in deeds:
        his = place / name
        his.mkdir()
        os.chown(his, GREEDY_UID, GREEDY_UID)
        greedy.prepare(name, str(his), run.crowd_size, run.build / "tools/setace/setace")

    def measure(contender, path):
        with busy(contender.name, f"{path}/{contender.name}", run.crowd_size):
            rates = metadata.loops(run, f"{path}/others", operations, "--depth", DEPTH, "--seconds", run.seconds,
                                   "--uid", run.caller.uid, who=contender.name)
        return {cell(o, room): rate for o, rate in rates.items()}

    contenders = tuple(dataclasses.replace(filesystem, name=name) for name in (ALONE, *deeds))
    return Batch(f"a crowd on {filesystem.name}", tuple(cell(o, room) for o in operations), place, contenders, measure)


@contextlib.contextmanager
def busy(deed, directory, size):
    """While somebody does that in the directory."""
    if deed == ALONE:
        yield
        return
    # He becomes himself: the interpreter may be where only root can start it.
    program = [sys.executable, pathlib.Path(greedy.__file__), deed, directory, str(size), str(GREEDY_UID)]
    with subprocess.Popen(program, cwd="/", stdout=subprocess.PIPE, text=True) as him:
        try:
            # He says when he is prepared, and goes on until he is ended.
            if him.stdout.readline() != "ready\n":
                raise RuntimeError(f"{deed}: he could not begin")
            yield
            if him.poll() is not None:
                raise RuntimeError(f"{deed}: he ended with {him.returncode}")
        finally:
            him.kill()
