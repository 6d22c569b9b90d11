"""Trains or resumes a run: `python -m training.run.train --minutes N --run DIR`.

The run folder holds the checkpoints and log.jsonl. Starting the same command again goes on from the newest
checkpoint. SIGTERM writes a checkpoint and exits. Stage one is autoregressive, stage two block diffusion.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch

from training.data.cache import CACHE
from training.data.packing import tokenizer_digest
from training.data.tokenizer import load_tokenizer
from training.model.config import SIZES, RowRecipe
from training.model.precision import working_type
from training.rows.row_source import RowSource
from training.run.checkpoint import (
    Checkpoint,
    CheckpointError,
    Settings,
    latest_checkpoint,
    load_checkpoint,
    load_weights,
    require_same_shape,
    save_checkpoint,
)
from training.run.parallel import Team, TeamError, form_team
from training.run.supply import Direct, Prefetcher, open_source
from training.run.trainer import StepReport, Trainer, TrainingError

WORKERS = max(1, (os.cpu_count() or 2) - 2) if torch.cuda.is_available() else 0
BOUNDARY = "end-of-next-token-stage"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line. Counts of tokens are clean tokens over the whole run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--run", type=Path, default=CACHE / "run", help="folder of checkpoints and log")
    parser.add_argument("--start-from", type=Path, help="checkpoint, or exported folder, that a new run begins with")
    parser.add_argument("--minutes", type=float, default=60, help="how long this call trains, by the clock")
    parser.add_argument("--until-tokens", type=int, help="end where the run has seen so many, if that comes first")
    parser.add_argument("--data", type=Path, default=CACHE / "packed")
    parser.add_argument("--tokenizer", type=Path, default=CACHE / "tokenizer")
    parser.add_argument("--size", choices=sorted(SIZES), default="6m")
    parser.add_argument("--batch", type=int, default=8, help="rows in a step, over all processes")
    parser.add_argument(
        "--pass-rows", type=int, help="rows in one pass of a process; fewer need less memory (default: all)"
    )
    parser.add_argument("--length", type=int, default=512, help="clean tokens in a row")
    parser.add_argument("--next-token-tokens", type=int, help="where stage one ends (may change on resume)")
    parser.add_argument("--noise-warmup-tokens", type=int, help="length of the mask ceiling's warm-up (may change)")
    parser.add_argument("--rate-warmup-tokens", type=int, default=160_000)
    parser.add_argument("--canvas-rate", type=float, default=0.6, help="learning rate of stage two, against stage one")
    parser.add_argument("--canvas-share", type=float, help="canvas tokens for each clean one (may change on resume)")
    parser.add_argument("--plain-share", type=float, help="share of plain rows in stage two (may change on resume)")
    parser.add_argument(
        "--blocks", type=int, nargs="+", help="lengths of fim rows' noisy blocks (may change on resume)"
    )
    parser.add_argument(
        "--rows",
        choices=("cached", "fim", "in-place"),
        help="what rows of stage two are; fim for a converted model (see rows/fim.py), in-place for masks in place",
    )
    parser.add_argument(
        "--optimiser", choices=("muon", "adamw"), default="muon", help="adamw for weights that it has trained"
    )
    parser.add_argument("--decay-tokens", type=int, help="let the learning rate fall to nearly 0 over so many tokens")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1, help="single-threaded processes on the CPU")
    parser.add_argument("--threads", type=int, help="threads of a single process (default: PyTorch's choice)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes that build rows ahead; 0: none")
    parser.add_argument(
        "--compile", action="store_true", help="fuse the layers: a quarter faster; needs a C++ compiler"
    )
    parser.add_argument("--float32", action="store_true", help="not in bf16, even where the hardware has it")
    parser.add_argument("--save-minutes", type=float, default=5)
    parser.add_argument("--rank", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--meeting", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace, digest: str, earlier: Settings | None) -> Settings:
    """Settings of the run: those of the earlier checkpoint, with what may change taken from the command line."""
    defaults = {"next_token_tokens": 4_000_000, "noise_warmup_tokens": 400_000}
    changeable = {
        name: getattr(options, name)
        if getattr(options, name) is not None
        else getattr(earlier, name)
        if earlier
        else default
        for name, default in defaults.items()
    }
    recipe = earlier.rows if earlier else RowRecipe()
    if options.canvas_share is not None:
        recipe = replace(recipe, canvas_share=options.canvas_share)
    if options.plain_share is not None:
        recipe = replace(recipe, plain=options.plain_share)
    if options.blocks is not None:
        recipe = replace(recipe, blocks=tuple(options.blocks))
    if options.rows is not None:
        recipe = replace(recipe, kind="in place" if options.rows == "in-place" else options.rows)
    return Settings(
        rows=recipe,
        optimiser=options.optimiser,
        model=SIZES[options.size],
        size=options.size,
        tokenizer=digest,
        seed=options.seed,
        batch=options.batch,
        length=options.length,
        rate_warmup_tokens=options.rate_warmup_tokens,
        canvas_rate=options.canvas_rate,
        **changeable,
    )


def prepare(options: argparse.Namespace, team: Team) -> tuple[Trainer, RowSource]:
    """Builds the trainer, resumed where there is a checkpoint, and the held-out rows."""
    digest = tokenizer_digest(options.tokenizer)
    packed = json.loads((options.data / "packed.json").read_text(encoding="utf-8"))
    if packed["tokenizer"] != digest:
        raise TrainingError(
            f"{options.data} was packed with another tokenizer than {options.tokenizer}: pack it again."
        )
    vocabulary = load_tokenizer(options.tokenizer).get_vocab_size()
    if vocabulary > SIZES[options.size].vocabulary:
        raise TrainingError(
            f"{options.tokenizer} has {vocabulary} tokens, a model of size {options.size} only "
            f"{SIZES[options.size].vocabulary}: choose another --size or tokenizer."
        )
    resumed = latest_checkpoint(options.run)
    path = resumed or options.start_from
    weights = load_weights(path) if path and path.is_dir() else None
    earlier = load_checkpoint(path) if path and not weights else None
    if weights is not None and path is not None:
        require_same_shape(path, weights.model, SIZES[options.size])
        if weights.tokenizer != digest:
            raise CheckpointError(f"{path} has another tokenizer than {options.tokenizer}: give --tokenizer {path}.")
    if earlier is not None and path is not None:
        require_same_shape(path, earlier.settings.model, SIZES[options.size])
        if earlier.settings.tokenizer != digest:
            raise CheckpointError(f"{path} was trained with another tokenizer: choose another --run folder.")
    settings = settings_of(options, digest, earlier.settings if earlier else None)
    untouched = replace(settings.rows, rename=0.0, echo=0.0, plain=0.0)
    held = open_source(options.data, "held", options.tokenizer, options.length, 0, untouched)
    wanted = (options.data, "train", options.tokenizer, options.length, options.seed, settings.rows)
    supply = Prefetcher(options.workers, *wanted) if options.workers else Direct(open_source(*wanted))
    device = torch.device(options.device)
    dtype = torch.float32 if options.float32 else working_type(device)
    trainer = Trainer(settings, supply, device, team, dtype, options.pass_rows)
    if earlier is not None:
        (trainer.restore if resumed else trainer.branch_off)(earlier)
    if weights is not None:
        trainer.start_from(weights)
    if options.compile:
        if not any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "clang++", "cl")):
            raise TrainingError("--compile needs a C++ compiler: install g++ (or set CXX), or leave --compile out.")
        trainer.compile()
    if options.decay_tokens and trainer.progress.decay_start is None:
        trainer.progress = replace(
            trainer.progress, decay_start=trainer.progress.tokens, decay_tokens=options.decay_tokens
        )
    return trainer, held


class Log:
    """log.jsonl: one line a step and one for each evaluation; lines after a resumed step are dropped."""

    def __init__(self, run: Path, step: int) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self._path = run / "log.jsonl"
        if self._path.exists():
            lines = self._path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["step"] <= step]
            self._path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def write(self, **values: object) -> None:
        """Appends one line."""
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


class Stint:
    """One call of the command: steps until the time is up, someone asks to stop, or something goes wrong."""

    def __init__(self, trainer: Trainer, held: RowSource, team: Team, options: argparse.Namespace) -> None:
        self._trainer = trainer
        self._held = held
        self._team = team
        self._options = options
        self._stop = False
        self._log = Log(options.run, trainer.progress.step) if team.rank == 0 else None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, *_: object) -> None:
        self._stop = True

    def run(self) -> None:
        """Trains; the checkpoint at the end is written whatever the reason to stop was, unless it was an error."""
        started = saved = time.monotonic()
        first = self._trainer.progress.tokens
        limit = self._options.minutes * 60
        while True:
            stage = self._trainer.stage
            late = time.monotonic() - started > limit
            report = self._trainer.step(self._stop or late or self._complete())
            if self._team.rank == 0:
                self._record(report)
                if stage != self._trainer.stage:
                    save_checkpoint(self._options.run, self._trainer.checkpoint(), BOUNDARY)
                if report.stop or time.monotonic() - saved > self._options.save_minutes * 60:
                    self._save((self._trainer.progress.tokens - first) / (time.monotonic() - started))
                    saved = time.monotonic()
            if report.stop:
                self._trainer.close()
                return

    def _complete(self) -> bool:
        """Whether the next step reaches the wanted number of tokens, or the end of the decay."""
        progress, settings = self._trainer.progress, self._trainer.settings
        ends = [self._options.until_tokens]
        if progress.decay_start is not None:
            ends.append(progress.decay_start + progress.decay_tokens)
        reached = progress.tokens + settings.batch * settings.length
        return any(end is not None and reached >= end for end in ends)

    def _record(self, report: StepReport) -> None:
        if self._log is not None:
            self._log.write(
                step=report.step,
                tokens=report.tokens,
                stage=report.stage,
                next_token=round(report.next_token, 5),
                canvas=round(report.canvas, 5),
                norm=round(report.norm, 5),
            )

    def _save(self, speed: float) -> None:
        checkpoint: Checkpoint = self._trainer.checkpoint()
        save_checkpoint(self._options.run, checkpoint)
        held = self._trainer.evaluate(self._held)
        progress = checkpoint.progress
        if self._log is not None:
            losses = {f"held_{name}": value for name, value in asdict(held).items()}
            self._log.write(step=progress.step, tokens=progress.tokens, **losses)
        print(
            f"step {progress.step}  tokens {progress.tokens / 1e6:.2f}M  {self._trainer.stage}  held-out next token "
            f"{held.next_token:.3f}, canvas {held.canvas:.3f}, middle {held.middle:.3f} "
            f"(without suffix {held.middle_without_suffix:.3f})  {speed:.0f} tokens/s",
            flush=True,
        )


def main() -> None:
    """Command line entry; every foreseeable failure ends with a sentence and exit status 1."""
    options = parse()
    if options.batch % options.processes:
        sys.exit("--batch must be a multiple of --processes.")
    if options.blocks is not None and min(options.blocks) < 2:
        sys.exit("--blocks must be 2 or more: a block's first place is predicted left to right.")
    if options.pass_rows is not None and options.pass_rows < 1:
        sys.exit("--pass-rows must be 1 or more.")
    for needed in (options.data / "packed.json", options.tokenizer / "tokenizer.json"):
        if not needed.exists():
            sys.exit(f"{needed} is missing: run the commands corpus, tokenizer and packing of training.data first.")
    if options.threads:
        torch.set_num_threads(options.threads)
    team, children = form_team(options.processes, options.rank, options.meeting)
    try:
        trainer, held = prepare(options, team)
        Stint(trainer, held, team, options).run()
    except (TrainingError, CheckpointError, TeamError) as error:
        sys.exit(str(error) if team.rank == 0 else 1)
    except OSError as error:
        sys.exit(f"{options.run} cannot be used: {error.strerror}. The last good checkpoint stays; free some space.")
    for child in children:
        child.wait()


if __name__ == "__main__":
    main()
