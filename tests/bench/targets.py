# SPDX-License-Identifier: MIT
"""What acefs wants to reach, and whether a run reached it."""
import dataclasses

import aces
import crowd
import data
import metadata
import work


@dataclasses.dataclass(frozen=True)
class Target:
    text: str
    bound: float
    comparisons: list  # (label, ratio or None), of which the worst one counts
    at_most: bool = False

    def verdict(self):
        measured = [(ratio, label) for label, ratio in self.comparisons if ratio is not None]
        if not measured:
            return "-", "not measured"
        ratio, label = max(measured) if self.at_most else min(measured)
        reached = ratio.value <= self.bound if self.at_most else ratio.value >= self.bound
        worst = f" ({label})" if len(self.comparisons) > 1 else ""
        return f"{ratio}{worst}", "reached" if reached else "**missed**"

    def row(self):
        found, verdict = self.verdict()
        return [self.text, f"{'<=' if self.at_most else '>='} {self.bound:g}", found, verdict]


def targets(results):
    def names(operations, mine, *references, where=lambda depth, threads: threads == 1):
        """Ratios of operations on names, at every depth and number of threads that `where` accepts."""
        found = []
        for cell in results.cells("metadata"):
            _, operation, depth, threads = cell.split("/")
            if operation in operations and where(int(depth), int(threads)):
                label = f"{metadata.OPERATIONS[operation]}, depth {depth}" + (f", {threads} threads" if threads != "1" else "")
                found.append((label, results.ratio(cell, mine, *references)))
        return found

    def unchecked():
        return [(text, results.ratio_of_all([c for c in results.cells("metadata") if c.split("/")[1] == operation], "acefs", "acefs unchecked"))
                for operation, text in metadata.OPERATIONS.items()]

    def at_depth_8(depth, threads):
        return depth == 8 and threads == 1

    def files(jobs, mine, reference):
        return [(job, results.ratio(data.cell(job), mine, reference)) for job in jobs]

    def cases(case):
        return [(metadata.OPERATIONS[o], results.ratio(aces.cell(o), case, aces.REFERENCES[case])) for o in aces.OPERATIONS]

    def crowds():
        return [(f"{metadata.OPERATIONS[o]}; {deed}", results.ratio(crowd.cell(o), deed, reference))
                for o in crowd.OPERATIONS for deed, reference in crowd.REFERENCES.items()]

    sequential = [job for job in data.JOBS if job.startswith("sequential")]
    best_of = ("bindfs", "passthrough_ll")
    return [
        Target("any operation on names, all depths and numbers of threads: checks / no checks", 0.95, unchecked()),
        Target("stat, depth 8: acefs / passthrough_ll, timeouts 0", 7, names(["stat"], "acefs", "passthrough_ll 0", where=at_depth_8)),
        Target("open, read, close, depth 8: acefs / passthrough_ll", 0.95,
               names(["openread"], "acefs", "passthrough_ll", where=at_depth_8)),
        Target("open, read, close, depth 8: acefs data=passthrough / passthrough_ll", 1.2,
               names(["openread"], "acefs passthrough", "passthrough_ll", where=at_depth_8)),
        *(Target(f"{metadata.OPERATIONS[o]}: acefs / the better of bindfs and passthrough_ll", 1.0, names([o], "acefs", *best_of))
          for o in ("create", "mkdir", "rename", "getxattr")),
        *(Target(f"{metadata.OPERATIONS[o]}: acefs cache=public / passthrough_ll", 0.9, names([o], "acefs public", "passthrough_ll"))
          for o in ("stat", "walkstat")),
        Target("data: acefs data=passthrough / native", 0.95, files(data.JOBS, "acefs passthrough", "native")),
        Target("sequential data: acefs / passthrough_ll", 1.0, files(sequential, "acefs", "passthrough_ll")),
        *(Target(f"{name}, time: acefs / passthrough_ll", 1.05,
                 [(name, results.ratio(work.cell(name), "acefs", "passthrough_ll"))], at_most=True)
          for name in work.WORK),
        Target("5,000 ACEs on each of 8 segments / 1 ACE on each, warm", 0.97, cases("5,000 ACEs")),
        Target("caller with 1,000 groups / with 1 group, warm", 0.97, cases("1,000 groups")),
        Target("others, while one user does something as hard as he can / alone", 0.5, crowds()),
    ]
