# SPDX-License-Identifier: MIT
"""Where it is measured: directories that are there for one run."""
import contextlib
import os
import pathlib
import subprocess
import tempfile

IMAGE_SIZE = 4 << 30  # most of it stays a hole


@contextlib.contextmanager
def new_directory(parent):
    directory = pathlib.Path(tempfile.mkdtemp(prefix="acefs-bench-", dir=parent))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        subprocess.run(["rm", "-rf", directory], check=True)  # whatever its depth


@contextlib.contextmanager
def new_filesystem(parent):
    """A directory on an ext4 filesystem of its own, in a file below `parent`."""
    with new_directory(parent) as directory:
        image, top = directory / "image", directory / "top"
        with open(image, "wb") as file:
            file.truncate(IMAGE_SIZE)
        top.mkdir()
        # Not lazily: the kernel would go on with it while something is measured.
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, top], check=True)
        try:
            yield top
        finally:
            subprocess.run(["umount", "--lazy", top], check=True)


def has_user_attributes(directory):
    """acefs needs them; tmpfs has them from Linux 6.6 on."""
    try:
        os.setxattr(directory, "user.bench", b"1")
        os.removexattr(directory, "user.bench")
        return True
    except OSError:
        return False
