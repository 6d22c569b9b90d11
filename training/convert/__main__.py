"""The whole conversion in one command: `python -m training.convert --minutes 60 --out FOLDER`.

The base is downloaded, its vocabulary cut, the corpus built and packed, the model trained, and exported. What is there
already is not made again, so the same command goes on after any stop. Options that are not listed here are training's
own (`python -m training.run.train --help`); `--canvas-share 0.375 --blocks 4` trains it as block diffusion.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from training.convert.base import BaseError
from training.convert.package import fetch_base
from training.data.cache import CACHE

TRAINING = (
    *("--size", "135m", "--optimiser", "adamw", "--rows", "fim", "--plain-share", "0.25", "--canvas-share", "0"),
    *("--canvas-rate", "0.67", "--next-token-tokens", "0"),
)
"""What a conversion is trained with unless the command says otherwise."""
NICENESS = 19
"""It runs beside everything else that the machine has to do."""


def run(module: str, *options: str | Path) -> None:
    """One of the training's own commands. Ends this one, with its exit status, where that fails: it has said why."""
    done = subprocess.run([sys.executable, "-m", module, *map(str, options)], check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)


def convert(options: argparse.Namespace, training: list[str]) -> None:
    """Runs the steps that are left. Raises BaseError where there is no base."""
    work, corpus = options.work, options.corpus
    base = options.base or work / "base.gguf"
    cut, packed, trained = work / "cut", work / "packed", work / "run"
    if options.base is None and not base.exists():
        fetch_base(base, options.cache)
    if not (corpus / "report.json").exists():
        run("training.data.corpus", "--out", corpus, *(("--mirrors", options.mirrors) if options.mirrors else ()))
    if not (cut / "config.json").exists():
        sizes = () if options.vocabulary is None else ("--vocabulary", str(options.vocabulary), "--share", "1")
        run("training.convert.cut", "--base", base, "--corpus", corpus, "--out", cut, *sizes)
    if not (packed / "packed.json").exists():
        run("training.data.packing", "--corpus", corpus, "--tokenizer", cut, "--out", packed)
    begun = any(trained.glob("checkpoint-*.pt"))
    start = () if begun else ("--start-from", cut)
    places = ("--tokenizer", cut, "--data", packed, "--run", trained)
    run("training.run.train", *places, *start, *TRAINING, "--minutes", str(options.minutes), *training)
    if options.out is not None:
        folder = work / "exported"
        run("training.release.export", "--run", trained, "--tokenizer", cut, "--out", folder)
        run("training.release.pack", "--folder", folder, "--compensate", packed, "--out", options.out)


def main() -> None:
    """Command line entry; every foreseeable failure ends with a sentence and exit status 1."""
    parser = argparse.ArgumentParser(
        prog="python -m training.convert",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--minutes", type=float, default=60, help="how long this call trains, by the clock")
    parser.add_argument("--base", type=Path, help="GGUF file of the base (default: downloaded)")
    parser.add_argument(
        "--work", type=Path, default=CACHE / "conversion", help="where everything is kept between calls"
    )
    parser.add_argument("--corpus", type=Path, default=CACHE / "corpus", help="built there where there is none")
    parser.add_argument("--cache", type=Path, default=CACHE / "downloads", help="folder of downloads")
    parser.add_argument("--mirrors", type=Path, help="git directories owner+name.git, where the host cannot be reached")
    parser.add_argument("--vocabulary", type=int, help="tokens that are kept (default: 16,384)")
    parser.add_argument("--out", type=Path, help="export the model to this folder, its MLPs in 4 bits, the rest in 8")
    options, training = parser.parse_known_args()
    if hasattr(os, "nice"):
        os.nice(NICENESS - os.nice(0))
    try:
        convert(options, training)
    except BaseError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or options.work} cannot be used: {error.strerror}.")


if __name__ == "__main__":
    main()
