# SPDX-License-Identifier: MIT
"""The report in Markdown: ratios, then absolute numbers, then the targets."""
import aces
import crowd
import metadata
from targets import targets

BEGIN, END = "<!-- begin generated -->", "<!-- end generated -->"


def report(results, machine, notes):
    parts = [facts(machine)]
    parts += ["### Ratios", *ratios(results), "### Absolute numbers", *absolutes(results)]
    parts += ["### Targets", table(["ratio", "target", "measured", ""], [t.row() for t in targets(results)])]
    if notes:
        parts.append("\n".join(f"- {note}" for note in notes))
    return "\n\n".join(parts) + "\n"


def facts(machine):
    return table(["", ""], [[key, str(value)] for key, value in machine.items()])


def ratios(results):
    sections = []
    for threads, cells in names_by_threads(results):
        title = f"Operations on names, {plural(threads, 'thread')}: acefs is ... times as fast as"
        sections.append(section(results, title, cells, against_acefs(results)))
    sections.append(section(results, "Data: acefs is ... times as fast as", results.cells("data"), against_acefs(results)))
    sections.append(section(results, "Real work: acefs takes ... times the time of", results.cells("work"), against_acefs(results)))
    sections.append(section(results, "acefs with many ACEs or groups is ... times as fast as with one", results.cells("aces"),
                            lambda cell, case: aces.REFERENCES.get(case) and results.ratio(cell, case, aces.REFERENCES[case])))
    for room, (filesystem, _) in crowd.ROOMS.items():
        sections.append(section(results, f"While one user does something as hard as he can, others are ... times as fast as alone, on {filesystem}",
                                results.cells(room),
                                lambda cell, deed: crowd.REFERENCES.get(deed) and results.ratio(cell, deed, crowd.REFERENCES[deed])))
    return [s for s in sections if s]


def against_acefs(results):
    return lambda cell, contender: None if contender == "acefs" else results.ratio(cell, "acefs", contender)


def absolutes(results):
    sections = []
    for threads, cells in names_by_threads(results):
        sections.append(section(results, f"Operations on names, {plural(threads, 'thread')}: per second", cells, results.median, "{:,.0f}"))
    sections.append(section(results, "Data: MB per second", results.cells("data"),
                            lambda cell, contender: scaled(results.median(cell, contender), 1e-6), "{:,.0f}"))
    sections.append(section(results, "Real work: seconds", results.cells("work"), results.median, "{:.3f}"))
    sections.append(section(results, "acefs with many ACEs or groups: per second", results.cells("aces"), results.median, "{:,.0f}"))
    for room, (filesystem, _) in crowd.ROOMS.items():
        sections.append(section(results, f"Others, while one user does something as hard as he can: per second, on {filesystem}",
                                results.cells(room), results.median, "{:,.0f}"))
    sections.append(section(results, "The decision alone: nanoseconds", results.cells("decide"), results.median, "{:,.0f}"))
    return [s for s in sections if s]


def section(results, title, cells, number, form="{}"):
    """One table, a row for each cell and a column for each contender that has a number; empty when there is none."""
    columns = [c for c in results.contenders(cells) if any(number(cell, c) is not None for cell in cells)]
    if not columns:
        return ""
    rows = [[label(cell), *(shown(number(cell, c), form) for c in columns)] for cell in cells]
    return f"{title}:\n\n{table(['', *columns], rows)}"


def names_by_threads(results):
    cells = results.cells("metadata")
    order = list(metadata.OPERATIONS)
    for threads in sorted({int(cell.split("/")[3]) for cell in cells}):
        mine = [cell for cell in cells if cell.endswith(f"/{threads}")]
        yield threads, sorted(mine, key=lambda cell: (order.index(cell.split("/")[1]), int(cell.split("/")[2])))


def label(cell):
    parts = cell.split("/")
    name = metadata.OPERATIONS.get(parts[1], parts[1])
    return f"{name}, depth {parts[2]}" if len(parts) > 2 else name


def plural(count, word):
    return f"{count} {word}{'' if count == 1 else 's'}"


def shown(number, form):
    return "-" if number is None else form.format(number)


def scaled(number, factor):
    return None if number is None else number * factor


def table(head, rows):
    """Aligned, so that it can be read as text too."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(row):
        first, *others = (cell.rjust(width) if i and head[i] else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths)))
        return "| " + " | ".join([first, *others]) + " |"

    rule = "|" + "|".join("-" * (width + 1) + (":" if i and head[i] else "-") for i, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def update(path, text):
    """Puts the report between the markers."""
    before, rest = path.read_text().split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}")
