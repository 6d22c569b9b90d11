"""A tiny corpus, tokenizer and token files, made once from files of the standard library."""

from __future__ import annotations

import os

# Matrices this small gain nothing from threads, and on a busy machine threads wait for each other at every operation.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def little_room(size: int) -> Iterator[None]:
    """Files can have so many bytes and no more, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
