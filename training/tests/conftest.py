"""A tiny corpus, tokenizer and token files, made once from files of the standard library."""

from __future__ import annotations

import os

# Matrices this small gain nothing from threads, and on a busy machine threads wait for each other at every operation.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from dataclasses import dataclass
from pathlib import Path

import pytest

from training.smoke import prepare_data


@dataclass(frozen=True)
class Data:
    packed: Path
    tokenizer: Path


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("data")
    prepare_data(folder)
    return Data(packed=folder / "packed", tokenizer=folder / "tokenizer")
