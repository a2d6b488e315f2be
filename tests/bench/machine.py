# SPDX-License-Identifier: MIT
"""What a number is worth nothing without: where it was measured, and of what."""
import datetime
import json
import os
import pathlib
import re
import subprocess


def machine(build, run):
    return {
        "date": datetime.date.today().isoformat(),
        "acefs": f"{output('git', '-c', 'safe.directory=*', '-C', source_of(build), 'describe', '--always', '--dirty')}, "
                 f"build type {build_option(build, 'buildtype')}",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
        "processor": f"{os.cpu_count()} x {processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": system(),
        "kernel": os.uname().release,
        "libfuse": output("pkg-config", "--modversion", "fuse3"),
        "filesystem": f"{filesystem(run.work)} (data: {filesystem(run.data)})",
        "rounds": run.rounds,
    }


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def source_of(build):
    info = json.loads((build / "meson-info/meson-info.json").read_text())
    return info["directories"]["source"]


def build_option(build, name):
    options = json.loads((build / "meson-info/intro-buildoptions.json").read_text())
    return next((option["value"] for option in options if option["name"] == name), "unknown")


def processor():
    found = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else os.uname().machine


def system():
    found = re.search(r'^PRETTY_NAME="?(.*?)"?$', pathlib.Path("/etc/os-release").read_text(), re.M)
    return found[1] if found else "unknown"


def filesystem(path):
    """Such as "ext4 on /dev/sda1"; the topmost, where several are mounted on one another."""
    found = output("findmnt", "--noheadings", "--output", "FSTYPE,SOURCE", "--target", str(path)).splitlines()[-1]
    return " on ".join(found.split())
