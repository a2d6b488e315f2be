# SPDX-License-Identifier: MIT
"""Reading and writing one file, by fio. Cells are data/JOB, numbers are bytes per second."""
import json
import os
import re
import shutil
import subprocess

from batches import Batch

JOBS = {
    "sequential read": ("read", "1M"), "sequential write": ("write", "1M"),
    "random read": ("randread", "4k"), "random write": ("randwrite", "4k"),
}


def cell(job):
    return f"data/{job}"


def batches(run, only):
    jobs = [job for job in JOBS if re.search(only, cell(job))]
    if not jobs:
        return []
    if not shutil.which("fio"):
        print("left out: data (fio is not there)")
        return []
    prepare(run.data / "file", run.data_size)
    return [_batch(run, job) for job in jobs]


def prepare(path, size):
    """Every block is written: reading a hole would cost nothing."""
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            file.write(block)
    path.chmod(0o666)


def _batch(run, job):
    def measure(_contender, path):
        return {cell(job): fio(run, f"{path}/file", *JOBS[job])}

    return Batch(job, (cell(job),), run.data, run.contenders, measure)


def fio(run, path, direction, block):
    """Bytes per second. At the end of the file fio opens it anew and has the kernel drop its pages (--loops, --invalidate), so that
    no pass is answered from the mount's page cache."""
    milliseconds = int(run.data_seconds * 1000)
    command = ["fio", "--name=bench", f"--filename={path}", f"--size={run.data_size}", f"--rw={direction}", f"--bs={block}",
               "--ioengine=psync", "--invalidate=1", "--loops=1000", f"--runtime={milliseconds}ms", f"--ramp_time={milliseconds // 4}ms",
               "--allow_file_create=0", "--output-format=json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **run.caller.popen_arguments())
    if done.returncode:
        raise RuntimeError(f"fio failed: {done.stderr.strip() or done.stdout.strip()}")
    job = json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]
    return float(job["read" if "read" in direction else "write"]["bw_bytes"])
