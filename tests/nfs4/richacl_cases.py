#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random ACLs and what richacl makes of them, for tests/data/richacl.txt.

    richacl_cases.py LIBRICHACL.SO > tests/data/richacl.txt

LIBRICHACL.SO is richacl's library (https://github.com/andreas-gruenbacher/richacl), built by whoever runs this; the tests need it
not. Each bit is asked for by itself, of an ACL without file masks. The seed is fixed, so the same library writes the same file."""
import ctypes
import random
import sys

OWNER, GROUP = 1000, 2000
SPECIAL = {"O": 0, "G": 1, "E": 2}
USERS = {"a": 1000, "b": 1001, "c": 1002}
GROUPS = {"x": 2000, "y": 2001, "z": 2002}
PEOPLE = [(1000, [2000]), (1000, [3000]), (1000, [2001, 2002]), (1001, [3000]), (1001, [2000]), (1001, [2001]),
          (1001, [2000, 2001, 2002]), (1002, [2002]), (1002, [2000, 2002]), (1003, [3000]), (1003, [2000]), (1003, [2001, 2002])]
LISTS, ASKED = 10000, 4

BITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 19, 20]
ALL = sum(1 << bit for bit in BITS)
KEPT_BY_OWNER = 0x0e0180  # t T c C o
READ, WRITE, EXECUTE, WRITE_DIRECTORY = 0x120089, 0x100016, 0x20, 0x100056
USUAL = [0x1, 0x2, 0x20, 0x81, READ, READ | EXECUTE, READ | WRITE, READ | WRITE | EXECUTE, 0x10000, 0x40, 0x1601bf, ALL, ALL & ~0x40]

HEADER = """\
# What richacl's richacl_permission() makes of random ACLs; written by tests/nfs4/richacl_cases.py.
# The node belongs to uid 1000 and gid 2000. A person: p, letter, uid, groups. A list: f (file) or d (directory), the ACEs, the
# answers, without spaces within. An ACE is A or D, a who, a mask; an answer is a person and the mask of what he may. Who: O G E for
# OWNER@ GROUP@ EVERYONE@; a b c for the users 1000 1001 1002; x y z for the groups 2000 2001 2002. A mask has three characters, each
# '0' and six bits, most significant first: bits 16 to 20 of NFSv4's mask, then bits 8 to 0.
"""


class Ace(ctypes.Structure):
    _fields_ = [("type", ctypes.c_ushort), ("flags", ctypes.c_ushort), ("mask", ctypes.c_uint), ("who", ctypes.c_char_p)]


class Acl(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_ubyte), ("count", ctypes.c_ushort), ("owner", ctypes.c_uint), ("group", ctypes.c_uint),
                ("other", ctypes.c_uint)]


class Richacl:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.richacl_permission.restype = ctypes.c_bool

    def acl_of(self, aces):
        class Whole(ctypes.Structure):
            _fields_ = [("head", Acl), ("entries", Ace * len(aces))]

        whole = Whole()
        whole.head.count = len(aces)
        for entry, (kind, who, mask) in zip(whole.entries, aces):
            entry.type = 1 if kind == "D" else 0
            entry.flags = 0x4000 if who in SPECIAL else 0x40 if who in GROUPS else 0
            entry.mask = mask
            # The union of an id and a pointer begins with the id.
            ids = {**SPECIAL, **USERS, **GROUPS}
            ctypes.c_uint.from_buffer(entry, Ace.who.offset).value = ids[who]
        if self.lib.richacl_valid(ctypes.byref(whole)) != 0:
            raise ValueError(aces)
        return whole

    def allowed(self, acl, uid, groups):
        gids = (ctypes.c_uint * len(groups))(*groups)
        may = self.lib.richacl_permission
        return sum(1 << bit for bit in BITS
                   if may(ctypes.byref(acl), OWNER, GROUP, uid, gids, len(groups), ctypes.c_uint(1 << bit)))


def random_mask(rng):
    shape = rng.random()
    if shape < 0.5:
        return rng.getrandbits(21) & ALL or 1
    if shape < 0.8:
        return rng.choice(USUAL)
    return sum(1 << bit for bit in rng.sample(BITS, rng.randint(1, 3)))


def random_ace(rng):
    kind = "D" if rng.random() < 0.4 else "A"
    who = rng.choice("OGEabcxyz")
    mask = random_mask(rng)
    if kind == "D" and who == "O":
        mask = mask & ~KEPT_BY_OWNER or 0x2  # acefs refuses to store that OWNER@ is denied what he keeps
    return kind, who, mask


def aces_of_mode(rng, directory):
    write = WRITE_DIRECTORY if directory else WRITE
    aces = []
    for who in "OGE":
        mask = 0x80 | (READ if rng.random() < 0.7 else 0) | (write if rng.random() < 0.4 else 0)
        mask |= (EXECUTE if rng.random() < 0.5 else 0) | (0x60180 if who == "O" else 0)
        aces.append(("A", who, mask))
    return aces


def random_list(rng, directory):
    aces = [random_ace(rng) for _ in range(rng.choice([1, 2, 2, 3, 3, 4, 5]))]
    if rng.random() < 0.15:
        aces = aces[:2] + aces_of_mode(rng, directory)
    if rng.random() < 0.75:
        aces.sort(key=lambda ace: ace[0] != "D")
    return aces


def packed(mask):
    number = (mask >> 16) << 9 | mask & 0x1ff
    return "".join(chr(48 + (number >> shift & 63)) for shift in (12, 6, 0))


def main():
    richacl = Richacl(sys.argv[1])
    rng = random.Random(1)
    print(HEADER, end="")
    for i, (uid, groups) in enumerate(PEOPLE):
        print("p", chr(65 + i), uid, *groups)
    for _ in range(LISTS):
        directory = rng.random() < 0.5
        aces = random_list(rng, directory)
        acl = richacl.acl_of(aces)
        asked = sorted(rng.sample(range(len(PEOPLE)), ASKED))
        answers = [chr(65 + i) + packed(richacl.allowed(acl, *PEOPLE[i])) for i in asked]
        print("d" if directory else "f", "".join(kind + who + packed(mask) for kind, who, mask in aces), "".join(answers))


main()
