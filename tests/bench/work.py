# SPDX-License-Identifier: MIT
"""What people do with directories. Cells are work/NAME, numbers are seconds."""
import os
import random
import re
import shutil
import subprocess
import time

from batches import Batch

# {here}: the mount; {bare}: the directory below it, where what is only fetched comes from; {out}: a new directory in the mount.
WORK = {
    "git clone": ("git", "clone", "--quiet", "file://{bare}/repository", "{out}/clone"),
    "tar create": ("tar", "-cf", "{out}/tree.tar", "-C", "{here}", "tree"),
    "tar extract": ("tar", "-xf", "{bare}/tree.tar", "-C", "{out}"),
    "grep -r": ("grep", "-r", "not in any file", "{here}/tree"),
    "make -j2": ("make", "--silent", "-j2", "-C", "{here}/program", "OUT={out}"),
    "cp -a": ("cp", "-a", "{here}/tree", "{out}/copy"),
}
AT_LEAST = 0.3  # seconds; what is faster is repeated


def cell(name):
    return f"work/{name}"


def batches(run, only):
    names = []
    for name, command in WORK.items():
        if not re.search(only, cell(name)):
            continue
        if shutil.which(command[0]):
            names.append(name)
        else:
            print(f"left out: {name} ({command[0]} is not there)")
    if names:
        prepare(run)
    return [_batch(run, name) for name in names]


def prepare(run):
    place = run.work / "real"
    place.mkdir()
    make_tree(place / "tree", run.tree_directories)
    make_program(place / "program", run.program_files)
    subprocess.run(["tar", "-cf", place / "tree.tar", "-C", place, "tree"], check=True)
    for path, _, files in os.walk(place):
        os.chown(path, run.caller.uid, run.caller.gid)
        for file in files:
            os.chown(os.path.join(path, file), run.caller.uid, run.caller.gid)
    if shutil.which("git"):
        make_repository(run, place)


def make_tree(top, directories):
    """Text files of up to 12 KiB, the same ones in every run."""
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 10))) for _ in range(500)]
    for d in range(directories):
        directory = top / f"part{d % 8}" / f"chapter{d}"
        directory.mkdir(parents=True)
        for f in range(30):
            (directory / f"page{f}.txt").write_text(" ".join(chance.choices(words, k=chance.randint(10, 2000))) + "\n")


def make_program(top, files):
    """C files that include many headers, as C files do."""
    top.mkdir(parents=True)
    numbers = range(files)
    for n in numbers:
        (top / f"part{n}.h").write_text(f"int part{n}(int);\n")
    headers = "#include <stdio.h>\n" + "".join(f'#include "part{n}.h"\n' for n in numbers)
    for n in numbers:
        body = "".join(f"  x += part{m}(x - 1) * {m};\n" for m in range(n))
        (top / f"part{n}.c").write_text(f"{headers}int part{n}(int x) {{\n{body}  return x;\n}}\n")
    (top / "main.c").write_text(f'{headers}int main(void) {{ return printf("%d\\n", part{files - 1}(1)) < 0; }}\n')
    objects = " ".join(f"$(OUT)/part{n}.o" for n in numbers)
    (top / "Makefile").write_text(f"$(OUT)/program: $(OUT)/main.o {objects}\n\t$(CC) -o $@ $^\n"
                                  f"$(OUT)/%.o: %.c $(wildcard *.h)\n\t$(CC) -c -o $@ $<\n")


def make_repository(run, place):
    repository = place / "repository"
    shutil.copytree(place / "tree", repository)
    for path, _, files in os.walk(repository):
        for name in (path, *(os.path.join(path, file) for file in files)):
            os.chown(name, run.caller.uid, run.caller.gid)
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Everything"]):
        subprocess.run(["git", "-C", repository, *command], check=True, env=environment(), **run.caller.popen_arguments())


def environment():
    """Nobody's own settings. Daemons that do not act as their callers make clones that belong to root."""
    settings = {"user.name": "bench", "user.email": "bench@localhost", "init.defaultBranch": "main", "gc.auto": "0", "safe.directory": "*"}
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C", "GIT_CONFIG_COUNT": str(len(settings))}
    for i, (key, value) in enumerate(settings.items()):
        env[f"GIT_CONFIG_KEY_{i}"], env[f"GIT_CONFIG_VALUE_{i}"] = key, value
    return env


def _batch(run, name):
    bare = run.work / "real"
    results = bare / "results"

    def measure(_contender, path):
        results.mkdir(mode=0o777)
        results.chmod(0o777)
        for tree in ("tree", "program"):  # to warm up
            execute(run, ("grep", "-r", "not in any file", "{here}/" + tree), path, bare, "")
        return {cell(name): seconds_of(run, WORK[name], path, bare)}

    return Batch(name, (cell(name),), bare, run.contenders, measure, lambda: shutil.rmtree(results, ignore_errors=True))


def seconds_of(run, command, path, bare):
    total, times = 0.0, 0
    while total < AT_LEAST:
        out = f"{path}/results/{times}"
        subprocess.run(["mkdir", out], check=True, **run.caller.popen_arguments())
        total += execute(run, command, path, bare, out)
        times += 1
    return total / times


def execute(run, command, here, bare, out):
    words = [word.format(here=here, bare=bare, out=out) for word in command]
    start = time.perf_counter()
    done = subprocess.run(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
                          **run.caller.popen_arguments())
    seconds = time.perf_counter() - start
    if done.returncode and not (words[0] == "grep" and done.returncode == 1):  # 1: nothing was found
        raise RuntimeError(f"{words[0]} failed: {done.stderr.strip()}")
    return seconds
