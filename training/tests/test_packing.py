"""What the starter's own tokenizer and token files take from a corpus that has more languages than they have."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from training.data import packing
from training.data.corpus import Document
from training.data.packing import load_packed
from training.data.tokenizer import sample_texts
from training.tests.conftest import Data


def test_only_languages_that_have_a_token_are_sampled_and_packed(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [Document("some", "a.kt", "kotlin", "package some\n"), Document("some", "a.py", "python", "x = 1\n")]
    for name in ("train", "held"):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(document)) + "\n" for document in documents)
    assert sample_texts(tmp_path, 1, seed=0) == ["x = 1\n"]
    paths = ["--corpus", str(tmp_path), "--tokenizer", str(data.tokenizer), "--out", str(tmp_path / "packed")]
    monkeypatch.setattr(sys, "argv", ["packing", *paths])
    packing.main()
    assert [len(load_packed(tmp_path / "packed", name).starts) for name in ("train", "held")] == [1, 1]
