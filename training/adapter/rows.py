"""Training rows of an adapter: real tokens as the base reads them, and groups of masks behind some of them.

A row holds pieces of documents that do not see each other, as text or in the base's FIM order. Behind a chosen token i
stands a *group* of masks: mask j (1, 2, …) has position i + j, sees the real tokens up to i and the masks before it in
its group, and predicts the token at i + j + 1, as the base's token at i + j does. No real token sees a mask, so that
the base reads the row once, whatever the groups are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.adapter.tokens import FimOrder, encode
from training.data.packing import Packed
from training.rows.spans import choose_span
from training.rows.windows import Windows

MIN_CHARACTERS = 24
PADDING = -1


@dataclass(frozen=True)
class RowShape:
    """`length` real tokens in a row, `groups` of `masks` each; `fim_share` of the pieces have a hole."""

    length: int = 512
    masks: int = 4
    groups: int = 32
    fim_share: float = 0.5


@dataclass(frozen=True)
class DraftBatch:
    """Rows of real tokens (batch, n), and their groups (batch, groups); masks come group by group.

    `samples` tells the pieces of a row apart (PADDING behind the last), `anchors` are places in the row, and `known`
    (batch, groups, masks) says which masks have a token to predict.
    """

    ids: Tensor
    samples: Tensor
    positions: Tensor
    anchors: Tensor
    known: Tensor

    def to(self, device: torch.device) -> DraftBatch:
        """The same batch on a device."""
        return DraftBatch(*(tensor.to(device) for tensor in self._fields()))

    def parts(self, rows: int) -> list[DraftBatch]:
        """The same rows, so many at a time; the last part may have fewer."""
        return [DraftBatch(*part) for part in zip(*(tensor.split(rows) for tensor in self._fields()), strict=True)]

    def _fields(self) -> tuple[Tensor, ...]:
        return (self.ids, self.samples, self.positions, self.anchors, self.known)

    @property
    def _steps(self) -> Tensor:
        return torch.arange(1, self.known.shape[2] + 1, device=self.ids.device)

    def places(self) -> Tensor:
        """Where in the row the real token at each mask's position stands, (batch, groups · masks)."""
        return (self.anchors[..., None] + self._steps).flatten(1).clamp(max=self.ids.shape[1] - 1)

    def mask_positions(self) -> Tensor:
        """Positions of the masks, (batch, groups · masks)."""
        return (self.positions.gather(1, self.anchors)[..., None] + self._steps).flatten(1)

    def targets(self) -> Tensor:
        """The token that each mask predicts, (batch, groups · masks); anything where it is not known."""
        return self.ids.gather(1, (self.places() + 1).clamp(max=self.ids.shape[1] - 1))

    def seen_by_text(self) -> Tensor | None:
        """Which real tokens each real token sees, (batch, 1, n, n) bool; None where all rows are one causal piece."""
        if not bool((self.samples > 0).any()):
            return None
        same = self.samples[:, :, None] == self.samples[:, None, :]
        return same.tril()[:, None]

    def seen_by_masks(self) -> Tensor:
        """Which tokens each mask sees, real ones first, (batch, 1, groups · masks, n + groups · masks) bool."""
        batch, groups, masks = self.known.shape
        numbers = torch.arange(self.ids.shape[1], device=self.ids.device)
        near = numbers <= self.anchors[..., None]
        real = near & (self.samples[:, None] == self.samples.gather(1, self.anchors)[..., None])
        group = torch.arange(groups * masks, device=self.ids.device) // masks
        own = (group[:, None] == group).tril().expand(batch, -1, -1)
        return torch.cat([real.repeat_interleave(masks, 1), own], 2)[:, None]


