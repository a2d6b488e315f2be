# SPDX-License-Identifier: MIT
"""What is measured. A cell is one number of one contender, such as metadata/stat/8/1; a batch is the cells that are measured in one
mount, which is short, so that contenders are compared within seconds."""
import collections.abc
import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Caller:
    """Whom everything is done as: not root, whom acefs does not check."""
    uid: int
    gid: int

    def popen_arguments(self):
        return {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": "/", "stdin": subprocess.DEVNULL}


@dataclasses.dataclass(frozen=True)
class Batch:
    title: str
    cells: tuple
    source: pathlib.Path  # the directory that is mounted
    contenders: tuple
    measure: collections.abc.Callable  # (contender, path) -> {cell: number}
    clean: collections.abc.Callable = lambda: None  # after unmounting
