"""The whole conversion in one command: `python -m training.convert --minutes 60 --out FOLDER`.

The base is downloaded, its vocabulary cut, the corpus built and packed, the model trained, and exported. What is there
already is not made again, so the same command goes on after any stop. Options that are not listed here are training's
own (`python -m training.run.train --help`); `--canvas-share 0.375 --blocks 4` trains it as block diffusion.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from safetensors import safe_open

from training.convert.base import BaseError
from training.convert.package import ELSEWHERE, fetch_base
from training.data.cache import CACHE
from training.data.packing import tokenizer_digest
from training.data.tokenizer import load_tokenizer
from training.run.train import parse

TRAINING = (
    *("--size", "135m", "--optimiser", "adamw", "--rows", "fim", "--plain-share", "0.25", "--canvas-share", "0"),
    *("--canvas-rate", "0.67", "--next-token-tokens", "0"),
)
"""What a conversion is trained with unless the command says otherwise."""
NICENESS = 19
"""It runs beside everything else that the machine has to do."""


class Stopped(Exception):
    """Somebody ended the command, by Ctrl-C or a signal; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(module: str, *options: str | Path) -> None:
    """One of the training's own commands. Ends this one, with its exit status, where that fails: it has said why.

    A signal is passed on and waited for: training finishes its step and writes a checkpoint.
    """
    with subprocess.Popen([sys.executable, "-m", module, *map(str, options)]) as child:
        try:
            child.wait()
        except Stopped:
            child.send_signal(signal.SIGTERM)
            child.wait()
            raise
    if child.returncode < 0:
        sys.exit(
            f"{module} was killed ({signal.Signals(-child.returncode).name}). The same command goes on from there."
        )
    if child.returncode > 0:
        sys.exit(child.returncode)


def stop(number: int, _: FrameType | None) -> NoReturn:
    """Signal handler."""
    raise Stopped(number)


def base_of(cut: Path) -> str:
    """The sha256 of the base that a cut was made of."""
    with safe_open(cut / "model.safetensors", "pt") as weights:
        return str(json.loads(weights.metadata()["base"])["sha256"])


def vocabulary_options(size: int | None) -> tuple[str, ...]:
    """A vocabulary that is named is counted in all of the corpus."""
    return () if size is None else ("--vocabulary", str(size), "--share", "1")


def require_same(cut: Path, base: Path, vocabulary: int | None) -> None:
    """Raises BaseError where the folder holds the work on another base, or with another vocabulary."""
    with base.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    size = load_tokenizer(cut).get_vocab_size()
    if base_of(cut) != found or (vocabulary is not None and vocabulary != size):
        raise BaseError(
            f"{cut} was made of another base, or has {size} tokens. Name another --work folder, or delete this one."
        )


def convert(options: argparse.Namespace, training: list[str]) -> None:
    """Runs the steps that are left. Raises BaseError where there is no base, or another one than before."""
    work, corpus = options.work, options.corpus
    base = options.base or work / "base.gguf"
    cut, packed, trained = work / "cut", work / "packed", work / "run"
    places = ("--tokenizer", cut, "--data", packed, "--run", trained)
    words = [*map(str, places), *TRAINING, "--minutes", str(options.minutes), *training]
    # A word that training does not know is told now, and not after hours of preparation.
    parse(words)
    if options.base is None and not base.exists():
        fetch_base(base, options.cache)
    if not base.exists():
        raise BaseError(f"{base} does not exist. {ELSEWHERE}")
    if not (corpus / "report.json").exists():
        mirrors = ("--mirrors", options.mirrors) if options.mirrors else ()
        run("training.data.corpus", "--out", corpus, "--downloads", options.cache, *mirrors)
    if (cut / "config.json").exists():
        require_same(cut, base, options.vocabulary)
    else:
        counted = vocabulary_options(options.vocabulary)
        run("training.convert.cut", "--base", base, "--corpus", corpus, "--out", cut, *counted)
    if not is_packed(packed, tokenizer_digest(cut)):
        run("training.data.packing", "--corpus", corpus, "--tokenizer", cut, "--out", packed)
    start = () if any(trained.glob("checkpoint-*.pt")) else ("--start-from", cut)
    run("training.run.train", *words, *start)
    if options.out is not None:
        folder = work / "exported"
        # Where the rate has fallen to nothing the last weights are the best; before that, their average.
        last = ("--last-weights",) if "--decay-tokens" in training else ()
        run("training.release.export", "--run", trained, "--tokenizer", cut, "--out", folder, *last)
        run("training.release.pack", "--folder", folder, "--compensate", packed, "--out", options.out)


def is_packed(folder: Path, digest: str) -> bool:
    """Whether token files of this tokenizer are there, whole: their facts are written last."""
    facts = folder / "packed.json"
    return facts.exists() and json.loads(facts.read_text(encoding="utf-8"))["tokenizer"] == digest


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
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        convert(options, training)
    except Stopped as stopped:
        sys.exit(128 + stopped.number)
    except BaseError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename or options.work} cannot be used: {error.strerror}.")


if __name__ == "__main__":
    main()
