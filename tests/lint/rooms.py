#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rooms include only what they may use, and only src/fuse and src/daemon know libfuse. Linking obeys the rooms' dependencies;
this makes headers obey them too. Prints what is wrong, a line each; exits 1 then."""
import pathlib
import re
import sys

top = pathlib.Path(sys.argv[1])
MAY_USE = {
    "base": set(),
    "acl": {"base"},
    "nfs4": {"base", "acl"},
    "principal": {"base", "acl"},
    "backing": {"base", "acl"},
    "node": {"base", "acl", "backing"},
    "audit": {"base", "acl"},
    "fs": {"base", "acl", "nfs4", "principal", "backing", "node", "audit"},
    "fuse": {"base", "acl", "nfs4", "principal", "backing", "node", "audit", "fs"},
    "daemon": {"base", "acl", "nfs4", "principal", "backing", "node", "audit", "fs", "fuse"},
    "tools": {"base", "acl", "principal", "backing"},
}
include = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)
wrong = []


def room_of(path):
    parts = pathlib.PurePath(path).parts
    if parts[0] == "acefs" and len(parts) > 2:
        return parts[1]
    return parts[0] if len(parts) > 1 and parts[0] in MAY_USE else None


for tree in ("src", "include/acefs", "tools"):
    for file in sorted((top / tree).rglob("*.[ch]pp")):
        room = "tools" if tree == "tools" else file.relative_to(top / tree).parts[0]
        for header in include.findall(file.read_text()):
            used = room_of(header)
            if used and used != room and used not in MAY_USE[room]:
                wrong.append(f"{file.relative_to(top)}: {room} may not use {header}")
            if "fuse_lowlevel.h" in header and room != "fuse":
                wrong.append(f"{file.relative_to(top)}: only src/fuse includes {header}")

print("\n".join(wrong))
sys.exit(1 if wrong else 0)
