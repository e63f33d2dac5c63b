"""Medians, ratios and the verdict."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psycopg

from .scenarios import Scenario
from .servers import SERVER

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
MARK = "<!-- figures: written by `make bench` -->"
GROWTH = 1.2  # what a read, page or write may cost more at the largest size than at the smallest
MEMORY = 20_000  # KiB that a ten times longer stream may add; far less than its rows


@dataclass
class Result:
    plan: Scenario
    size: int
    times: dict[str, list[float]]
    memory: int | None

    def micros(self, kind: str) -> float:
        return median(self.times[kind]) * 1e6

    def ratio(self, kind: str = "product") -> float:
        """How much faster than the floor, as the median of the ratios of each round."""
        return median(floor / own for floor, own in zip(self.times["floor"], self.times[kind], strict=True))

    def line(self) -> str:
        figures = "  ".join(f"{kind} {self.micros(kind):>12,.0f} µs" for kind in self.times)
        return f"{self.plan.title:<28} {figures}  ratio {self.ratio():.2f} (tuned {self.ratio('tuned'):.2f})"


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
        if result.plan.gate:
            ratio = result.ratio()
            title = f"{result.plan.title} at {result.size:,}"
            found.append((title, f"{ratio:.2f}", f"at least {result.plan.gate}", ratio >= result.plan.gate))
    for name in dict.fromkeys(result.plan.name for result in results if result.plan.stable):
        same = [result for result in results if result.plan.name == name]
        if len(same) > 1:
            rounds = zip(same[0].times["product"], same[-1].times["product"], strict=True)
            growth = median(large / small for small, large in rounds)
            title = f"{same[0].plan.title}, growth {same[0].size:,} → {same[-1].size:,}"
            found.append((title, f"{growth:.2f}", f"at most {GROWTH}", growth <= GROWTH))
    memory = [result for result in results if result.memory is not None]
    if len(memory) > 1:
        more = (memory[-1].memory or 0) - (memory[0].memory or 0)
        title = f"streaming memory, {memory[0].size:,} → {memory[-1].size:,}"
        found.append((title, f"{more:,} KiB more", f"at most {MEMORY:,} KiB", more <= MEMORY))
    return found


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


def write(results: list[Result], verdict: Verdict, rounds: int) -> None:
    """Put the figures below the mark in the document; the text above it stays."""
    above = DOCUMENT.read_text().partition(MARK)[0].rstrip()
    rows = ["| Scenario | Tickets | Product (µs) | Floor (µs) | Ratio | Tuned floor |", "|---|--:|--:|--:|--:|--:|"]
    rows += [
        f"| {r.plan.title} | {r.size:,} | {r.micros('product'):,.0f} | {r.micros('floor'):,.0f} "
        f"| {r.ratio():.2f} | {r.ratio('tuned'):.2f} |"
        for r in results
    ]
    memory = [
        f"- Streaming all {r.size:,} tickets: {r.memory:,} KiB above a page of 1,000"
        for r in results
        if r.memory is not None
    ]
    parts = [
        above,
        MARK,
        f"Medians of {rounds} rounds on {machine()}, {datetime.now(UTC):%d %B %Y}.",
        "\n".join(rows),
        "\n".join(memory),
        f"```\n{verdict.text}\n```",
    ]
    DOCUMENT.write_text("\n\n".join(part for part in parts if part) + "\n")
