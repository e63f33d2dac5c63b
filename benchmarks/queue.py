"""What the pages of agents cost, and how many rows the database reads for them, however many tickets there are.

    .venv/bin/python -m benchmarks.queue --sizes 10000,100000,1000000 [--write]

Times are of one machine, and only told. What is judged does not depend on it: the number of questions a page asks, that
no question reads a large table from end to end, and the weight of the page.
"""

import argparse
import re
import subprocess
import sys
from typing import Any

import orjson

from .report import DOCUMENT
from .servers import ROOT, environment, prepare

MOST_QUERIES = 45
MOST_KILOBYTES = 250
OF_ROWS = 3  # questions that an empty list does not ask: what its rows say, who wrote last, and what is begun
MARKS = ("<!-- queue: written by `make bench` -->", "<!-- /queue -->")


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.queue", description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sizes = sorted({int(text) for text in options.sizes.split(",")})
    found = {size: pages_of(prepare(size)) for size in sizes}
    lines, failures = table(found), judged(found)
    print("\n".join([*lines, "", *failures]))
    if options.write:
        write("\n".join([*lines, "", "```", *failures, "```"]))
    return 1 if any(line.startswith("FAIL") for line in failures) else 0


def pages_of(url: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.queue_pages"]
    done = subprocess.run(command, cwd=ROOT, env=environment(url), check=True, stdout=subprocess.PIPE)
    return orjson.loads(done.stdout)


def table(found: dict[int, list[dict[str, Any]]]) -> list[str]:
    """One line a page: its time at each size, and at the largest what it asks, weighs and reads."""
    times = " | ".join(f"ms at {size:,}" for size in found)
    lines = [f"| Page | Questions | KB | {times} | Rows read |", f"|---|{'--:|' * (3 + len(found))}"]
    for pages in zip(*found.values(), strict=True):
        largest = pages[-1]
        figures = [f"{page['seconds'] * 1000:,.0f}" for page in pages] + [f"{largest['read']:,}"]
        lines.append(
            f"| {largest['title']} | {largest['queries']} | {largest['kilobytes']:,.0f} | {' | '.join(figures)} |"
        )
    return lines


def judged(found: dict[int, list[dict[str, Any]]]) -> list[str]:
    told = []
    for size, pages in found.items():
        many = max(pages, key=lambda page: page["queries"])
        heavy = max(pages, key=lambda page: page["kilobytes"])
        scans = [f"{page['title']} reads all of {', '.join(page['scans'])}" for page in pages if page["scans"]]
        checks = [
            (many["queries"] <= MOST_QUERIES, f"at most {MOST_QUERIES} questions: {many['queries']}, {many['title']}"),
            (not scans, f"no large table is read from end to end{': ' if scans else ''}{'; '.join(scans)}"),
            (
                heavy["kilobytes"] <= MOST_KILOBYTES,
                f"at most {MOST_KILOBYTES} KB: {heavy['kilobytes']:.0f}, {heavy['title']}",
            ),
        ]
        told += [f"{'PASS' if passed else 'FAIL'}  {size:,} tickets, {text}" for passed, text in checks]
    smallest, *others = found
    for size in others:
        grown = [
            page["title"]
            for page, before in zip(found[size], found[smallest], strict=True)
            if page["queries"] > before["queries"] + OF_ROWS
        ]
        text = f"{size:,} tickets, as many questions as with {smallest:,}{': ' if grown else ''}{', '.join(grown)}"
        told.append(f"{'FAIL' if grown else 'PASS'}  {text}")
    return told


def write(text: str) -> None:
    """Put the figures between their marks in the document."""
    document = DOCUMENT.read_text()
    found = re.compile(re.escape(MARKS[0]) + ".*?" + re.escape(MARKS[1]), re.DOTALL)
    DOCUMENT.write_text(found.sub(lambda _: f"{MARKS[0]}\n\n{text}\n\n{MARKS[1]}", document))


if __name__ == "__main__":
    sys.exit(main())
