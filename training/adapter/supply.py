"""The rows of each step of a run, by the step's number, for the processes that build them ahead."""

from __future__ import annotations

import signal
from pathlib import Path

from tokenizers import Tokenizer
from torch.utils.data import Dataset

from training.adapter.packing import open_splits
from training.adapter.rows import DraftBatch, DraftRows
from training.adapter.tokens import fim_order
from training.adapter.trainer import AdapterSettings


def outlast_interrupts(_: int) -> None:
    """Has a process that builds rows live until the run ends it: Ctrl-C reaches all processes of a terminal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class StepRows(Dataset[DraftBatch]):
    """Maps the number of a step to its rows."""

    def __init__(self, folder: Path, tokenizer: Tokenizer, settings: AdapterSettings) -> None:
        self._folder = folder
        self._tokenizer = tokenizer
        self._settings = settings
        # Opened where rows are built: a mapped file would be copied whole on its way to another process.
        self._rows: DraftRows | None = None

    def __getitem__(self, step: int) -> DraftBatch:
        """The rows of a step, counted from 0."""
        settings = self._settings
        if self._rows is None:
            packed = open_splits(self._folder)["train"]
            self._rows = DraftRows(packed, self._tokenizer, fim_order(self._tokenizer), settings.rows, settings.seed)
        return self._rows.batch(range(step * settings.batch, (step + 1) * settings.batch))
