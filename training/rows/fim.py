"""Rows for a converted autoregressive model: the suffix numbered before the prefix, answers read behind both.

A base that was trained left to right has never seen a key to its right, so its suffix gets positions in front of the
prefix (suffix-prefix-middle order, arXiv 2207.14255): every distance is then a familiar one. Prefix and suffix do not
see each other, so that a cache of either stays valid while a person types.

A *middle* is an answer between the two, as clean tokens behind a hole token: it sees the prefix up to where it begins,
the whole suffix, and itself causally; the hole token predicts its first token, and an end token closes it. Several
middles of one sample share a suffix: they end at the same place and begin at different ones.

A *noisy block* is BLOCK places of a middle, some of them masked, that see what the middle sees before them and each
other in both directions. Predictions are shifted, as the base's are: each token predicts the next one. The first place
of a block is then predicted by the causal path alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.data.vocabulary import END, HOLE, MASK, SPECIAL_IDS
from training.rows.canvas import IGNORE, FinishedRow
from training.rows.schedule import Noise, draw_mask

_END_ID = SPECIAL_IDS[END]
_MASK_ID = SPECIAL_IDS[MASK]
_HOLE_ID = SPECIAL_IDS[HOLE]

PREFIX, SUFFIX, MIDDLE, NOISY = range(4)


@dataclass(frozen=True)
class Middle:
    """One answer: `begin` of the prefix's tokens come before it; `answer` are its tokens without the end."""

    number: int
    sample: int
    begin: int
    position: int
    answer: np.ndarray


@dataclass
class FimRow:
    """One row under construction; every field is a list of arrays of equal lengths, one entry for each piece."""

    noise: Noise
    generator: np.random.Generator
    pieces: dict[str, list[np.ndarray]] = field(default_factory=dict)
    samples: int = 0
    middles: int = 0
    copies: int = 0
    length: int = 0
    silent: list[bool] = field(default_factory=list)

    def add_sample(
        self, prefix: np.ndarray, header: int, suffix: np.ndarray, answers: list[tuple[int, np.ndarray]]
    ) -> list[Middle]:
        """Adds prefix (with `header` tokens that are not predicted), suffix and middles, and returns the middles.

        `answers` gives for each how many tokens of the prefix come before it, and its tokens.
        """
        front = len(suffix)
        self._append(
            PREFIX, prefix, _next(prefix, header), front + np.arange(len(prefix)), order=np.arange(len(prefix))
        )
        if front:
            self._append(SUFFIX, suffix, _next(suffix, 0), np.arange(front), order=np.arange(front))
        middles: list[Middle] = []
        for begin, answer in answers:
            middle = Middle(self.middles, self.samples, begin, front + begin, answer.astype(np.int64))
            order = np.arange(len(answer) + 1)
            self._append(
                MIDDLE,
                np.concatenate([[_HOLE_ID], answer]),
                np.concatenate([answer, [_END_ID]]),
                middle.position + order,
                begin=begin,
                order=order,
                middle=middle.number,
            )
            middles.append(middle)
            self.middles += 1
        self.samples += 1
        return middles

    def add_noisy_block(self, middle: Middle, start: int, length: int) -> None:
        """Adds one masking of the places start … start + length − 1 of a middle; places behind the end are ends.

        Shifted: a place is predicted by the token before it. The first one is predicted by the clean token before the
        block, which the next-token loss teaches already.
        """
        places = np.full(length, _END_ID, dtype=np.int64)
        kept = middle.answer[start : start + length]
        places[: len(kept)] = kept
        masked, weight = draw_mask(self.generator, self.noise, length)
        targets = np.full(length, IGNORE, dtype=np.int64)
        targets[:-1] = np.where(masked, places, IGNORE)[1:]
        self.silent.append(not masked[1:].any())
        self._append(
            NOISY,
            np.where(masked, _MASK_ID, places),
            targets,
            middle.position + 1 + start + np.arange(length),
            begin=middle.begin,
            middle=middle.number,
            start=start,
            copy=self.copies,
            sample=middle.sample,
            weights=weight,
        )
        self.copies += 1

    def _append(
        self, stream: int, ids: np.ndarray, targets: np.ndarray, positions: np.ndarray, **values: object
    ) -> None:
        fields: dict[str, object] = {
            **{"begin": 0, "order": 0, "middle": -1, "start": 0, "copy": -1, "weights": 1.0, "sample": self.samples},
            **values,
            **{"ids": ids, "targets": targets, "positions": positions, "stream": stream},
        }
        for name, value in fields.items():
            self.pieces.setdefault(name, []).append(np.broadcast_to(np.asarray(value), (len(ids),)))
        self.length += len(ids)

    def finish(self, blind: bool = False) -> FinishedRow:
        """Lays the pieces side by side, noisy blocks last, and works out the visibility; `blind` hides the suffix."""
        flat = {name: np.concatenate(arrays) for name, arrays in self.pieces.items()}
        order = np.argsort(flat["stream"] == NOISY, kind="stable")
        flat = {name: array[order] for name, array in flat.items()}
        return FinishedRow(
            ids=flat["ids"].astype(np.int64),
            positions=flat["positions"].astype(np.int64),
            targets=flat["targets"].astype(np.int64),
            weights=flat["weights"].astype(np.float32),
            canvas=flat["stream"] == NOISY,
            visible=visibility(flat, blind),
            middle=flat["stream"] == MIDDLE,
            silent=tuple(self.silent),
        )


def _next(tokens: np.ndarray, header: int) -> np.ndarray:
    """What each token predicts: the next one. The last predicts nothing (what follows is another stream's)."""
    targets = np.full(len(tokens), IGNORE, dtype=np.int64)
    targets[:-1] = tokens[1:]
    targets[: max(0, header - 1)] = IGNORE
    return targets


def visibility(flat: dict[str, np.ndarray], blind: bool = False) -> np.ndarray:
    """Who sees whom, (n, n) bool, query in the row (see the head of this file)."""
    names = ("stream", "order", "begin", "middle", "start", "copy", "sample")
    query = {name: flat[name].astype(np.int16)[:, None] for name in names}
    key = {name: flat[name].astype(np.int16)[None, :] for name in names}
    inside = query["stream"] >= MIDDLE
    to_prefix = np.where(
        inside, key["order"] < query["begin"], (query["stream"] == PREFIX) & (key["order"] <= query["order"])
    )
    to_suffix = (inside & (not blind)) | ((query["stream"] == SUFFIX) & (key["order"] <= query["order"]))
    last = np.where(query["stream"] == NOISY, query["start"], query["order"])
    to_middle = inside & (key["middle"] == query["middle"]) & (key["order"] <= last)
    to_noisy = (query["stream"] == NOISY) & (key["copy"] == query["copy"])
    seen = np.select([key["stream"] == stream for stream in range(4)], [to_prefix, to_suffix, to_middle, to_noisy])
    return seen.astype(bool) & (query["sample"] == key["sample"])
