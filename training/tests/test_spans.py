"""Spans stay inside the text, do not touch each other, and have the shapes that people select."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from training.data.packing import load_packed
from training.data.tokenizer import load_tokenizer
from training.rows.row_source import RowSource
from training.rows.schedule import Noise
from training.rows.spans import MAX_CHARACTERS, choose_disjoint, choose_span
from training.tests.conftest import Data

TEXT = "import os\n\n\ndef size(path):\n    total = os.stat(path).st_size\n    return total\n" * 4


def test_spans_lie_in_the_text_and_of_every_shape() -> None:
    generator = np.random.default_rng(0)
    spans = [choose_span(generator, TEXT) for _ in range(600)]
    assert all(0 <= begin <= end <= len(TEXT) and end - begin <= MAX_CHARACTERS for begin, end in spans)
    assert any(begin == end for begin, end in spans)
    assert any(TEXT[begin:end].count("\n") > 1 for begin, end in spans)
    inside_words = [b for b, _ in spans if 0 < b < len(TEXT) and TEXT[b - 1].isalnum() and TEXT[b].isalnum()]
    assert 20 < len(inside_words) < 300


def test_disjoint_spans_keep_their_distance() -> None:
    generator = np.random.default_rng(0)
    for _ in range(50):
        spans = choose_disjoint(generator, TEXT, 4)
        assert 1 <= len(spans) <= 4
        assert all(a[1] + 8 <= b[0] for a, b in pairwise(spans))


def test_rows_depend_on_seed_and_number_alone(data: Data) -> None:
    packed, tokenizer = load_packed(data.packed, "train"), load_tokenizer(data.tokenizer)
    first, second = (RowSource(packed, tokenizer, 128, seed=1) for _ in range(2))
    second.canvas_row(7, Noise(1.0, True))
    for number in (0, 3):
        a, b = first.canvas_row(number, Noise(1.0, True)), second.canvas_row(number, Noise(1.0, True))
        assert np.array_equal(a.ids, b.ids)
        assert np.array_equal(a.visible, b.visible)
    other = RowSource(packed, tokenizer, 128, seed=2).canvas_row(0, Noise(1.0, True))
    assert not np.array_equal(first.canvas_row(0, Noise(1.0, True)).ids, other.ids)
