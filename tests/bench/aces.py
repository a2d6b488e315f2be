# SPDX-License-Identifier: MIT
"""acefs alone: whether many ACEs, or many groups of the caller, slow down a warm chain. Cells are aces/OPERATION, numbers are
operations per second; the cases stand where other batches have contenders."""
import dataclasses
import os
import re
import subprocess

import metadata
from batches import Batch

OPERATIONS = ("stat", "openread", "create")
DEPTH = 8
REFERENCES = {"5,000 ACEs": "1 ACE", "1,000 groups": "1 group"}
GID = 70_000  # the caller's groups have the numbers that follow


@dataclasses.dataclass(frozen=True)
class Case:
    who: str  # whom the ACE that counts names
    others: int  # ACEs for others, on each segment
    groups: int


def cases(run):
    return {
        "1 ACE": Case(f"u:{run.caller.uid}", 0, 1),
        "5,000 ACEs": Case(f"u:{run.caller.uid}", 4_999, 1),
        "1 group": Case(f"g:{GID + 1}", 0, 1),
        "1,000 groups": Case(f"g:{GID + 1}", 0, 1_000),
    }


def cell(operation):
    return f"aces/{operation}"


def batches(run, only):
    operations = [o for o in OPERATIONS if re.search(only, cell(o))]
    acefs = next((c for c in run.contenders if c.name == "acefs"), None)
    if not operations or acefs is None:
        return []
    place = run.work / "aces"
    for name, case in cases(run).items():
        prepare(run, place, place / directory(name), case)

    def measure(contender, path):
        rates = metadata.loops(run, f"{path}/{directory(contender.name)}", operations, "--depth", DEPTH, "--seconds", run.seconds,
                               "--uid", run.caller.uid, "--gid", GID, "--groups", cases(run)[contender.name].groups, who=contender.name)
        return {cell(o): rate for o, rate in rates.items()}

    contenders = tuple(dataclasses.replace(acefs, name=name) for name in cases(run))
    return [Batch("ACEs and groups", tuple(cell(o) for o in operations), place, contenders, measure)]


def directory(case_name):
    return case_name.replace(" ", "-")


def prepare(run, root, top, case):
    """A tree whose modes give the caller nothing; the ACEs on each of its segments give him everything."""
    top.mkdir(parents=True)
    metadata.loops(run, top, OPERATIONS, "--prepare", "--depth", DEPTH)
    segments = []
    for path, _, files in os.walk(top):
        if path != str(top):
            os.chmod(path, 0o700)
            segments.append(path)
        for file in files:
            os.chmod(os.path.join(path, file), 0o600)
    entries = [f"{case.who}:rwxatd"] + [f"u:{100_000 + i}:rxt" for i in range(case.others)]
    subprocess.run([run.build / "tools/setace/setace", "--root", root, "-M", "-", *segments], input="\n".join(entries) + "\n", text=True,
                   check=True)
