"""An adapter from start to end on a tiny random base: `python -m training.adapter.smoke --out DIR`.

A GGUF file, text, a few steps, the exported folder beside the base, and how the reference reads a text with masks
behind it. It proves that the parts fit together; the masks it leaves know nothing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch.nn import functional

from training.adapter.base import open_base
from training.adapter.checkpoint import load_adapter
from training.adapter.trainer import AdapterTrainer
from training.convert.smoke import run
from training.convert.tiny import TEXT, write_tiny_base

MASKS, STEPS, BATCH, LENGTH = 3, 4, 2, 64


def main() -> None:
    """Command line entry; writes how the reference reads the masks, for whoever reads the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where base.gguf, drafts and reading.json go")
    out: Path = parser.parse_args().out
    base, text, work = out / "base.gguf", out / "text", out / "run"
    text.mkdir(parents=True)
    write_tiny_base(base, architecture="qwen2", pre="qwen2")
    for number in range(12):
        (text / f"{number}.py").write_text(TEXT * 4, encoding="utf-8")
    places = ("--base", str(base), "--data", str(text), "--run", str(work))
    size = ("--rank", "4", "--masks", str(MASKS), "--groups", "6", "--length", str(LENGTH), "--batch", str(BATCH))
    pace = ("--until-tokens", str(STEPS * BATCH * LENGTH), "--learning-rate", "0.05", "--warmup-tokens", "1")
    kind = ("--held-rows", "2", "--workers", "0", "--threads", "1", "--device", "cpu", "--float32")
    run("training.adapter.train", *places, *size, *pace, *kind)
    run("training.adapter.export", "--run", str(work), "--out", str(out / "drafts"), "--type", "F32")

    opened = open_base(base)
    found = load_adapter(work)
    assert found is not None
    trainer = AdapterTrainer(found[0].settings, opened.decoder(torch.device("cpu"), torch.float32))
    trainer.restore(found[0])
    ids = torch.tensor([opened.tokenizer.encode(TEXT).ids[:20]])
    masks = functional.pad(torch.zeros_like(ids, dtype=torch.bool), (0, MASKS), value=True)
    with torch.no_grad(), trainer.adapter.on(masks):
        logits = trainer.model.logits(trainer.model(functional.pad(ids, (0, MASKS))))[0]
    reading = {"ids": ids[0].tolist(), "logProbs": logits.log_softmax(-1).tolist()}
    (out / "reading.json").write_text(json.dumps(reading), encoding="utf-8")


if __name__ == "__main__":
    main()
