"""A machine without a network: everything goes there in pieces, comes back in pieces, and goes on from them."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from training.convert.base import read_base
from training.convert.cut import cut_embedding, cut_tokenizer, write_folder
from training.convert.tiny import TEXT, write_tiny_base
from training.data.packing import pack_corpus, tokenizer_digest
from training.data.tokenizer import load_tokenizer
from training.release.pieces import join
from training.tests.conftest import Data

ROOT = Path(__file__).parents[2]
SMALL = ["--size", "smoke", "--length", "128", "--batch", "4", "--float32", "--threads", "1", "--workers", "0"]


def shell(script: str, arguments: list[str], **variables: str | Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable} | {name: str(value) for name, value in variables.items()}
    done = subprocess.run(["sh", f"training/{script}", *arguments], cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_run_goes_there_and_back_in_pieces_and_goes_on(data: Data, tmp_path: Path) -> None:
    out: list[Path] = []
    for number in range(2):
        pieces, results = tmp_path / f"pieces{number}", tmp_path / f"results{number}"
        shell("offline-pieces.sh", [str(pieces)], DATA=data.packed, TOKENIZER=data.tokenizer)
        for file in [file for folder in out for file in folder.glob("checkpoint-*")]:
            shutil.copy(file, pieces)
        steps = str((number + 1) * 3 * 512)
        command = [*SMALL, "--device", "cpu", "--until-tokens", steps]
        shell("offline.sh", command, MINUTES="5", PIECES=pieces, OUT=results, WORK=tmp_path / f"work{number}")
        assert all(file.stat().st_size <= 16_000_000 for file in results.glob("checkpoint-*"))
        assert (results / "model.safetensors.pieces.json").exists()
        out.append(results)
    lines = [json.loads(line) for line in (out[1] / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "stage" in line] == [4, 5, 6]
    index = next(out[1].glob("checkpoint-*.json"))
    join(index, tmp_path / "whole.pt")
    assert index.name == "checkpoint-00000006.pt.pieces.json"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
def test_a_base_goes_there_its_weights_come_back_and_training_goes_on_from_them(data: Data, tmp_path: Path) -> None:
    write_tiny_base(tmp_path / "base.gguf")
    base = read_base(tmp_path / "base.gguf")
    tokenizer, kept = cut_tokenizer(base, iter([[TEXT]]), 320)
    write_folder(base, tokenizer, cut_embedding(base, kept), tmp_path / "cut")
    cut = load_tokenizer(tmp_path / "cut")
    pack_corpus(data.packed.parent / "corpus", cut, tokenizer_digest(tmp_path / "cut"), tmp_path / "packed")
    pieces = tmp_path / "pieces"
    folders = {"DATA": tmp_path / "packed", "TOKENIZER": tmp_path / "cut"}
    # The package that reads the base is here already: no index is asked.
    quiet = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    (tmp_path / "gguf-0.19.0-py3-none-any.whl").write_bytes(empty_wheel())
    shell("offline-pieces.sh", [str(pieces)], BASE=tmp_path / "base.gguf", **folders, **quiet)
    assert len(list(pieces.glob("gguf-*.whl"))) == 1
    for wheel in pieces.glob("*.whl"):
        wheel.unlink()
    recipe = ["--size", "tiny-base", "--optimiser", "adamw", "--rows", "fim", "--next-token-tokens", "0"]
    command = [*recipe, *SMALL[2:], "--noise-warmup-tokens", "1", "--device", "cpu"]
    out = tmp_path / "out"
    once = {"MINUTES": "5", "PIECES": pieces, "OUT": out, "RETURN": "packed"}
    shell("offline.sh", [*command, "--until-tokens", "1024"], **once, WORK=tmp_path / "first")
    assert not list(out.glob("checkpoint-*"))
    assert all(file.stat().st_size <= 16_000_000 for file in out.iterdir())
    (pieces / "base.gguf.pieces.json").unlink()
    for file in [*out.glob("model.gguf.*"), *out.glob("config.json.*")]:
        shutil.copy(file, pieces)
    shell("offline.sh", [*command, "--until-tokens", "2048"], **once, WORK=tmp_path / "second")
    steps = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines() if "stage" in line]
    assert [line["tokens"] for line in steps] == [1536, 2048]


def empty_wheel() -> bytes:
    """A wheel without modules, under the name that the pieces ask for."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        info = "gguf-0.19.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: gguf\nVersion: 0.19.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return buffer.getvalue()
