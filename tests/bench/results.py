# SPDX-License-Identifier: MIT
"""Numbers by cell, contender and round, and the medians of them."""
import dataclasses
import statistics


UNSURE = 0.2  # rounds that differ by more than this part of their median


@dataclasses.dataclass(frozen=True, order=True)
class Ratio:
    value: float
    unsure: bool

    @staticmethod
    def of(ratios):
        median = statistics.median(ratios)
        return Ratio(median, max(ratios) - min(ratios) > UNSURE * median)

    def __str__(self):
        return f"{self.value:.2f}{'~' if self.unsure else ''}"


class Results:
    def __init__(self):
        self.rounds = {}  # {cell: {contender: [number or None, a round each]}}

    def add(self, cell, contender, number):
        self.rounds.setdefault(cell, {}).setdefault(contender, []).append(number)

    def cells(self, room):
        return [cell for cell in self.rounds if cell.startswith(room + "/")]

    def contenders(self, cells):
        """In the order in which they were measured."""
        return list(dict.fromkeys(name for cell in cells for name in self.rounds.get(cell, {})))

    def median(self, cell, contender):
        numbers = [n for n in self.rounds.get(cell, {}).get(contender, []) if n is not None]
        return statistics.median(numbers) if numbers else None

    def ratio(self, cell, contender, *references):
        """Median of the rounds' ratios: what is compared was measured seconds apart. Of several references the greatest number
        counts. None: one of them is missing."""
        ratios = self.ratios(cell, contender, *references)
        return Ratio.of(ratios) if ratios else None

    def ratio_of_all(self, cells, contender, reference):
        """The same of several cells at once, for what is nearly 1: with so many rounds the machine's moods even out."""
        ratios = [ratio for cell in cells for ratio in self.ratios(cell, contender, reference)]
        return Ratio.of(ratios) if ratios else None

    def ratios(self, cell, contender, *references):
        """Of each round that has all the numbers. Nothing done at all, as by a crowd that was kept out for the whole time, has no ratio."""
        columns = [self.rounds.get(cell, {}).get(name) for name in (contender, *references)]
        if not all(columns):
            return []
        return [mine / max(theirs) for mine, *theirs in zip(*columns) if None not in (mine, *theirs) and max(theirs) > 0]
