"""Trains an adapter: `python -m training.adapter.train --base FILE_OR_FOLDER --data PACKED_OR_TEXT --run RUN`.

The run folder holds the checkpoints, log.jsonl and, where the data is text, its tokens. Starting the same command again
goes on from the newest checkpoint. SIGTERM or Ctrl-C writes a checkpoint and exits.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from dataclasses import asdict
from itertools import count
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from training.adapter.base import FrozenBase, open_base
from training.adapter.checkpoint import load_adapter, require_same_base, require_same_run, save_adapter
from training.adapter.drafting import measure
from training.adapter.low_rank import PROJECTIONS
from training.adapter.packing import DataError, open_splits, packed_folder
from training.adapter.rows import DraftBatch, DraftRows, RowShape
from training.adapter.supply import StepRows, outlast_interrupts
from training.adapter.tokens import fim_order
from training.adapter.trainer import AdapterSettings, AdapterTrainer
from training.convert.base import BaseError
from training.data.cache import CACHE
from training.model.precision import working_type
from training.run.checkpoint import CheckpointError
from training.run.train import WORKERS, Log
from training.run.trainer import TrainingError

HELD_PASS = 2
"""Held-out rows that are measured together."""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line. Counts of tokens are real tokens over the whole run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help=".gguf file, or folder with config.json")
    parser.add_argument("--data", type=Path, default=CACHE / "corpus", help="packed tokens, a corpus, or source files")
    parser.add_argument("--run", type=Path, required=True, help="folder of checkpoints and log")
    parser.add_argument("--minutes", type=float, default=60, help="how long this call trains, by the clock")
    parser.add_argument("--until-tokens", type=int, help="end there; the rate falls over the last fifth (may change)")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--scale", type=float, default=2.0, help="what B(A x) is multiplied by")
    parser.add_argument("--projections", nargs="+", choices=list(PROJECTIONS), default=list(PROJECTIONS))
    parser.add_argument("--masks", type=int, default=4, help="masks in a group: drafts of one pass at the most")
    parser.add_argument("--groups", type=int, default=32, help="groups in a row")
    parser.add_argument("--length", type=int, default=512, help="real tokens in a row")
    parser.add_argument("--fim-share", type=float, default=0.5, help="share of pieces of text with a hole")
    parser.add_argument("--batch", type=int, default=8, help="rows in a step")
    parser.add_argument("--pass-rows", type=int, help="rows in one pass; fewer need less memory (default: all)")
    parser.add_argument("--loss", choices=("base", "token"), default="base", help="what masks learn (drafting.py)")
    parser.add_argument(
        "--departed-weight", type=float, default=1.0, help="of masks behind text that the base would not have written"
    )
    parser.add_argument("--learning-rate", type=float, default=5e-4, help="(may change)")
    parser.add_argument("--warmup-tokens", type=int, default=100_000, help="(may change)")
    parser.add_argument("--measure-steps", type=int, default=100, help="steps between two measures on held-out rows")
    parser.add_argument("--held-rows", type=int, default=16, help="rows in a measure")
    parser.add_argument("--save-minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="threads of the CPU (default: PyTorch's choice)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes that build rows ahead; 0: none")
    parser.add_argument("--float32", action="store_true", help="not in bf16, even where the hardware has it")
    return parser.parse_args(arguments)


def settings_of(options: argparse.Namespace, base: FrozenBase) -> AdapterSettings:
    """The settings that the command line asks for."""
    return AdapterSettings(
        base=base.name,
        files=base.files,
        model=base.model,
        rank=options.rank,
        scale=options.scale,
        # In order, so that another order on the command line is no other run.
        projections=tuple(name for name in PROJECTIONS if name in options.projections),
        rows=RowShape(options.length, options.masks, options.groups, options.fim_share),
        batch=options.batch,
        seed=options.seed,
        loss=options.loss,
        departed_weight=options.departed_weight,
        learning_rate=options.learning_rate,
        warmup_tokens=options.warmup_tokens,
        until_tokens=options.until_tokens,
    )


class AdapterStint:
    """One call of the command: steps until the time is up, someone asks to stop, or something goes wrong."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        base = open_base(options.base)
        settings = settings_of(options, base)
        found = load_adapter(options.run)
        if found is not None:
            require_same_base(options.run, found[0].settings, options.base, base.files)
            require_same_run(options.run, found[0].settings, settings)
        folder = packed_folder(options.data, base.tokenizer, options.run)
        device = torch.device(options.device)
        dtype = torch.float32 if options.float32 else working_type(device)
        self.trainer = AdapterTrainer(settings, base.decoder(device, dtype), options.pass_rows)
        if found is not None:
            self.trainer.restore(found[0])
        self._rows = StepRows(folder, base.tokenizer, settings)
        held = DraftRows(open_splits(folder)["held"], base.tokenizer, fim_order(base.tokenizer), settings.rows, 0)
        numbers = range(options.held_rows)
        self._held = [held.batch(numbers[first : first + HELD_PASS]) for first in numbers[::HELD_PASS]]
        self._log = Log(options.run, self.trainer.progress.step)
        self._stop = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, *_: object) -> None:
        self._stop = True

    def run(self) -> None:
        """Trains; the checkpoint at the end is written whatever the reason to stop was, unless it was an error."""
        options, trainer = self._options, self.trainer
        started = saved = time.monotonic()
        first = trainer.progress.tokens
        batches = iter(self._batches())
        while not (self._stop or self._complete() or time.monotonic() - started > options.minutes * 60):
            report = trainer.step(next(batches))
            self._log.write(**{name: round(value, 6) for name, value in asdict(report).items()})
            if time.monotonic() - saved > options.save_minutes * 60:
                save_adapter(options.run, trainer.state(), options.base)
                saved = time.monotonic()
            if report.step % options.measure_steps == 0:
                save_adapter(options.run, trainer.state(), options.base)
                saved = time.monotonic()
                self._measure((report.tokens - first) / (time.monotonic() - started))
        # Before the last measure, which takes memory of its own.
        save_adapter(options.run, trainer.state(), options.base)
        if trainer.progress.step % options.measure_steps:
            self._measure((trainer.progress.tokens - first) / (time.monotonic() - started))

    def _batches(self) -> DataLoader[DraftBatch]:
        return DataLoader(
            self._rows,
            batch_size=None,
            # Every step that is still to come.
            sampler=count(self.trainer.progress.step),
            num_workers=self._options.workers,
            worker_init_fn=outlast_interrupts,
            # Not forked: a process that has touched the GPU cannot be.
            multiprocessing_context="spawn" if self._options.workers else None,
        )

    def _complete(self) -> bool:
        until = self.trainer.settings.until_tokens
        return until is not None and self.trainer.progress.tokens >= until

    def _measure(self, speed: float) -> None:
        trainer = self.trainer
        found = measure(trainer.model, trainer.adapter, self._held, trainer.settings.loss)
        step, tokens = trainer.progress.step, trainer.progress.tokens
        values = {f"held_{name}": round(value, 6) for name, value in asdict(found).items()}
        self._log.write(step=step, all_tokens=tokens, **values)
        print(
            f"step {step}  tokens {tokens / 1e6:.2f}M  held-out loss {found.loss:.3f}, tokens a forward "
            f"{found.tokens:.2f} ({found.own_tokens:.2f} in text that the base writes itself)  {speed:.0f} tokens/s",
            flush=True,
        )


def main() -> None:
    """Command line entry; every foreseeable failure ends with a sentence and exit status 1."""
    options = parse()
    many = 1 << 20
    bounds = {
        "rank": 256,
        "masks": 16,
        "groups": options.length,
        "batch": many,
        "measure_steps": many,
        "held_rows": many,
    }
    for name, most in bounds.items():
        if not 1 <= getattr(options, name) <= most:
            sys.exit(f"--{name.replace('_', '-')} must lie between 1 and {most}.")
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        AdapterStint(options).run()
    except (BaseError, DataError, CheckpointError, TrainingError, ValueError) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{options.run} cannot be used: {error.strerror}. The last good checkpoint stays; free some space.")


if __name__ == "__main__":
    main()
