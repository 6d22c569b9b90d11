"""The paper's study in small: `python -m training.study.train` trains every arm, `training.study.report` writes it up.

Each arm is a chain of segments; arms that begin alike share their beginning. Compute is counted in tokens that go
through the network (canvas tokens included), so that kinds of rows that cost differently can be compared. Starting the
command again goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from training.data.cache import CACHE
from training.data.packing import tokenizer_digest
from training.model.config import SIZES, RowRecipe
from training.model.precision import working_type
from training.run.checkpoint import Progress, Settings, latest_checkpoint, load_checkpoint, save_checkpoint
from training.run.parallel import Team
from training.run.supply import Direct, open_source
from training.run.trainer import Trainer

Kind = Literal["next token", "cached", "in place"]
LENGTH, BATCH, SIZE = 512, 8, "1m"
WARMUP_SHARE = 0.2
"""Of a segment that begins with a rising mask ceiling."""
SAVE_SECONDS = 120
_FOREVER = 10**15


@dataclass(frozen=True)
class Segment:
    """A stretch of training on one kind of rows; `share` of the compute of a whole arm."""

    kind: Kind
    share: float
    warm_up: bool = False
    clipped: bool = True
    trailing_end: float = 0.5
    repeats: bool = False

    @property
    def name(self) -> str:
        """Names its folder, so every setting is in it."""
        words = [self.kind.replace(" ", "-"), f"{self.share:g}"]
        if self.kind != "next token":
            words += ["warm" if self.warm_up else "cold", "clipped" if self.clipped else "unclipped"]
            words += [f"end{self.trailing_end:g}", "repeats" if self.repeats else "plain"]
        return "-".join(words)

    def recipe(self) -> RowRecipe:
        """How its rows are made."""
        repeats = RowRecipe()
        return RowRecipe(
            kind="in place" if self.kind == "in place" else "cached",
            trailing_end=self.trailing_end,
            rename=repeats.rename if self.repeats else 0.0,
            echo=repeats.echo if self.repeats else 0.0,
            clipped=self.clipped,
        )


FIRST = Segment("next token", 0.5)
CANVASES = Segment("cached", 0.5, warm_up=True)
ARMS: dict[str, tuple[Segment, ...]] = {
    "next token only": (FIRST, Segment("next token", 0.5)),
    "cached canvases": (FIRST, CANVASES),
    "next token → in place": (FIRST, Segment("in place", 0.5, warm_up=True)),
    "in place from the start": (Segment("in place", 1.0),),
    "next token → canvases → in place": (
        FIRST,
        Segment("cached", 0.25, warm_up=True),
        Segment("in place", 0.25),
    ),
    "canvases without warm-up": (FIRST, replace(CANVASES, warm_up=False)),
    "canvases without clip": (FIRST, replace(CANVASES, warm_up=False, clipped=False)),
    "canvases with repeats": (FIRST, replace(CANVASES, repeats=True)),
    "canvases, trailing ends 0.1": (FIRST, replace(CANVASES, trailing_end=0.1)),
}
"""By the name that tables give them; the first segments that are equal are trained once."""


@dataclass(frozen=True)
class Study:
    """Where everything is, and how much compute an arm gets (tokens through the network)."""

    out: Path
    data: Path
    tokenizer: Path
    budget: int
    size: str = SIZE

    def folder(self, segments: tuple[Segment, ...]) -> Path:
        """The run folder of the last of these segments."""
        return self.out.joinpath(*(segment.name for segment in segments))

    def finished(self, segments: tuple[Segment, ...]) -> Path:
        """The checkpoint at the end of these segments."""
        return self.folder(segments) / "finished.pt"


def train_arm(study: Study, segments: tuple[Segment, ...]) -> None:
    """Trains what is not yet trained of a chain of segments."""
    for count in range(1, len(segments) + 1):
        if not study.finished(segments[:count]).exists():
            train_segment(study, segments[:count])


def train_segment(study: Study, segments: tuple[Segment, ...]) -> None:
    """Trains the last of these segments from the end of the one before it, or from its own newest checkpoint."""
    segment, run = segments[-1], study.folder(segments)
    budget = round(segment.share * study.budget)
    settings = Settings(
        model=SIZES[study.size],
        size=study.size,
        tokenizer=tokenizer_digest(study.tokenizer),
        seed=0,
        batch=BATCH,
        length=LENGTH,
        next_token_tokens=_FOREVER if segment.kind == "next token" else 0,
        noise_warmup_tokens=round(WARMUP_SHARE * budget) if segment.warm_up else 0,
        rate_warmup_tokens=40_000,
        canvas_rate=1.0,
        rows=segment.recipe(),
    )
    source = open_source(study.data, "train", study.tokenizer, LENGTH, settings.seed, settings.rows)
    device = torch.device("cpu")
    trainer = Trainer(settings, Direct(source), device, Team(), working_type(device))
    run.mkdir(parents=True, exist_ok=True)
    log = run / "log.jsonl"
    newest = latest_checkpoint(run)
    if newest is not None:
        trainer.restore(load_checkpoint(newest))
    elif len(segments) > 1:
        trainer.restore(load_checkpoint(study.finished(segments[:-1])))
        trainer.progress.canvas_stage_tokens = 0
    kept = _cut_log(log, trainer.progress) if newest is not None else []
    spent = sum(line["positions"] for line in kept)
    with open(log, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in kept)
        saved = time.monotonic()
        while spent < budget:
            began = time.process_time()
            report = trainer.step()
            spent += report.positions
            line = {
                "step": report.step,
                "positions": report.positions,
                "next_token": round(report.next_token, 4),
                "canvas": round(report.canvas, 4),
                "norm": round(report.norm, 4),
                "seconds": round(time.process_time() - began, 3),
            }
            file.write(json.dumps(line) + "\n")
            if time.monotonic() - saved > SAVE_SECONDS:
                file.flush()
                save_checkpoint(run, trainer.checkpoint(), keep=1)
                saved = time.monotonic()
    save_checkpoint(run, trainer.checkpoint(), "finished")
    for old in run.glob("checkpoint-*.pt"):
        old.unlink()


def _cut_log(log: Path, progress: Progress) -> list[dict[str, float]]:
    """The lines up to the checkpoint that the run goes on from; a line that a kill has cut short comes after it."""
    kept: list[dict[str, float]] = []
    for text in log.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            break
        if line["step"] <= progress.step:
            kept.append(line)
    return kept


def study_arguments(description: str | None) -> argparse.ArgumentParser:
    """What training and report both ask for."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--out", type=Path, default=CACHE / "study", help="folder of the arms")
    parser.add_argument("--data", type=Path, default=CACHE / "packed")
    parser.add_argument("--tokenizer", type=Path, default=CACHE / "tokenizer")
    parser.add_argument("--budget", type=int, default=1_600_000, help="tokens through the network for each arm")
    parser.add_argument("--size", choices=sorted(SIZES), default=SIZE)
    return parser


def main() -> None:
    """Command line entry."""
    parser = study_arguments(__doc__)
    parser.add_argument("--only", nargs="*", help="names of the arms to train (default: all)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    study = Study(options.out, options.data, options.tokenizer, options.budget, options.size)
    for name, segments in ARMS.items():
        if options.only and name not in options.only:
            continue
        started = time.monotonic()
        train_arm(study, segments)
        print(f"{name}: done after {(time.monotonic() - started) / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
