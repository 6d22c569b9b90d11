"""Supplies a run with batches: built in place, or ahead of time by other processes.

A row takes some four milliseconds of one core; a GPU eats hundreds a second. Rows depend on their number alone,
so who builds them makes no difference. On a CPU, where a step takes seconds, they are built in place.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable
from multiprocessing.pool import ApplyResult
from pathlib import Path
from typing import Protocol

from training.data.packing import load_packed
from training.data.tokenizer import load_tokenizer
from training.model.config import RowRecipe
from training.rows.row_source import PLAIN, Batch, RowSource
from training.rows.schedule import Noise

AHEAD = 3
"""Steps that each worker may be ahead."""

Plan = Callable[[int], tuple[range, Noise | None]]
"""Maps how many steps ahead to the rows of that step, and their noise (None for plain rows)."""

_source: RowSource | None = None


class Supply(Protocol):
    """Where batches come from."""

    def next(self, plan: Plan) -> Batch:
        """The batch of the step that `plan(0)` describes."""
        ...

    def close(self) -> None:
        """Ends what the supply has started."""
        ...


class Direct:
    """Builds each batch when it is wanted."""

    def __init__(self, source: RowSource) -> None:
        self._source = source

    def next(self, plan: Plan) -> Batch:
        """The batch of the step that `plan(0)` describes."""
        return build(self._source, *plan(0))

    def close(self) -> None:
        """Nothing to end."""


def open_source(
    data: Path, split: str, tokenizer: Path, length: int, seed: int, recipe: RowRecipe = PLAIN
) -> RowSource:
    """Rows of one packed split."""
    return RowSource(load_packed(data, split), load_tokenizer(tokenizer), length, seed, recipe)


def _start_worker(data: Path, split: str, tokenizer: Path, length: int, seed: int, recipe: RowRecipe) -> None:
    global _source
    _source = open_source(data, split, tokenizer, length, seed, recipe)


def _build(numbers: range, noise: Noise | None) -> Batch:
    if _source is None:
        raise RuntimeError("A row worker was not started properly.")
    return build(_source, numbers, noise).packed()


def build(source: RowSource, numbers: range, noise: Noise | None) -> Batch:
    """Rows of cached canvases where there is noise, plain rows where there is none."""
    return source.next_token_batch(numbers) if noise is None else source.canvas_batch(numbers, noise)


PATIENCE_SECONDS = 10.0
"""For a batch that nobody wants any more."""


class Prefetcher:
    """Batches built ahead by `workers` processes; the arguments are those of `open_source`."""

    def __init__(
        self,
        workers: int,
        data: Path,
        split: str,
        tokenizer: Path,
        length: int,
        seed: int,
        recipe: RowRecipe = PLAIN,
    ) -> None:
        # Not forked: a process that has touched the GPU cannot be.
        arguments = (data, split, tokenizer, length, seed, recipe)
        self._pool = multiprocessing.get_context("spawn").Pool(workers, _start_worker, arguments)
        self._depth = AHEAD * workers
        self._waiting: deque[tuple[tuple[range, Noise | None], ApplyResult[Batch]]] = deque()
        self._thrown_away: list[ApplyResult[Batch]] = []

    def next(self, plan: Plan) -> Batch:
        """The batch of the step that `plan(0)` describes; what was built for another plan is thrown away."""
        if self._waiting and self._waiting[0][0] != plan(0):
            self._throw_away()
        while len(self._waiting) < self._depth:
            wanted = plan(len(self._waiting))
            self._waiting.append((wanted, self._pool.apply_async(_build, wanted)))
        return self._waiting.popleft()[1].get()

    def close(self) -> None:
        """Ends the workers, once what they build is built: a pool that is ended before may fail at it."""
        self._throw_away()
        self._pool.close()
        for result in self._thrown_away:
            result.wait(PATIENCE_SECONDS)
        self._pool.terminate()
        self._pool.join()

    def _throw_away(self) -> None:
        unfinished = [result for result in self._thrown_away if not result.ready()]
        self._thrown_away = unfinished + [result for _, result in self._waiting]
        self._waiting.clear()
