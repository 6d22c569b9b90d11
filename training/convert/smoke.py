"""The whole conversion on a tiny random base: `python -m training.convert.smoke --out DIR --answer FILE`.

GGUF file, cut vocabulary, token files, two stages of a few steps each, a checkpoint folder, one answer read behind both
sides. It proves that the parts fit together; the model it leaves knows nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from training.convert.tiny import write_tiny_base
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import BOS, LANGUAGE_TOKENS, SPECIAL_IDS
from training.eval.fim import score_left_to_right
from training.eval.infill import load_model
from training.smoke import prepare_data

VOCABULARY = 320
LENGTH, BATCH, STEPS = 128, 4, 4
PREFIX, SPAN, SUFFIX = "import os\n\n\ndef size(path):\n    return ", "os.stat(path)", ".st_size\n"


def run(*command: str) -> None:
    """One of the training's own commands."""
    subprocess.run([sys.executable, "-m", *command], check=True)


def convert(folder: Path, out: Path) -> None:
    """Runs the command of a conversion, with everything small: left to right, then again for block diffusion."""
    base, work, corpus = folder / "base.gguf", folder / "work", folder / "corpus"
    write_tiny_base(base)
    prepare_data(folder)
    (corpus / "report.json").write_text("{}", encoding="utf-8")
    places = ("--base", str(base), "--work", str(work), "--corpus", str(corpus), "--vocabulary", str(VOCABULARY))
    steps = ("--length", str(LENGTH), "--batch", str(BATCH), "--noise-warmup-tokens", "1", "--plain-share", "0.5")
    kind = ("--size", "tiny-base", "--device", "cpu", "--float32", "--threads", "1", "--workers", "0")
    for stage, share in enumerate((0.0, 0.5), 1):
        until = ("--canvas-share", str(share), "--until-tokens", str(stage * STEPS * BATCH * LENGTH))
        run("training.convert", *places, *steps, *kind, *until)
    run("training.release.export", "--run", str(work / "run"), "--out", str(out), "--tokenizer", str(work / "cut"))


def main() -> None:
    """Command line entry; writes how the reference reads the span, for whoever reads the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the checkpoint folder goes")
    parser.add_argument("--answer", type=Path, required=True, help="write how likely the span is, token by token")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="palimpsest-conversion-") as name:
        convert(Path(name), options.out)
    model, tokenizer = load_model(options.out), load_tokenizer(options.out)
    header = [SPECIAL_IDS[BOS], SPECIAL_IDS[LANGUAGE_TOKENS["python"]]]
    prefix, span, suffix = (tokenizer.encode(text).ids for text in (PREFIX, SPAN, SUFFIX))
    scores = score_left_to_right(model, header + prefix, suffix, span)
    facts = {"prefix": PREFIX, "span": SPAN, "suffix": SUFFIX, "logProbs": scores}
    options.answer.write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
