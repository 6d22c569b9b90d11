"""A machine without a network: everything goes there in pieces, comes back in pieces, and goes on from them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
        assert (results / "model" / "model.safetensors").exists()
        out.append(results)
    lines = [json.loads(line) for line in (out[1] / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "stage" in line] == [4, 5, 6]
    index = next(out[1].glob("checkpoint-*.json"))
    join(index, tmp_path / "whole.pt")
    assert index.name == "checkpoint-00000006.pt.pieces.json"
