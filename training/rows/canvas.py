"""Builds one training row of cached canvases: tokens, positions, targets and who sees whom.

Context (prefix, suffix) is causal, in document order. A hole takes GAP positions; its canvas is denoised in
blocks of BLOCK tokens that see all context on both sides, the finished blocks before them in their own hole,
and themselves in both directions. No canvas sees its own answer, neither directly nor through other tokens:
answers stand in the row as clean text (for the next-token loss) that only their own continuation sees.

A row holds *samples* (pieces of documents) that do not see each other. A sample is *joined*, with several
holes and a suffix that sees the prefix, or *split*, with one hole and a suffix that sees only itself; split is
what the engine uses, because the suffix's keys stay valid while a person types.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.data.vocabulary import END, MASK, SPECIAL_IDS
from training.model.config import BLOCK, GAP, MAX_BLOCKS
from training.rows.schedule import Noise, draw_mask

IGNORE = -100
_END_ID = SPECIAL_IDS[END]
_MASK_ID = SPECIAL_IDS[MASK]
_FIELDS = (
    "ids",
    "positions",
    "targets",
    "weights",
    "canvas",
    "sample",
    "order",
    "span",
    "side",
    "begin",
    "end",
    "hole",
    "block",
    "copy",
    "finished",
)


@dataclass(frozen=True)
class Hole:
    """A hole in the context, in tokens: context tokens begin ≤ order < end are its answer."""

    number: int
    sample: int
    begin: int
    end: int
    position: int
    answer: np.ndarray

    @property
    def blocks(self) -> int:
        """Blocks that the answer and one end token fill."""
        return len(self.answer) // BLOCK + 1


@dataclass
class Row:
    """One row under construction; every field is a list of arrays of equal lengths, one entry for each piece."""

    noise: Noise
    generator: np.random.Generator
    trailing_end: float = 1.0
    pieces: dict[str, list[np.ndarray]] = field(default_factory=lambda: {name: [] for name in _FIELDS})
    holes: list[Hole] = field(default_factory=list)
    samples: int = 0
    copies: int = 0
    length: int = 0
    silent: list[bool] = field(default_factory=list)

    def add_context(self, header: np.ndarray, parts: list[np.ndarray], split: bool) -> list[Hole]:
        """Adds one sample and returns its holes.

        `parts` alternates context and answer: context, answer, context, …, context (odd length), each tokenised
        apart. With `split` there are exactly three parts. A sample of one part has no hole.
        """
        if len(parts) % 2 == 0 or (split and len(parts) != 3):
            raise ValueError("Parts must alternate context and answers, and a split sample has one answer.")
        tokens = np.concatenate([header, *parts]).astype(np.int64)
        count = len(tokens)
        positions = np.zeros(count, dtype=np.int64)
        span = np.full(count, -1, dtype=np.int64)
        side = np.zeros(count, dtype=np.int64)
        holes: list[Hole] = []
        place, position = 0, 0
        for number, part in enumerate([np.concatenate([header, parts[0]]), *parts[1:]]):
            stop = place + len(part)
            positions[place:stop] = position + np.arange(len(part))
            if number % 2:
                hole = Hole(len(self.holes) + len(holes), self.samples, place, stop, position, part.astype(np.int64))
                if hole.blocks > MAX_BLOCKS:
                    raise ValueError(f"An answer of {len(part)} tokens does not fit into {MAX_BLOCKS} blocks.")
                holes.append(hole)
                span[place:stop] = hole.number
                position += GAP
            else:
                position += len(part)
                if split and number == 2:
                    side[place:stop] = 1
            place = stop
        targets = np.full(count, IGNORE, dtype=np.int64)
        targets[:-1] = tokens[1:]
        targets[: max(0, len(header) - 1)] = IGNORE
        self._append(
            ids=tokens,
            positions=positions,
            targets=targets,
            weights=np.ones(count),
            sample=self.samples,
            order=np.arange(count),
            span=span,
            side=side,
        )
        self.samples += 1
        self.holes.extend(holes)
        return holes

    def add_canvases(self, hole: Hole) -> None:
        """Adds every block of a hole once, with the finished blocks that the later ones see."""
        for block in range(hole.blocks):
            if block + 1 < hole.blocks:
                self._add_block(hole, block, finished=True)
            self.add_noisy_block(hole, block)

    def add_noisy_block(self, hole: Hole, block: int) -> None:
        """Adds one more masking of a block; the finished blocks before it must be in the row."""
        self._add_block(hole, block, finished=False)

    def cost(self, hole: Hole) -> int:
        """Tokens that `add_canvases` adds."""
        return (2 * hole.blocks - 1) * BLOCK

    def _add_block(self, hole: Hole, block: int, finished: bool) -> None:
        answer = np.full(BLOCK, _END_ID, dtype=np.int64)
        kept = hole.answer[block * BLOCK : (block + 1) * BLOCK]
        answer[: len(kept)] = kept
        ids, targets, weights = answer, np.full(BLOCK, IGNORE, dtype=np.int64), np.ones(BLOCK)
        if not finished:
            masked, weight = draw_mask(self.generator, self.noise)
            ids = np.where(masked, _MASK_ID, answer)
            targets = np.where(masked, answer, IGNORE)
            self.silent.append(not masked.any())
            weights = np.full(BLOCK, weight)
            weights[len(kept) + 1 :] *= self.trailing_end
        positions = hole.position + block * BLOCK + np.arange(BLOCK)
        self._append(
            ids=ids,
            positions=positions,
            targets=targets,
            weights=weights,
            canvas=True,
            sample=hole.sample,
            begin=hole.begin,
            end=hole.end,
            hole=hole.number,
            block=block,
            copy=self.copies,
            finished=finished,
        )
        self.copies += 1

    def _append(self, ids: np.ndarray, **values: np.ndarray | int | bool) -> None:
        count = len(ids)
        for name in _FIELDS:
            value = ids if name == "ids" else values.get(name, 0)
            self.pieces[name].append(np.broadcast_to(np.asarray(value), (count,)))
        self.length += count

    def finish(self) -> FinishedRow:
        """Lays the pieces side by side and works out the visibility."""
        flat = {name: np.concatenate(arrays) for name, arrays in self.pieces.items()}
        return FinishedRow(
            ids=flat["ids"].astype(np.int64),
            positions=flat["positions"].astype(np.int64),
            targets=flat["targets"].astype(np.int64),
            weights=flat["weights"].astype(np.float32),
            canvas=flat["canvas"].astype(bool),
            visible=visibility(flat),
            silent=tuple(self.silent),
        )


@dataclass(frozen=True)
class FinishedRow:
    """Arrays of one row: (n,) each, `visible` (n, n) bool with the query in the row.

    `silent` says of each block that was masked whether nothing in it happened to be: such a block teaches nothing.
    `middle`, (n,) bool or None for nowhere, marks the tokens of answers that are read behind both sides (fim.py).
    """

    ids: np.ndarray
    positions: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    canvas: np.ndarray
    visible: np.ndarray
    silent: tuple[bool, ...] = ()
    middle: np.ndarray | None = None


def visibility(flat: dict[str, np.ndarray]) -> np.ndarray:
    """Who sees whom, (n, n) bool, from the attributes of each token (see the head of this file)."""
    # Sixteen bits hold every attribute (ids and positions are not among those compared) and compare four times faster.
    small = {name: array.astype(np.int16) for name, array in flat.items()}
    query = {name: array[:, None] for name, array in small.items()}
    key = {name: array[None, :] for name, array in small.items()}
    key_is_canvas = key["canvas"].astype(bool)
    query_is_canvas = query["canvas"].astype(bool)
    context_to_context = (
        ~key_is_canvas
        & (key["order"] <= query["order"])
        & ((key["span"] < 0) | (key["span"] == query["span"]))
        & (key["side"] == query["side"])
    )
    canvas_to_context = ~key_is_canvas & ((key["order"] < query["begin"]) | (key["order"] >= query["end"]))
    canvas_to_canvas = (
        key_is_canvas
        & (key["hole"] == query["hole"])
        & ((key["copy"] == query["copy"]) | (key["finished"].astype(bool) & (key["block"] < query["block"])))
    )
    seen = np.where(query_is_canvas, canvas_to_context | canvas_to_canvas, context_to_context)
    return seen & (query["sample"] == key["sample"])
