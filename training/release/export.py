"""Writes a checkpoint folder from a run: `python -m training.release.export --run DIR --out models/starter`.

The folder is an ordinary Hugging Face checkpoint: config.json, model.safetensors (bf16, Qwen3's names),
the tokenizer's three files, and a model card written from what the run really saw.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from training.data.cache import CACHE
from training.data.packing import tokenizer_digest
from training.data.vocabulary import BOS, DELETE, END, EXPAND, MASK, PAD
from training.model.weights_file import save_weights
from training.release.card import model_card
from training.rows.inplace import START_MASKS
from training.run.checkpoint import PROGRESS_KEY, Checkpoint, CheckpointError, latest_checkpoint, load_checkpoint

BASE_CONTEXT = 1024
"""Tokens of context that the engine shows a converted model: a matter of the first keystroke's cost."""
IN_PLACE = {
    "id": "palimpsest-in-place",
    "title": "Palimpsest (masks in place)",
    "tensorNames": "llama",
    "shifted": False,
    "attention": {"kind": "full"},
    "infill": {"kind": "in-place", "bos": True, "eos": False},
    "length": {"kind": "expand-delete", "initialMasks": START_MASKS},
    "tokens": {"mask": MASK, "bos": BOS, "pad": PAD, "expand": EXPAND, "delete": DELETE, "end": END},
    "sampling": {"rule": "top-k", "temperature": 0, "topP": 1},
}
"""palimpsest.json of rows/inplace.py's masks: only experiments have this family, so the engine does not know it."""
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def export(checkpoint: Checkpoint, tokenizer: Path, out: Path, averaged: bool = True) -> None:
    """Writes config, weights and tokenizer; `averaged` takes the running average of the weights.

    Raises CheckpointError when the tokenizer is not the one that the run was trained with.
    """
    if tokenizer_digest(tokenizer) != checkpoint.settings.tokenizer:
        raise CheckpointError(f"The run was trained with another tokenizer than {tokenizer}: give --tokenizer.")
    out.mkdir(parents=True, exist_ok=True)
    weights = checkpoint.optimiser["average" if averaged else "masters"]
    tensors = {f"model.{name}": tensor.to(torch.bfloat16).contiguous() for name, tensor in weights.items()}
    # So that a run that starts from these weights alone can go on counting.
    metadata = {"format": "pt", PROGRESS_KEY: json.dumps(asdict(checkpoint.progress))}
    save_weights(tensors, out / "model.safetensors", metadata)
    _sort_metadata(out / "model.safetensors")
    # The safetensors library writes files that only their owner can read; these are meant to be shipped.
    (out / "model.safetensors").chmod(0o644)
    _write_json(out / "config.json", _config(checkpoint))
    if checkpoint.settings.rows.kind == "in place":
        _write_json(out / "palimpsest.json", IN_PLACE)
    for name in TOKENIZER_FILES:
        shutil.copyfile(tokenizer / name, out / name)


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _config(checkpoint: Checkpoint) -> dict[str, object]:
    settings = checkpoint.settings
    if settings.rows.kind == "in place":
        return settings.model.to_checkpoint(settings.length, in_place=True)
    if settings.rows.kind != "fim":
        return settings.model.to_checkpoint(settings.length)
    # The base has read longer texts than these rows. Without canvases among them it goes on left to right.
    context = max(settings.length, BASE_CONTEXT)
    return settings.model.to_checkpoint(
        context, suffix_first=True, block=max(settings.rows.blocks) if settings.rows.canvas_share else 1
    )


def _sort_metadata(file: Path) -> None:
    """Puts the file's metadata in order: the library writes it in another one each time, and equal runs shall be equal.

    A safetensors file is the header's length (8 bytes, little-endian), the header as JSON, and the tensors.
    """
    content = file.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    # Tensors begin at a multiple of eight bytes.
    text += b" " * (-len(text) % 8)
    file.write_bytes(len(text).to_bytes(8, "little") + text + content[end:])


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=CACHE / "run", help="a run folder, or one of its checkpoints")
    parser.add_argument("--out", type=Path, default=Path("models/starter"))
    parser.add_argument("--tokenizer", type=Path, default=CACHE / "tokenizer")
    parser.add_argument("--figures", type=Path, help="JSON that training.eval.evaluate wrote for this checkpoint")
    parser.add_argument("--last-weights", action="store_true", help="the last weights instead of their average")
    options = parser.parse_args()
    path = options.run if options.run.is_file() else latest_checkpoint(options.run)
    if path is None:
        sys.exit(f"There is no checkpoint in {options.run}: train one with `python -m training.run.train`.")
    try:
        checkpoint = load_checkpoint(path)
        export(checkpoint, options.tokenizer, options.out, not options.last_weights)
    except CheckpointError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The checkpoint folder could not be written to {options.out}: {error.strerror}.")
    figures = json.loads(options.figures.read_text(encoding="utf-8")) if options.figures else None
    (options.out / "README.md").write_text(model_card(checkpoint, options.out, figures), encoding="utf-8")
    print(f"Exported step {checkpoint.progress.step} to {options.out}.")


if __name__ == "__main__":
    main()
