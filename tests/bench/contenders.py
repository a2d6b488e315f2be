# SPDX-License-Identifier: MIT
"""Who is measured, and how each of them is mounted over a directory for a while."""
import dataclasses
import os
import pathlib
import re
import select
import shlex
import subprocess
import tempfile

EXAMPLES = pathlib.Path("/usr/share/doc/libfuse3-dev/examples")
PATIENCE = 30  # seconds for a daemon to start or to end


class LeftOut(Exception):
    """Why a contender cannot take part."""


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    command: tuple = ()  # {source} and {mount} are filled in; empty: the bare directory
    quick: bool = True  # takes part in a quick run
    sometimes: tuple = ()  # (pattern of cells, arguments that it needs for these)

    def arguments(self, cells, source, mount):
        command = list(self.command)
        if self.sometimes and any(re.search(self.sometimes[0], cell) for cell in cells):
            command += self.sometimes[1]
        return [word.format(source=source, mount=mount) for word in command]


def all_contenders(build, scratch):
    """Everybody. Daemons of libfuse's examples are compiled into `scratch`; those that cannot be are in the second result,
    with the reason."""
    acefs = (f"{build}/src/daemon/acefs", "-f", "{source}", "{mount}")
    bindfs = ("bindfs", "-f", "{source}", "{mount}")
    # minfreespace: it refuses to create files on a filesystem that has less than 4 GB left.
    mergerfs = ("mergerfs", "-f", "-o", "allow_other,minfreespace=0", "{source}", "{mount}")
    contenders = [
        Contender("native"),
        Contender("acefs", acefs),
        Contender("acefs unchecked", acefs + ("-o", "checks=off")),
        Contender("acefs statx", acefs + ("-o", "coherence=statx"), quick=False),
        Contender("acefs public", acefs + ("-o", "cache=public")),
        Contender("acefs passthrough", acefs + ("-o", "data=passthrough")),
        Contender("bindfs", bindfs),
        Contender("bindfs 0", bindfs + ("-o", "attr_timeout=0,entry_timeout=0,negative_timeout=0"), quick=False),
        Contender("mergerfs", mergerfs),
        Contender("mergerfs 0", mergerfs + ("-o", "cache.attr=0,cache.entry=0,cache.negative_entry=0"), quick=False),
    ]
    left_out = {}
    for make in (_passthrough_ll, _passthrough_hp):
        try:
            contenders += make(scratch)
        except LeftOut as reason:
            left_out[make.__name__.strip("_")] = str(reason)
    return contenders, left_out


def _passthrough_ll(scratch):
    """Keeps attributes and names for a second by default. Without the option xattr it has no attributes at all; it is given only
    where attributes are measured, because with it the kernel asks for security.capability at every write."""
    program = compile_example("passthrough_ll.c", ["cc", "-O2"], scratch)
    mount = (program, "-f", "-o", "allow_other,source={source}", "{mount}")
    xattr = ("/getxattr/", ("-o", "xattr"))
    return [Contender("passthrough_ll", mount, sometimes=xattr),
            Contender("passthrough_ll 0", mount + ("-o", "timeout=0"), sometimes=xattr)]


def _passthrough_hp(scratch):
    """Keeps attributes and names for a day by default."""
    program = compile_example("passthrough_hp.cc", ["c++", "-O2", "-std=c++20"], scratch)
    mount = (program, "--foreground", "-o", "allow_other")
    ends = ("{source}", "{mount}")
    return [Contender("passthrough_hp", mount + ends),
            Contender("passthrough_hp 0", mount + ("--nocache",) + ends, quick=False)]


def compile_example(source, compiler, scratch):
    if not (EXAMPLES / source).exists():
        raise LeftOut(f"{EXAMPLES}/{source} is not there")
    program = pathlib.Path(scratch) / pathlib.Path(source).stem
    try:
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"], capture_output=True, text=True, check=True).stdout
        subprocess.run([*compiler, "-o", str(program), str(EXAMPLES / source), *shlex.split(flags)], capture_output=True, text=True,
                       check=True)
    except FileNotFoundError as error:
        raise LeftOut(f"{error.filename} is not there") from error
    except subprocess.CalledProcessError as error:
        raise LeftOut(f"it does not compile: {last_line(error.stderr)}") from error
    return str(program)


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


class Mount:
    """A contender over `source` until the end of the with statement; `path` is where to work. Daemons stay in the foreground, as
    children of ours, and die with us."""

    def __init__(self, contender, source, mountpoint, cells=()):
        self.contender, self.source, self.mountpoint = contender, str(source), str(mountpoint)
        self.arguments = contender.arguments(cells, self.source, self.mountpoint)
        self.path = self.mountpoint if self.arguments else self.source

    def __enter__(self):
        if not self.arguments:
            return self
        self.said = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.arguments], stdin=subprocess.DEVNULL,
                                            stdout=self.said, stderr=self.said, cwd="/")
            self._wait_until_mounted()
            os.listdir(self.mountpoint)  # answered only when the daemon serves
        except (OSError, LeftOut):
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if not self.arguments:
            return
        if os.path.ismount(self.mountpoint) and subprocess.run(["umount", self.mountpoint], stderr=subprocess.DEVNULL,
                                                               check=False).returncode:
            subprocess.run(["umount", "--lazy", self.mountpoint], check=False)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.said.close()

    def _wait_until_mounted(self):
        """The kernel reports a change of /proc/self/mountinfo as an error of the open file, and the end of a process as input."""
        process_end = os.pidfd_open(self.process.pid)
        try:
            with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
                waiting = select.poll()
                waiting.register(mounts, select.POLLERR | select.POLLPRI)
                waiting.register(process_end, select.POLLIN)
                while f" {self.mountpoint} " not in mounts.read():
                    events = waiting.poll(PATIENCE * 1000)
                    if not events or any(fd == process_end for fd, _ in events):
                        raise LeftOut(self._why())
                    mounts.seek(0)
        finally:
            os.close(process_end)

    def _why(self):
        if self.process.poll() is None:
            self.process.kill()
            return "it does not mount"
        if self.process.returncode == 127:
            return f"{self.arguments[0]} is not there"
        self.said.seek(0)
        return last_line(self.said.read())