class DraftRows:
    """Rows of one split. Their number and the seed decide everything, so that a run's place is one integer."""

    def __init__(
        self, packed: Packed, tokenizer: Tokenizer, order: FimOrder | None, shape: RowShape, seed: int
    ) -> None:
        self._packed = packed
        self._tokenizer = tokenizer
        self._order = order
        self._shape = shape
        self._seed = seed
        # FIM order takes four tokens more, and text that is cut takes some more than whole text.
        self._windows = Windows(len(packed.tokens), shape.length - shape.length // 16, seed)

    def batch(self, numbers: range) -> DraftBatch:
        """The rows of these numbers."""
        rows = [self._row(number) for number in numbers]
        return DraftBatch(*(torch.from_numpy(np.stack(arrays)) for arrays in zip(*rows, strict=True)))

    def _row(self, number: int) -> tuple[np.ndarray, ...]:
        generator = np.random.default_rng([self._seed, 1, number])
        length = self._shape.length
        ids, positions = np.zeros(length, dtype=np.int64), np.zeros(length, dtype=np.int64)
        samples, ends = np.full(length, PADDING, dtype=np.int64), np.zeros(length, dtype=np.int64)
        answer = np.zeros(length, dtype=bool)
        place = 0
        pieces = self._pieces(number)
        room = length - sum(len(piece) for piece in pieces)
        for sample, piece in enumerate(pieces):
            tokens, border = self._holed(generator, piece, room)
            room -= len(tokens) - len(piece)
            end = place + len(tokens)
            ids[place:end], positions[place:end] = tokens, np.arange(len(tokens))
            samples[place:end], ends[place:end] = sample, end
            answer[place + border : end] = True
            place = end
        anchors = self._anchors(generator, ends, answer)
        steps = np.arange(2, self._shape.masks + 2)
        known = anchors[:, None] + steps < ends[anchors][:, None]
        return ids, samples, positions, anchors, known

    def _pieces(self, number: int) -> list[np.ndarray]:
        begin, end = self._windows.at(number)
        first, last = self._packed.document_at(begin), self._packed.document_at(end - 1)
        borders = [begin, *(int(start) for start in self._packed.starts[first + 1 : last + 1]), end]
        pieces = (self._packed.tokens[a:b].astype(np.int64) for a, b in pairwise(borders))
        return [piece for piece in pieces if len(piece)]

    def _holed(self, generator: np.random.Generator, piece: np.ndarray, room: int) -> tuple[np.ndarray, int]:
        """A piece in FIM order, or as it is, and from which token on drafts are wanted most.

        `room` is how many tokens longer it may become.
        """
        order = self._order
        if order is None or generator.random() >= self._shape.fim_share:
            return piece, len(piece)
        # A window may begin or end inside a character of several bytes; the end of a document is no text.
        body = piece[:-1] if piece[-1] == order.end else piece
        text = self._tokenizer.decode(body.tolist(), skip_special_tokens=False).strip("\ufffd")
        if len(text) < MIN_CHARACTERS:
            return piece, len(piece)
        begin, end = choose_span(generator, text)
        prefix, answer, suffix = encode(self._tokenizer, [text[:begin], text[begin:end], text[end:]])
        context = [order.prefix, *prefix, order.suffix, *suffix, order.middle]
        tokens = np.array([*context, *answer, order.end], dtype=np.int64)
        if len(tokens) - len(piece) > room:
            return piece, len(piece)
        return tokens, len(context) - 1

    def _anchors(self, generator: np.random.Generator, ends: np.ndarray, answer: np.ndarray) -> np.ndarray:
        """Where groups stand: in answers first, as they do in use, and then anywhere."""
        numbers = np.arange(len(ends))
        # The first mask's token must stand in the same piece.
        possible = generator.permutation(numbers[numbers + 2 < ends])
        chosen = np.concatenate([possible[answer[possible]], possible[~answer[possible]]])[: self._shape.groups]
        # Rows of scraps have too few places: the groups that are left over know no token, and so count for nothing.
        return np.pad(chosen, (0, self._shape.groups - len(chosen)), constant_values=len(ends) - 1)
