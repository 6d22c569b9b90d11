"""Masks in place, with expand and delete: the other way to infill, which the study holds against cached canvases.

After DreamOn (Wu et al. 2025): the whole text is seen in both directions, masks stand where the answer stood. A mask
may turn into `<|expand|>`, which becomes two masks, or into `<|delete|>`, which goes away; so the model chooses the
length. Here a mask predicts the token at its own place, as on a canvas, and half of the rows are masked everywhere, so
that a model which never learnt the next token learns the language too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from training.data.vocabulary import DELETE, EXPAND, MASK, SPECIAL_IDS, SPECIAL_TOKENS
from training.model.config import BLOCK
from training.model.decoder import Decoder
from training.rows.canvas import IGNORE, FinishedRow
from training.rows.schedule import Noise, draw_mask

_MASK_ID, _EXPAND_ID, _DELETE_ID = SPECIAL_IDS[MASK], SPECIAL_IDS[EXPAND], SPECIAL_IDS[DELETE]
EVERYWHERE_SHARE = 0.5
MERGE_SHARE = 0.5
"""Of the holes, in which neighbouring masks may be one; the others get masks to delete."""
START_MASKS = 8
MAX_MASKS = 32


@dataclass(frozen=True)
class Cells:
    """Part of a row: what is shown, what a mask is to predict (IGNORE elsewhere), and its weight."""

    ids: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    silent: tuple[bool, ...] = ()


def in_place_row(
    generator: np.random.Generator, noise: Noise, samples: list[tuple[np.ndarray, list[np.ndarray]]]
) -> FinishedRow:
    """One row of samples, each a header and its parts (context and answers in turn), which do not see each other."""
    everywhere = generator.random() < EVERYWHERE_SHARE
    cells: list[Cells] = []
    positions: list[np.ndarray] = []
    sample_of: list[np.ndarray] = []
    for number, (header, parts) in enumerate(samples):
        if everywhere:
            own = [_shown(header), _masked(generator, noise, np.concatenate(parts))]
        else:
            own = [_shown(header)]
            for place, part in enumerate(parts):
                own.append(_hole(generator, noise, part) if place % 2 else _shown(part))
        count = sum(len(piece.ids) for piece in own)
        cells += own
        positions.append(np.arange(count))
        sample_of.append(np.full(count, number))
    sample = np.concatenate(sample_of)
    targets = np.concatenate([piece.targets for piece in cells])
    return FinishedRow(
        ids=np.concatenate([piece.ids for piece in cells]).astype(np.int64),
        positions=np.concatenate(positions).astype(np.int64),
        targets=targets,
        weights=np.concatenate([piece.weights for piece in cells]).astype(np.float32),
        canvas=targets != IGNORE,
        visible=sample[:, None] == sample[None, :],
        silent=tuple(silent for piece in cells for silent in piece.silent),
    )


def _shown(tokens: np.ndarray) -> Cells:
    return Cells(tokens, np.full(len(tokens), IGNORE, dtype=np.int64), np.ones(len(tokens)))


def _masked(generator: np.random.Generator, noise: Noise, tokens: np.ndarray) -> Cells:
    if not len(tokens):
        return _shown(tokens)
    masked, weight = draw_mask(generator, noise, len(tokens))
    return Cells(
        np.where(masked, _MASK_ID, tokens),
        np.where(masked, tokens, IGNORE),
        np.full(len(tokens), weight),
        (not masked.any(),),
    )


def _hole(generator: np.random.Generator, noise: Noise, answer: np.ndarray) -> Cells:
    """A masked answer, either with masks to delete behind it or with pairs of masks merged into one."""
    merging = len(answer) > 1 and generator.random() < MERGE_SHARE
    surplus = 0 if merging else int(generator.integers(0, max(1, BLOCK - len(answer)) + 1))
    cells = _masked(generator, noise, np.concatenate([answer, np.full(surplus, _DELETE_ID, dtype=np.int64)]))
    if not merging:
        return cells
    share = generator.random()
    ids, targets, weights = cells.ids.copy(), cells.targets.copy(), cells.weights
    kept = np.ones(len(ids), dtype=bool)
    place = 0
    while place + 1 < len(ids):
        if (targets[place : place + 2] != IGNORE).all() and generator.random() < share:
            targets[place] = _EXPAND_ID
            kept[place + 1] = False
            place += 1
        place += 1
    return Cells(ids[kept], targets[kept], weights[kept], cells.silent)


@torch.no_grad()
def infill_in_place(model: Decoder, prefix: list[int], suffix: list[int], length: int | None = None) -> list[int]:
    """Fills the hole greedily, the most confident mask first; with `length` the number of tokens is given."""
    hole = [_MASK_ID] * (START_MASKS if length is None else length)
    for _ in range(2 * MAX_MASKS):
        masks = [place for place, token in enumerate(hole) if token == _MASK_ID]
        if not masks:
            break
        logits = hole_logits(model, prefix, [hole], suffix)[0][masks]
        barred = [number for number in range(len(SPECIAL_TOKENS)) if number not in (_EXPAND_ID, _DELETE_ID)]
        logits[:, barred] = -1e9
        if length is not None:
            logits[:, [_EXPAND_ID, _DELETE_ID]] = -1e9
        elif len(hole) >= MAX_MASKS:
            logits[:, _EXPAND_ID] = -1e9
        chances, tokens = logits.softmax(-1).max(-1)
        best = int(chances.argmax())
        place, token = masks[best], int(tokens[best])
        replaced = {_DELETE_ID: [], _EXPAND_ID: [_MASK_ID, _MASK_ID]}.get(token, [token])
        hole[place : place + 1] = replaced
    return [token for token in hole if token != _MASK_ID]


def hole_logits(model: Decoder, prefix: list[int], holes: list[list[int]], suffix: list[int]) -> torch.Tensor:
    """Scores at the cells of holes of equal lengths: (holes, length, vocabulary), fp32."""
    ids = torch.tensor([[*prefix, *hole, *suffix] for hole in holes])
    seen = torch.ones(1, 1, ids.shape[1], ids.shape[1], dtype=torch.bool)
    hidden = model(ids, None, seen)[:, len(prefix) : len(prefix) + len(holes[0])]
    return model.logits(hidden).float()
