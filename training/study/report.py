"""Measures the arms of the study that are finished: `python -m training.study.report`.

Writes the tables to bench/results/study.md and the curves to docs/images. What has been measured of an arm is kept
beside it, so that only new arms take time.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from training.data.cache import CACHE
from training.data.corpus import read_documents
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import BOS, LANGUAGE_TOKENS, SPECIAL_IDS
from training.eval.evaluate import SELECTION, TOKEN_SPAN, Case, Score, draw_cases, selections, token_spans
from training.model.config import BLOCK
from training.model.decoder import Decoder
from training.rows.schedule import Noise
from training.run.checkpoint import load_checkpoint
from training.run.supply import open_source
from training.study.measure import Filler
from training.study.plot import Curve, line_chart, smoothed
from training.study.train import ARMS, LENGTH, Segment, Study, study_arguments

CONTEXT = 200
SILENCE_ROWS = 300
Figures = dict[str, float]
CURVES = {
    "study-paths": (
        "Loss on masked tokens by path",
        ("cached canvases", "next token → in place", "in place from the start", "next token → canvases → in place"),
        "canvas",
    ),
    "study-warm-up-loss": (
        "Loss on masked tokens with and without warm-up",
        ("cached canvases", "canvases without warm-up", "canvases without clip"),
        "canvas",
    ),
    "study-warm-up-norm": (
        "Gradient norm with and without warm-up",
        ("cached canvases", "canvases without warm-up", "canvases without clip"),
        "norm",
    ),
}


def load_filler(path: Path, segment: Segment) -> Filler:
    """The averaged weights at the end of an arm, and how they infill."""
    checkpoint = load_checkpoint(path)
    model = Decoder(checkpoint.settings.model)
    model.load_state_dict(checkpoint.optimiser["average"])
    return Filler(model.eval(), segment.kind)


def measure(filler: Filler, cases: list[Case], tokenizer: Tokenizer) -> Figures:
    """Means over cases whose answers are shorter than a block."""
    nats: list[float] = []
    known, unknown = Score(), Score()
    length_errors: list[int] = []
    for case in cases:
        prefix = [SPECIAL_IDS[BOS], SPECIAL_IDS[LANGUAGE_TOKENS[case.language]], *case.prefix]
        nats.append(filler.nats(prefix, case.answer, case.suffix))
        known.add(filler.fill(prefix, case.suffix, len(case.answer)) or [], case.answer, tokenizer)
        free = filler.fill(prefix, case.suffix, None)
        if free is not None:
            unknown.add(free, case.answer, tokenizer)
            length_errors.append(abs(len(free) - len(case.answer)))
    figures = {"nats": float(np.mean(nats))}
    figures |= {f"known {name}": value for name, value in known.row().items()}
    if length_errors:
        figures |= {f"unknown {name}": value for name, value in unknown.row().items()}
        figures["length error"] = float(np.mean(length_errors))
    return figures


def study_cases(corpus: Path, tokenizer: Tokenizer, count: int) -> dict[str, list[Case]]:
    """Held-out spans by language and kind, with answers shorter than a block."""
    documents = list(read_documents(corpus / "held.jsonl.gz"))
    cases: dict[str, list[Case]] = {}
    for language in ("python", "typescript"):
        chosen = [document for document in documents if document.language == language]
        for name, draw in ((TOKEN_SPAN, token_spans), (SELECTION, selections)):
            drawn = draw_cases(chosen, draw, tokenizer, 2 * count, CONTEXT)
            cases[f"{language}, {name}"] = [case for case in drawn if len(case.answer) < BLOCK][:count]
    return cases


def figures_of(study: Study, segments: tuple[Segment, ...], cases: dict[str, list[Case]]) -> dict[str, Figures]:
    """Measures an arm, or reads what was measured before of the same number of cases."""
    tokenizer = load_tokenizer(study.tokenizer)
    count = max(map(len, cases.values()))
    kept = study.folder(segments) / f"figures-{count}.json"
    if not kept.exists():
        filler = load_filler(study.finished(segments), segments[-1])
        figures = {name: measure(filler, drawn, tokenizer) for name, drawn in cases.items()}
        kept.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def log_of(study: Study, segments: tuple[Segment, ...]) -> list[dict[str, float]]:
    """The steps of all segments, with `spent`, the compute up to and with each."""
    spent = 0.0
    lines: list[dict[str, float]] = []
    for count in range(1, len(segments) + 1):
        text = (study.folder(segments[:count]) / "log.jsonl").read_text(encoding="utf-8")
        for line in map(json.loads, text.splitlines()):
            spent += line["positions"]
            lines.append({**line, "spent": spent})
    return lines


def silent_shares(study: Study) -> list[tuple[str, float]]:
    """Share of masked blocks (or whole spans, in place) that carry no signal, counted on real rows."""
    shares: list[tuple[str, float]] = []
    for kind, unit in (("cached", f"canvas blocks of {BLOCK}"), ("in place", "spans in place")):
        for clipped in (True, False):
            recipe = Segment(kind, 1.0, clipped=clipped).recipe()
            source = open_source(study.data, "held", study.tokenizer, LENGTH, 0, recipe)
            for ceiling in (1.0, 0.1):
                noise = Noise(ceiling, weighted=False, clipped=clipped)
                silent = [flag for row in range(SILENCE_ROWS) for flag in source.canvas_row(row, noise).silent]
                name = f"{unit}, mask ceiling {ceiling:g}, {'clipped' if clipped else 'not clipped'}"
                shares.append((name, 100 * float(np.mean(silent))))
    return shares


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _mean(figures: dict[str, Figures], column: str) -> str:
    values = [cell[column] for cell in figures.values() if column in cell]
    return f"{np.mean(values):.2f}" if values else "–"


def _spread(study: Study, segments: tuple[Segment, ...]) -> list[str]:
    """Gradient norm of the last segment: median, 99th percentile and largest of its first fifth, median of the rest."""
    count = len(segments)
    before = len(log_of(study, segments[: count - 1])) if count > 1 else 0
    norms = np.array([line["norm"] for line in log_of(study, segments)[before:]])
    first, rest = np.split(norms, [max(1, len(norms) // 5)])
    values = [np.median(first), np.percentile(first, 99), first.max(), np.median(rest), rest.max()]
    return [f"{value:.2f}" for value in values]


def report(study: Study, cases: dict[str, list[Case]]) -> str:
    """The whole of bench/results/study.md."""
    done = {name: segments for name, segments in ARMS.items() if study.finished(segments).exists()}
    measured = {name: figures_of(study, segments, cases) for name, segments in done.items()}
    columns = {
        "nats a token": "nats",
        "first token %": "known first token %",
        "similar %, length known": "known edit similarity %",
        "similar %, unknown": "unknown edit similarity %",
        "exact %, known": "known exact %",
        "exact %, unknown": "unknown exact %",
        "length off by": "length error",
    }
    overall = []
    for name, segments in done.items():
        log = log_of(study, segments)
        clean = load_checkpoint(study.finished(segments)).progress.tokens
        cpu = f"{sum(line['seconds'] for line in log) / 60:.1f}"
        cells = [_mean(measured[name], column) for column in columns.values()]
        overall.append([name, f"{log[-1]['spent'] / 1e6:.2f}", f"{clean / 1e6:.2f}", cpu, *cells])
    parts = [
        "# The curriculum, in small",
        "Written by `python -m training.study.report` after `python -m training.study.train`.",
        f"Model {study.size}; every arm {study.budget / 1e6:.2f}M tokens through the network, the first half of it "
        f"shared by arms that begin alike; {sum(map(len, cases.values()))} held-out spans of fewer than {BLOCK} "
        f"tokens with {CONTEXT} tokens on each side. _nats a token_: −log p of the answer, revealed from left to "
        "right, length known. _CPU minutes_ are those of one core.",
        "## All spans",
        table(["arm", "M tokens", "M clean", "CPU minutes", *columns], overall),
        "## Nats a token, by language and kind",
        table(
            ["arm", *cases],
            [[name, *(f"{measured[name][cell]['nats']:.2f}" for cell in cases)] for name in done],
        ),
        "## Gradient norm of the last segment",
        table(
            ["arm", "first fifth: median", "99th percentile", "largest", "rest: median", "largest"],
            [[name, *_spread(study, segments)] for name, segments in done.items()],
        ),
        "## Share of what is masked that carries no signal",
        table(["", "no signal %"], [[name, f"{share:.1f}"] for name, share in silent_shares(study)]),
    ]
    missing = [name for name in ARMS if name not in done]
    if missing:
        parts.append(f"Not trained: {', '.join(missing)}.")
    return "\n\n".join(parts) + "\n"


def write_curves(study: Study, images: Path) -> None:
    """The charts of the arms that are finished."""
    for file, (title, names, column) in CURVES.items():
        curves: list[Curve] = []
        for name in names:
            if study.finished(ARMS[name]).exists():
                points = [(line["spent"] / 1e6, line[column]) for line in log_of(study, ARMS[name]) if line["canvas"]]
                curves.append(Curve(name, smoothed(points)))
        if curves:
            y_title = "nats a masked token" if column == "canvas" else "gradient norm"
            chart = line_chart(title, "million tokens through the network", y_title, curves)
            (images / f"{file}.svg").write_text(chart, encoding="utf-8")


def main() -> None:
    """Command line entry."""
    parser = study_arguments(__doc__)
    parser.add_argument("--corpus", type=Path, default=CACHE / "corpus")
    parser.add_argument("--cases", type=int, default=30, help="for each language and kind of span")
    parser.add_argument("--results", type=Path, default=Path("bench/results/study.md"))
    parser.add_argument("--images", type=Path, default=Path("docs/images"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    study = Study(options.out, options.data, options.tokenizer, options.budget, options.size)
    cases = study_cases(options.corpus, load_tokenizer(options.tokenizer), options.cases)
    text = report(study, cases)
    options.results.write_text(text, encoding="utf-8")
    write_curves(study, options.images)
    print(text)


if __name__ == "__main__":
    main()
