#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures acefs against the bare directory and other FUSE filesystems; prints ratios, numbers and targets as Markdown.

One contender is mounted at a time, and all over the same directory: acefs watches the whole filesystem below it, so a second
daemon would be at work while another is measured; and no contender has a better place on the disk. In each round every batch of
cells goes through all contenders before the next batch begins, in an order that changes from round to round.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import re
import resource
import signal
import sys
import time

sys.dont_write_bytecode = True  # the source tree stays as it is

import aces  # noqa: E402
import contenders  # noqa: E402
import crowd  # noqa: E402
import data  # noqa: E402
import decide  # noqa: E402
import metadata  # noqa: E402
import work  # noqa: E402
from batches import Caller  # noqa: E402
from machine import machine  # noqa: E402
from places import has_user_attributes, new_directory, new_filesystem  # noqa: E402
from report import report, update  # noqa: E402
from results import Results  # noqa: E402

SKIPPED = 77  # as meson understands it


@dataclasses.dataclass
class Run:
    build: pathlib.Path
    work: pathlib.Path  # backing directories, on a disk
    data: pathlib.Path  # backing directory of the data cells, in memory
    caller: Caller
    rounds: int
    contenders: tuple = ()
    depths: tuple = (1, 8, 32)
    threads: tuple = (1, 4)
    seconds: float = 0.3
    data_seconds: float = 1.5
    data_size: int = 1 << 29
    tree_directories: int = 64
    program_files: int = 24
    crowd_size: float = 1  # part of the full number of files, attributes and so on

    def make_quick(self):
        self.depths, self.threads = (8,), (1,)
        self.data_seconds, self.data_size = 0.3, 1 << 28
        self.tree_directories, self.program_files = 8, 8
        self.crowd_size = 0.1


def parse_arguments():
    parser = argparse.ArgumentParser(description="Measures acefs against the bare directory and other FUSE filesystems.")
    parser.add_argument("--build", type=pathlib.Path, default="build-bench", help="build directory (build-bench)")
    parser.add_argument("--quick", action="store_true", help="one depth, one thread, fewer contenders, less data")
    parser.add_argument("--only", metavar="PATTERN", default="", help="cells to measure, such as metadata/stat/8, data, work/git (all)")
    parser.add_argument("--contenders", metavar="PATTERN", default="", help="contenders to measure (all)")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (3)")
    parser.add_argument("--dir", type=pathlib.Path, default="/var/tmp", help="where backing directories are made (/var/tmp)")
    parser.add_argument("--data-dir", type=pathlib.Path, default="/dev/shm", help="the same for data (/dev/shm)")
    parser.add_argument("--in-memory", action="store_true", help="not in --dir, but on an ext4 filesystem in a file in --data-dir")
    parser.add_argument("--one-processor", action="store_true",
                        help="daemon and caller share one processor: how soon an idle one wakes up does not count")
    parser.add_argument("--uid", type=int, default=65534, help="whom to measure as; not root, whom acefs does not check (65534)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the numbers of all rounds")
    parser.add_argument("--update", type=pathlib.Path, metavar="FILE", help="put the report between the markers in this file")
    return parser.parse_args()


def enter_own_mounts():
    """Starts this program anew in a mount namespace of its own: nothing stays mounted, however it ends."""
    marker = "ACEFS_BENCH_OWN_MOUNTS"
    if os.environ.pop(marker, None) is None:
        os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv], os.environ | {marker: "1"})


def raise_file_limit():
    """Some contenders hold a descriptor for every node that the kernel knows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def those_that_start(candidates, run, notes):
    """The contenders that can be mounted; why others cannot is noted, a line each."""
    probe = run.work / "probe"
    probe.mkdir()
    starting = []
    for contender in candidates:
        try:
            with contenders.Mount(contender, probe, run.work / "mnt"):
                starting.append(contender)
        except (OSError, contenders.LeftOut) as reason:
            note(notes, f"left out: {contender.name} ({reason})")
    return tuple(starting)


def note(notes, text):
    if text not in notes:
        notes.append(text)
        print(text, file=sys.stderr, flush=True)


def measure(run, batches, results, notes):
    for number in range(run.rounds):
        for batch in batches:
            print(f"round {number + 1} of {run.rounds}: {batch.title}", file=sys.stderr, flush=True)
            first = number % len(batch.contenders)
            for contender in batch.contenders[first:] + batch.contenders[:first]:
                numbers = measure_one(run, batch, contender, notes)
                for cell in batch.cells:
                    results.add(cell, contender.name, numbers.get(cell))


def measure_one(run, batch, contender, notes):
    """{cell: number}; empty when it failed, which is noted: one contender that cannot do something stops no other."""
    os.sync()  # what the one before wrote is not written at the cost of this one
    try:
        with contenders.Mount(contender, batch.source, run.work / "mnt", batch.cells) as mount:
            return batch.measure(contender, mount.path)
    except (OSError, RuntimeError, contenders.LeftOut) as reason:
        note(notes, f"not measured: {contender.name}, {batch.title}: {reason}")
        return {}
    finally:
        batch.clean()


def measure_all(arguments, run, notes):
    candidates, left_out = contenders.all_contenders(run.build, run.work)
    for name, reason in left_out.items():
        note(notes, f"left out: {name} ({reason})")
    wanted = [c for c in candidates if re.search(arguments.contenders, c.name) and (c.quick or not arguments.quick)]
    run.contenders = those_that_start(wanted, run, notes)
    batches = [batch for room in (metadata, data, work, aces, crowd, decide) for batch in room.batches(run, arguments.only)]
    # All columns in the order of the table of contenders, whichever comes first in a round.
    results = Results()
    for batch in batches:
        for cell in batch.cells:
            results.rounds[cell] = {c.name: [] for c in batch.contenders}
    measure(run, batches, results, notes)
    return results


def main():
    arguments = parse_arguments()
    if os.geteuid() != 0 or not os.path.exists("/dev/fuse"):
        print("The benchmark mounts for several users: it needs root and /dev/fuse.", file=sys.stderr)
        return SKIPPED
    enter_own_mounts()
    raise_file_limit()
    if arguments.one_processor:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was made is then removed
    notes = []
    if not has_user_attributes(arguments.data_dir):
        note(notes, f"data is measured in {arguments.dir}: {arguments.data_dir} has no user attributes")
        arguments.data_dir = arguments.dir
    new_place = new_filesystem(arguments.data_dir) if arguments.in_memory else new_directory(arguments.dir)
    with new_place as place, new_directory(arguments.data_dir) as data_place:
        (place / "mnt").mkdir()
        run = Run(arguments.build.resolve(), place, data_place, Caller(arguments.uid, arguments.uid), arguments.rounds)
        if arguments.quick:
            run.make_quick()
        facts = machine(run.build, run)
        if arguments.one_processor:
            facts["affinity"] = "one processor for daemon and caller"
        start = time.monotonic()
        results = measure_all(arguments, run, notes)
        facts["duration"] = f"{(time.monotonic() - start) / 60:.0f} minutes"
    text = report(results, facts, notes)
    print(text)
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": facts, "notes": notes, "rounds": results.rounds}, indent=1) + "\n")
    if arguments.update:
        update(arguments.update, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
