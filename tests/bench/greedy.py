#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Somebody who does one thing as hard as he can: greedy.py DEED DIRECTORY SIZE UID. Says "ready" when he is prepared, and goes on until
he is ended. SIZE is a part of the full size, which is 1."""
import contextlib
import errno
import itertools
import os
import subprocess
import sys

FULL = {"open files": 100_000, "attributes": 10_000, "deep": 4_000, "listing": 1_000_000, "renames": 1_000, "ACEs": 5_000}
FIRST_UID = 100_000  # of the users that ACEs name


def count_of(deed, size):
    return max(1, int(FULL[deed] * float(size)))


def open_files(directory, size):
    """Opens files until he is refused, and tries again and again."""
    name = f"{directory}/f"
    held = [os.open(name, os.O_CREAT | os.O_RDWR, 0o600)]
    refused = False
    while not refused and len(held) < count_of("open files", size):
        refused = not opens(name, held)
    yield
    while True:
        opens(name, held)


def opens(name, held):
    try:
        held.append(os.open(name, os.O_RDONLY))
        return True
    except OSError as e:
        if e.errno not in (errno.ENFILE, errno.EMFILE):
            raise
        return False


def attributes(directory, size):
    """Many attributes on one file, listed, read and changed: as many as are taken, which is what can be listed (64 KiB of names)."""
    name = f"{directory}/f"
    os.close(os.open(name, os.O_CREAT | os.O_RDWR, 0o600))
    names = []
    with contextlib.suppress(OSError):
        for i in range(count_of("attributes", size)):
            os.setxattr(name, f"user.attribute{i:05}", b"value")
            names.append(f"user.attribute{i:05}")
    yield
    for attribute in itertools.cycle(names):
        os.setxattr(name, attribute, b"other")
        os.getxattr(name, attribute)
        with contextlib.suppress(OSError):  # E2BIG: the kernel lists 64 KiB of names at most
            os.listxattr(name)


def aces(directory, size):
    """Changes one after the other of many ACEs on a directory of his."""
    yield
    for letters, uid in itertools.product(itertools.cycle((b"r", b"rx")), range(count_of("ACEs", size))):
        os.setxattr(directory, f"user.oc.grant.u:{FIRST_UID + uid}", b"\x00t=A:p=" + letters)


def deep(directory, size):
    """At the end of a path of thousands of directories."""
    here = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    for _ in range(count_of("deep", size)):
        try:
            os.mkdir("d", dir_fd=here)
        except FileExistsError:
            pass
        below = os.open("d", os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here = below
    yield
    while True:
        os.close(os.open("f", os.O_CREAT | os.O_RDWR, 0o600, dir_fd=here))
        os.stat("f", dir_fd=here)
        os.unlink("f", dir_fd=here)


def long_names(directory, size):
    """Names of 255 bytes, for ever new ones."""
    yield
    for i in itertools.count():
        name = f"{directory}/{i:0255}"
        os.close(os.open(name, os.O_CREAT | os.O_RDWR, 0o600))
        os.unlink(name)


def renames(directory, size):
    """A tree that goes back and forth between two directories."""
    for name in ("a", "b"):
        os.makedirs(f"{directory}/{name}", exist_ok=True)
    if os.path.exists(f"{directory}/b/tree"):  # where it was when he was ended
        os.rename(f"{directory}/b/tree", f"{directory}/a/tree")
    if not os.path.exists(f"{directory}/a/tree"):
        for i in range(count_of("renames", size)):
            os.makedirs(f"{directory}/a/tree/{i}/d")
    yield
    while True:
        for of, to in (("a", "b"), ("b", "a")):
            os.rename(f"{directory}/{of}/tree", f"{directory}/{to}/tree")
            os.stat(f"{directory}/{to}/tree/0/d")


def listing(directory, size):
    """Lists a directory that has very many entries."""
    yield
    while True:
        with os.scandir(directory) as entries:
            for _ in entries:
                pass


def prepare(deed, directory, size, setace):
    """As root on the backing: what would take long through a mount."""
    if deed == "listing":
        for i in range(count_of(deed, size)):
            os.mknod(f"{directory}/{i}")
    if deed == "ACEs":
        entries = "".join(f"u:{FIRST_UID + i}:r\n" for i in range(count_of(deed, size)))
        subprocess.run([setace, "--root", os.path.dirname(directory), "-M", "-", directory], input=entries, text=True, check=True)


DEEDS = {"open files": open_files, "attributes": attributes, "ACEs": aces, "deep": deep, "long names": long_names, "renames": renames,
         "listing": listing}


def main():
    deed, directory, size, uid = sys.argv[1:]
    os.setgroups([])
    os.setresgid(*3 * [int(uid)])
    os.setresuid(*3 * [int(uid)])
    steps = DEEDS[deed](directory, size)
    next(steps)
    print("ready", flush=True)
    next(steps)


if __name__ == "__main__":
    main()
