"""Masks in place: what the masks are to become is the answer, whatever was merged or is to be deleted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.data.packing import load_packed
from training.data.tokenizer import load_tokenizer
from training.data.vocabulary import DELETE, EXPAND, MASK, SPECIAL_IDS
from training.model.config import ModelConfig, RowRecipe
from training.model.decoder import Decoder
from training.rows import inplace
from training.rows.canvas import IGNORE
from training.rows.inplace import in_place_row, infill_in_place
from training.rows.row_source import RowSource
from training.rows.schedule import Noise
from training.tests.conftest import Data

HEADER = np.array([5, 7])
PARTS = [np.arange(20, 32), np.arange(40, 46), np.arange(60, 70)]


def test_context_is_shown_and_every_mask_has_a_target() -> None:
    for seed in range(30):
        row = in_place_row(np.random.default_rng(seed), Noise(1.0, True), [(HEADER, PARTS)])
        assert row.visible.all()
        masked = row.ids == SPECIAL_IDS[MASK]
        assert (masked == (row.targets != IGNORE)).all()
        assert (masked == row.canvas).all()
        assert masked.any()
        assert (row.positions == np.arange(len(row.ids))).all()


def test_what_masks_become_is_the_answer() -> None:
    kinds: set[str] = set()
    for seed in range(60):
        row = in_place_row(np.random.default_rng(seed), Noise(1.0, True), [(HEADER, PARTS)])
        begin = len(HEADER) + len(PARTS[0])
        if not (row.ids[:begin] == np.concatenate([HEADER, PARTS[0]])).all():
            continue
        end = len(row.ids) - len(PARTS[2])
        assert (row.ids[end:] == PARTS[2]).all()
        shown = np.where(row.targets[begin:end] == IGNORE, row.ids[begin:end], row.targets[begin:end])
        length = sum({SPECIAL_IDS[DELETE]: 0, SPECIAL_IDS[EXPAND]: 2}.get(int(token), 1) for token in shown)
        assert length == len(PARTS[1])
        plain = [token for token in shown.tolist() if token >= 20]
        assert set(plain) <= set(PARTS[1].tolist())
        assert plain == sorted(plain)
        kinds |= {name for name in (DELETE, EXPAND) if SPECIAL_IDS[name] in shown}
    assert kinds == {DELETE, EXPAND}


def test_samples_do_not_see_each_other() -> None:
    row = in_place_row(np.random.default_rng(1), Noise(1.0, True), [(HEADER, PARTS), (HEADER, PARTS)])
    second = int(np.flatnonzero(row.positions == 0)[1])
    assert not row.visible[:second, second:].any()
    assert not row.visible[second:, :second].any()
    assert row.visible[second:, second:].all()


def test_a_row_source_makes_rows_in_place(data: Data) -> None:
    packed, tokenizer = load_packed(data.packed, "train"), load_tokenizer(data.tokenizer)
    source = RowSource(packed, tokenizer, 128, seed=1, recipe=RowRecipe(kind="in place"))
    batch = source.canvas_batch(range(4), Noise(1.0, True))
    assert batch.visible is not None
    assert bool((batch.canvas == (batch.targets >= 0)).all())
    assert bool(batch.canvas.any())


def script(monkeypatch: pytest.MonkeyPatch, choose: dict[int, int]) -> None:
    """A model that is sure of `choose[length of the hole]` at the first mask."""

    def logits(_: Decoder, __: list[int], holes: list[list[int]], ___: list[int]) -> torch.Tensor:
        scores = torch.zeros(1, len(holes[0]), 128)
        scores[0, holes[0].index(SPECIAL_IDS[MASK]), choose[len(holes[0])]] = 10
        return scores

    monkeypatch.setattr(inplace, "hole_logits", logits)


def test_masks_are_deleted_and_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Decoder(ModelConfig(vocabulary=128, hidden=64, layers=1, heads=1, key_value_heads=1, intermediate=64))
    monkeypatch.setattr(inplace, "START_MASKS", 2)
    script(monkeypatch, {2: SPECIAL_IDS[EXPAND], 3: 50})
    assert infill_in_place(model, [20], [30]) == [50, 50, 50]
    script(monkeypatch, {2: SPECIAL_IDS[DELETE], 1: SPECIAL_IDS[DELETE]})
    assert infill_in_place(model, [20], [30]) == []
    script(monkeypatch, {4: 60})
    assert infill_in_place(model, [20], [30], length=4) == [60, 60, 60, 60]
