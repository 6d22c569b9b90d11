"""The curves of runs that go on from one checkpoint: `python -m training.study.conversion TRUNK NAME=RUN NAME=RUN`.

Writes docs/images/study-conversion.svg (the loss of held-out answers with both sides in sight, left to right, by tokens
seen) and prints the same as a table. The runs' folders are those of `training.run.train`; how their weights infill is
measured through the engine (`npm run bench -- infilling --part kinds --model DIR`).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from training.study.plot import Curve, line_chart

MEASURE = "held_middle"
"""Nats a token of held-out answers behind suffix and prefix, as the causal path reads them: the same for every arm."""
OTHERS = {"held_canvas": "masked tokens", "held_next_token": "next token"}


def read_log(run: Path) -> list[dict[str, float]]:
    """A run's evaluations on held-out rows, in the order of tokens. Raises OSError, or ValueError for another file."""
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if MEASURE in entry]


def curve_of(name: str, log: list[dict[str, float]]) -> Curve:
    """Millions of tokens against nats a token."""
    return Curve(name, [(entry["tokens"] / 1e6, entry[MEASURE]) for entry in log])


def table_of(logs: dict[str, list[dict[str, float]]]) -> list[str]:
    """Rows of a Markdown table: each arm at its evaluations."""
    head = ["", "tokens, M", "answers", *OTHERS.values()]
    rows = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    for name, log in logs.items():
        for entry in log:
            figures = [f"{entry['tokens'] / 1e6:.2f}", f"{entry[MEASURE]:.3f}"]
            figures += [f"{entry[key]:.3f}" if entry.get(key) else "–" for key in OTHERS]
            rows.append(f"| {' | '.join([name, *figures])} |")
    return rows


def main() -> None:
    """Command line entry; a run that cannot be read ends with a sentence and exit status 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trunk", type=Path, help="run that the arms go on from")
    parser.add_argument("arms", nargs="+", help="NAME=RUN")
    parser.add_argument("--out", type=Path, default=Path("docs/images/study-conversion.svg"))
    options = parser.parse_args()
    logs: dict[str, list[dict[str, float]]] = {}
    for arm in [f"before={options.trunk}", *options.arms]:
        name, _, run = arm.partition("=")
        if name in logs:
            sys.exit(f"Two arms are called {name}: name them apart.")
        try:
            logs[name] = read_log(Path(run))
        except (OSError, ValueError) as error:
            sys.exit(f"{run or arm} has no log that can be read ({error}). Name arms as NAME=RUN.")
        if not logs[name]:
            sys.exit(f"{run} has not been evaluated yet: let it train on.")
    curves = [curve_of("before", logs["before"])]
    for name, log in [*logs.items()][1:]:
        # An arm may go on from an earlier checkpoint than the last one.
        begun = [entry for entry in logs["before"] if entry["tokens"] <= log[0]["tokens"]]
        curves.append(curve_of(name, [*begun[-1:], *log]))
    title = "Loss of held-out answers, left to right and as block diffusion"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(line_chart(title, "million tokens", "nats a token", curves), encoding="utf-8")
    print("\n".join(table_of(logs)))


if __name__ == "__main__":
    main()
