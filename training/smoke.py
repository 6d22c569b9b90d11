"""The whole pipeline in under a minute: `python -m training.smoke --out DIR`.

A few files of the standard library, a tiny tokenizer and model, both stages, a checkpoint folder, one infill.
It proves that the parts fit together; the model it leaves knows nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tokenizers import Tokenizer

from training.data.corpus import Document
from training.data.downloads import read_source
from training.data.filters import clean, reason_to_drop
from training.data.packing import pack_corpus, tokenizer_digest
from training.data.sources import load_sources
from training.data.tokenizer import load_tokenizer, save_tokenizer, train_tokenizer
from training.data.vocabulary import BOS, LANGUAGE_TOKENS, SPECIAL_IDS
from training.eval.infill import Answer, infill, load_model
from training.rows.inplace import infill_in_place
from training.run.checkpoint import load_weights

FILES = 40
VOCABULARY = 1024
NEXT_TOKEN_TOKENS = 16_000
NOISE_WARMUP_TOKENS = 4_000
TOKENS = 32_000
IN_PLACE_TOKENS = 4_000
PREFIX, SPAN, SUFFIX = "import os\n\n\ndef size(path):\n    return ", "0123456789012345", "\n"
"""The span is a whole block (digits are tokens): behind a shorter one the engine leaves open what stands there."""


def prepare_data(folder: Path) -> None:
    """Writes corpus, tokenizer and token files for a tiny run under `folder`."""
    source = next(source for source in load_sources() if source.kind == "stdlib")
    documents: list[Document] = []
    for path, data in read_source(source, folder):
        if len(documents) < FILES and "/" not in path and reason_to_drop(path, data) is None:
            documents.append(Document(source.name, path, "python", clean(data)))
    held = documents[:: FILES // 4]
    train = [document for document in documents if document not in held]
    for name, part in (("train", train), ("held", held)):
        (folder / "corpus").mkdir(exist_ok=True)
        with gzip.open(folder / "corpus" / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(document)) + "\n" for document in part)
    tokenizer = train_tokenizer([document.text for document in train], VOCABULARY)
    save_tokenizer(tokenizer, folder / "tokenizer")
    tokenizer = load_tokenizer(folder / "tokenizer")
    pack_corpus(folder / "corpus", tokenizer, tokenizer_digest(folder / "tokenizer"), folder / "packed")


def train_command(folder: Path, run: Path, minutes: float) -> list[str]:
    """The real training command, with everything small."""
    return [
        *(sys.executable, "-m", "training.run.train", "--size", "smoke", "--length", "128", "--batch", "4"),
        *("--data", str(folder / "packed"), "--tokenizer", str(folder / "tokenizer"), "--run", str(run)),
        *("--next-token-tokens", str(NEXT_TOKEN_TOKENS), "--noise-warmup-tokens", str(NOISE_WARMUP_TOKENS)),
        *("--rate-warmup-tokens", "4000", "--minutes", str(minutes), "--device", "cpu", "--float32"),
        # The matrices are so small that threads would only wait for each other.
        *("--threads", "1", "--workers", "0"),
    ]


def export_command(folder: Path, run: Path, out: Path) -> list[str]:
    """Writes the run's checkpoint folder."""
    return [
        *(sys.executable, "-m", "training.release.export", "--run", str(run), "--out", str(out)),
        *("--tokenizer", str(folder / "tokenizer")),
    ]


def train_in_place(folder: Path, base: Path, out: Path) -> None:
    """Goes on from the exported folder `base` with masks in place, and exports that to `out`."""
    run = folder / "in-place"
    count = load_weights(base).progress.tokens + IN_PLACE_TOKENS
    subprocess.run(
        [
            *train_command(folder, run, 0.2),
            *("--start-from", str(base), "--rows", "in-place", "--next-token-tokens", "0"),
            *("--until-tokens", str(count)),
        ],
        check=True,
    )
    subprocess.run(export_command(folder, run, out), check=True)


def _facts(tokenizer: Tokenizer, answer: Answer) -> dict[str, object]:
    return {"text": tokenizer.decode(answer.tokens), "probabilities": answer.probabilities}


def main() -> None:
    """Command line entry; fails when the losses did not fall or the checkpoint cannot infill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="where the checkpoint folder goes (default: a temporary one)")
    parser.add_argument("--in-place", type=Path, help="where one with masks in place goes, trained on from it")
    parser.add_argument("--answer", type=Path, help="write what was infilled here, for whoever infills the same")
    parser.add_argument("--minutes", type=float, default=0.6, help="the most that training may take")
    options = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="palimpsest-smoke-") as name:
        folder = Path(name)
        out = options.out or folder / "checkpoint"
        prepare_data(folder)
        command = [*train_command(folder, folder / "run", options.minutes), "--until-tokens", str(TOKENS)]
        subprocess.run(command, check=True)
        subprocess.run(export_command(folder, folder / "run", out), check=True)
        steps = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
        steps = [step for step in steps if "stage" in step]
        canvas = [step["canvas"] for step in steps if step["stage"] == "canvas"]
        if not canvas:
            sys.exit("The smoke run did not reach the diffusion stage: give it more --minutes.")
        if steps[-1]["next_token"] >= steps[0]["next_token"]:
            sys.exit("The next-token loss did not fall.")
        tokenizer = load_tokenizer(out)
        header = [SPECIAL_IDS[BOS], SPECIAL_IDS[LANGUAGE_TOKENS["python"]]]
        prefix = tokenizer.encode(PREFIX).ids
        model, suffix = load_model(out), tokenizer.encode(SUFFIX).ids
        answer = infill(model, header + prefix, suffix, max_blocks=1)
        if options.answer:
            length = len(tokenizer.encode(SPAN).ids)
            told = infill(model, header + prefix, suffix, length=length, max_blocks=1)
            facts = {"prefix": PREFIX, "span": SPAN, "suffix": SUFFIX}
            if options.in_place:
                train_in_place(folder, out, options.in_place)
                tokens = infill_in_place(load_model(options.in_place), [SPECIAL_IDS[BOS], *prefix], suffix, length)
                facts["in_place"] = tokenizer.decode(tokens)
            facts |= {"open": _facts(tokenizer, answer), "known": _facts(tokenizer, told)}
            options.answer.write_text(json.dumps(facts), encoding="utf-8")
        print(
            f"{len(steps)} steps, next token {steps[0]['next_token']:.2f} → {steps[-1]['next_token']:.2f}, canvas "
            f"{canvas[0]:.2f} → {canvas[-1]:.2f}, infilled {tokenizer.decode(answer.tokens)!r}, "
            f"{time.monotonic() - started:.0f} s. Checkpoint: {out}"
        )


if __name__ == "__main__":
    main()
