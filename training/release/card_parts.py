"""What the cards of all models have: tables of figures, and where the data is from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container
from pathlib import Path

from training.data.sources import load_sources
from training.release.facts import Figures, Spans

RESULTS = Path(__file__).parents[2] / "bench" / "results"
_METHODS = {
    "the model alone": "model",
    "with copying from the file": "both",
    "with copying from the workspace": "both, workspace",
}
_LANGUAGES = {
    "python": "Python",
    "typescript": "TypeScript",
    "javascript": "JavaScript",
    "go": "Go",
    "rust": "Rust",
    "java": "Java",
    "cpp": "C++",
    "csharp": "C#",
}


def figures_table(figures: Figures | None) -> str:
    """A row for each measurement."""
    if not figures:
        return "Not measured for this checkpoint."
    columns = list(next(iter(figures.values())))
    head = f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n"
    rows = [f"| {name} | {' | '.join(f'{row[column]:.1f}' for column in columns)} |" for name, row in figures.items()]
    return head + "\n".join(rows)


def spans_tables(all_spans: tuple[Spans, ...]) -> str:
    """What the benches of held-out spans measured with an unknown length; each table behind an empty line."""
    return "".join(f"\n\n{_spans_table(one)}" for one in all_spans)


def _spans_table(spans: Spans) -> str:
    text = (RESULTS / spans.results).read_text(encoding="utf-8")
    count = int(re.findall(r"^- (\d+) spans of each language", text, re.MULTILINE)[0])
    # A figure is a multiple of what one span is.
    decimals = 0 if 100 % count == 0 else 1
    exact = {
        language: {
            method: float(share)
            for method, share in re.findall(r"^\| unknown \| ([^|]+) \| ([\d.]+) \|", section, re.MULTILINE)
        }
        for language, section in re.findall(r"^## (\w+)\n\n(\| length .*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    }
    languages = [language for language in _LANGUAGES if language in exact]
    lines = [
        f"{spans.intro}, length unknown, to the letter ([{spans.results}](../../bench/results/{spans.results})); with",
        f"{count} spans, one more or less is {100 / count:g} points:",
        "",
        f"| | {' | '.join(_LANGUAGES[language] for language in languages)} |",
        f"|---|{'---:|' * len(languages)}",
        *(
            f"| {words} | {' | '.join(f'{exact[language][method]:.{decimals}f} %' for language in languages)} |"
            for words, method in _METHODS.items()
        ),
        *(["", spans.remark] if spans.remark else []),
    ]
    return "\n".join(lines)


def sources(languages: Container[str]) -> str:
    """Packages and repositories in these languages, with their licenses."""
    found = [source for source in load_sources() if source.language in languages]
    kinds = Counter(source.kind for source in found)
    licences = Counter(source.licence for source in found)
    held = ", ".join(sorted(source.name for source in found if source.held_out))
    names = ", ".join(f"{name} ({count})" for name, count in licences.most_common())
    return (
        f"The standard library of Python, {kinds['pip']} Python packages, {kinds['npm']} npm packages and "
        f"{kinds['git']} public repositories, under {names}. Held out: {held}.\n"
    )
