"""Medians, ratios and the verdict."""

import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import orjson
import psycopg

from .servers import ROOT, SERVER

# The figures of earlier runs, for when only some scenarios are measured again.
KEPT = ROOT / "var" / "benchmarks.json"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
MARK = "<!-- figures: written by `make bench` -->"
MEMORY = 20_000  # KiB that a ten times longer stream may add; far less than its rows


@dataclass
class Result:
    """What a scenario took at one size: seconds a request for each server and round."""

    name: str
    title: str
    place: int  # among the scenarios
    size: int
    gate: float | None
    growth: float | None
    times: dict[str, list[float]]
    memory: int | None = None

    def micros(self, kind: str = "product") -> float:
        return median(self.times[kind]) * 1e6

    def ratio(self, kind: str = "product") -> float:
        """How much faster than the floor, as the median of the ratios of each round."""
        return median(floor / own for floor, own in zip(self.times["floor"], self.times[kind], strict=True))

    def grown(self, smallest: "Result") -> float:
        """What it costs in costs at the smallest size, as the median of the rounds."""
        rounds = zip(smallest.times["product"], self.times["product"], strict=True)
        return median(large / small for small, large in rounds)

    @property
    def is_floored(self) -> bool:
        return len(self.times) > 1

    def line(self) -> str:
        figures = "  ".join(f"{kind} {self.micros(kind):>12,.0f} µs" for kind in self.times)
        ratios = f"  ratio {self.ratio():.2f} (tuned {self.ratio('tuned'):.2f})" if self.is_floored else ""
        return f"{self.title:<30} {figures}{ratios}"


@dataclass
class Verdict:
    text: str
    passed: bool


def judge(results: list[Result]) -> Verdict:
    """Every gate, by ratios alone."""
    lines, passed = [], True
    for title, value, limit, good in gates(results):
        passed &= good
        lines.append(f"{'PASS' if good else 'FAIL'}  {title}: {value} ({limit})")
    return Verdict("\n".join(lines), passed)


def gates(results: list[Result]) -> list[tuple[str, str, str, bool]]:
    found = []
    for result in results:
        if result.gate:
            ratio = result.ratio()
            title = f"{result.title} at {result.size:,}"
            found.append((title, f"{ratio:.2f}", f"at least {result.gate}", ratio >= result.gate))
    for same in by_scenario(results):
        if len(same) > 1 and same[0].growth:
            growth = same[-1].grown(same[0])
            title = f"{same[0].title}, growth {same[0].size:,} → {same[-1].size:,}"
            found.append((title, f"{growth:.2f}", f"at most {same[0].growth}", growth <= same[0].growth))
    memory = [result for result in results if result.memory is not None]
    if len(memory) > 1:
        more = (memory[-1].memory or 0) - (memory[0].memory or 0)
        title = f"streaming memory, {memory[0].size:,} → {memory[-1].size:,}"
        found.append((title, f"{more:,} KiB more", f"at most {MEMORY:,} KiB", more <= MEMORY))
    return found


def by_scenario(results: list[Result]) -> list[list[Result]]:
    """From the smallest size to the largest."""
    names = dict.fromkeys(result.name for result in results)
    return [[result for result in results if result.name == name] for name in names]


def machine() -> str:
    """What the figures were measured on."""
    processor = next(
        (line.partition(":")[2].strip() for line in lines_of("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = next((int(line.split()[1]) for line in lines_of("/proc/meminfo") if line.startswith("MemTotal")), 0)
    with psycopg.connect(f"{SERVER}/postgres") as database:
        (version,) = database.execute("SHOW server_version").fetchone() or ("",)
    return (
        f"{os.cpu_count()} × {processor}, {memory / 2**20:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, PostgreSQL {version.split()[0]} on the same machine"
    )


def lines_of(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def together(results: list[Result], *, afresh: bool) -> list[Result]:
    """These results and those of scenarios that were measured before; all are kept for the next time."""
    measured = {result.name for result in results}
    before = [] if afresh or not KEPT.exists() else [Result(**one) for one in orjson.loads(KEPT.read_bytes())]
    both = [*results, *(result for result in before if result.name not in measured)]
    both.sort(key=lambda result: (result.place, result.size))
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_bytes(orjson.dumps([asdict(result) for result in both]))
    return both


def write(results: list[Result], verdict: Verdict) -> None:
    """Put the figures below the mark in the document; the text above it stays."""
    above = DOCUMENT.read_text().partition(MARK)[0].rstrip()
    rows = [
        "| Scenario | Tickets | Product (µs) | Growth | Floor (µs) | Ratio | Tuned floor |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    rows += [row(result, same[0]) for same in by_scenario(results) for result in same]
    memory = [
        f"- Streaming all {r.size:,} tickets: {r.memory:,} KiB above a page of 1,000"
        for r in results
        if r.memory is not None
    ]
    rounds = sorted({len(result.times["product"]) for result in results})
    parts = [
        above,
        MARK,
        f"Medians of {' or '.join(map(str, rounds))} rounds on {machine()}, {datetime.now(UTC):%d %B %Y}.",
        "\n".join(rows),
        "\n".join(memory),
        f"```\n{verdict.text}\n```",
    ]
    DOCUMENT.write_text("\n\n".join(part for part in parts if part) + "\n")


def row(result: Result, smallest: Result) -> str:
    growth = "" if result is smallest else f"{result.grown(smallest):.2f}"
    floor = " | | "
    if result.is_floored:
        floor = f"{result.micros('floor'):,.0f} | {result.ratio():.2f} | {result.ratio('tuned'):.2f}"
    return f"| {result.title} | {result.size:,} | {result.micros():,.0f} | {growth} | {floor} |"
