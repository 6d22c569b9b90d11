"""Turns packed tokens into training rows, deterministically: row number + seed decide everything.

So a run's place in the data is one integer, and a resumed run sees exactly the rows it would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from training.data.packing import Packed
from training.model.config import BLOCK, GAP, RowRecipe
from training.rows.canvas import IGNORE, FinishedRow, Hole, Row
from training.rows.fim import FimRow, Middle
from training.rows.inplace import in_place_row
from training.rows.repeats import echo_lines, exchange_names
from training.rows.schedule import Noise
from training.rows.spans import MAX_CHARACTERS, choose_disjoint, choose_span
from training.rows.windows import Windows

MIN_BODY = 24
NAME_POOL = 600
"""Tokens of another place in the corpus that names are taken from."""
SPLIT_SHARE = 0.5
FILE_NAME_SHARE = 0.5
SPLIT_PIECES = (0.5, 0.3, 0.2)
MAX_JOINED_HOLES = 8
MIDDLES = 6
"""Middles of a sample that share its suffix."""
MIDDLE_ROOM = 1.36
"""Tokens of a fim row without canvases, against its clean tokens: where middles would take more, some are left out."""
FURTHER_MASKINGS = 7
"""How often a block is masked again, on average, before a row's share of canvas tokens is left unused."""
PLAIN_TOGETHER = 8
"""Neighbours that are plain rows together: among canvas rows they would be padded to the length of those."""
PLAIN = RowRecipe(rename=0.0, echo=0.0)


@dataclass(frozen=True)
class Batch:
    """Rows of equal lengths: (batch, n) each, `visible` (batch, 1, n, n) bool or None for plain causal rows."""

    ids: Tensor
    positions: Tensor
    targets: Tensor
    weights: Tensor
    canvas: Tensor
    middle: Tensor
    visible: Tensor | None

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device, what is visible as booleans."""
        visible = None if self.visible is None else self.visible.to(device)
        if visible is not None and visible.dtype == torch.uint8:
            visible = _bits(visible, self.ids.shape[1])
        return Batch(*(tensor.to(device) for tensor in self._rest()), visible)

    def packed(self) -> Batch:
        """The same batch with eight queries' keys in a byte, as it travels from a process that builds rows."""
        if self.visible is None:
            return self
        return Batch(*self._rest(), torch.from_numpy(np.packbits(self.visible.numpy(), axis=-1)))

    def padded(self, multiple: int) -> Batch:
        """The same rows, so long that `multiple` divides them: kernels of a GPU are compiled for each length."""
        more = -self.ids.shape[1] % multiple
        if not more or self.visible is None:
            return self
        values = (0, 0, IGNORE, 0.0, False, False)
        rest = (functional.pad(t, (0, more), value=v) for t, v in zip(self._rest(), values, strict=True))
        visible = functional.pad(self.visible, (0, more, 0, more), value=False)
        # A padding token sees itself only, so that no softmax row is empty.
        visible.diagonal(dim1=-2, dim2=-1)[..., -more:] = True
        return Batch(*rest, visible)

    def _rest(self) -> tuple[Tensor, ...]:
        return (self.ids, self.positions, self.targets, self.weights, self.canvas, self.middle)

    def parts(self, rows: int) -> Iterator[Batch]:
        """The same rows, so many at a time; the last part may have fewer."""
        for first in range(0, len(self.ids), rows):
            part = slice(first, first + rows)
            visible = None if self.visible is None else self.visible[part]
            yield Batch(*(tensor[part] for tensor in self._rest()), visible)


def _bits(bytes_: Tensor, count: int) -> Tensor:
    """What `Batch.packed` packed: (…, bytes) uint8 → (…, count) bool."""
    shifts = torch.arange(7, -1, -1, device=bytes_.device, dtype=torch.uint8)
    return ((bytes_[..., None] >> shifts) & 1).flatten(-2)[..., :count].bool()


def is_plain(seed: int, number: int, share: float) -> bool:
    """Whether a row of the diffusion stage is a plain one, where `share` of them are."""
    return bool(np.random.default_rng([seed, 2, number // PLAIN_TOGETHER]).random() < share)


class RowSource:
    """Rows of one split. `length` is the number of clean tokens in a row."""

    def __init__(self, packed: Packed, tokenizer: Tokenizer, length: int, seed: int, recipe: RowRecipe = PLAIN) -> None:
        self._recipe = recipe
        self._packed = packed
        self._tokenizer = tokenizer
        self._length = length
        self._seed = seed
        self._windows = Windows(len(packed.tokens), length, seed)

    def next_token_batch(self, numbers: range) -> Batch:
        """Plain rows for the autoregressive stage."""
        ids = np.stack([self._next_token_row(number) for number in numbers])
        count = ids.shape[1] - 1
        return Batch(
            ids=torch.from_numpy(ids[:, :-1]),
            positions=torch.arange(count)[None].expand(len(ids), -1),
            targets=torch.from_numpy(ids[:, 1:]),
            weights=torch.ones(len(ids), count),
            canvas=torch.zeros(len(ids), count, dtype=torch.bool),
            middle=torch.zeros(len(ids), count, dtype=torch.bool),
            visible=None,
        )

    def canvas_batch(self, numbers: range, noise: Noise, blind: bool = False) -> Batch:
        """Rows of cached canvases for the diffusion stage, padded to the longest."""
        return collate([self.canvas_row(number, noise, blind) for number in numbers])

    def canvas_row(self, number: int, noise: Noise, blind: bool = False) -> FinishedRow:
        """One row of cached canvases (see canvas.py), or of another kind or plain text where the recipe says so.

        `blind` hides the suffix from the answers of fim rows, to measure what it is worth.
        """
        if is_plain(self._seed, number, self._recipe.plain):
            return self._plain_row(number)
        generator = np.random.default_rng([self._seed, 1, number])
        if self._recipe.kind == "fim":
            return self._fim_row(number, noise, generator, blind)
        in_place = self._recipe.kind == "in place"
        split = not in_place and generator.random() < SPLIT_SHARE
        samples = [
            (header, self._cut(generator, body, split)) for header, body in self._pieces(number, generator, split)
        ]
        samples = [(header, parts) for header, parts in samples if parts]
        if not samples:
            # A window of headers and scraps: nothing to cut holes into, but still a row.
            begin, end = self._windows.at(number)
            samples = [(np.empty(0, dtype=np.int64), [np.asarray(self._packed.tokens[begin:end], dtype=np.int64)])]
        if in_place:
            return in_place_row(generator, noise, samples)
        row = Row(noise, generator, self._recipe.trailing_end)
        holes: list[Hole] = []
        for header, parts in samples:
            holes += row.add_context(header, parts, split and len(parts) == 3)
        self._add_canvases(row, generator, holes)
        return row.finish()

    def _fim_row(self, number: int, noise: Noise, generator: np.random.Generator, blind: bool) -> FinishedRow:
        row = FimRow(noise, generator)
        middles: list[Middle] = []
        for header, body in self._pieces(number, generator, True):
            text = self._tokenizer.decode(body.tolist(), skip_special_tokens=False).strip("\ufffd")
            if len(text) >= MIN_BODY:
                middles += self._add_fim_sample(row, generator, header, self._repeating(generator, text))
        if not row.samples or row.length > MIDDLE_ROOM * self._length:
            return self._plain_row(number)
        budget = int(self._recipe.canvas_share * self._length)
        while middles and budget >= (length := int(generator.choice(self._recipe.blocks))):
            middle = middles[int(generator.integers(len(middles)))]
            # Anywhere: what is committed before a block may be of any length.
            row.add_noisy_block(middle, int(generator.integers(len(middle.answer) + 1)), length)
            budget -= length
        return row.finish(blind)

    def _add_fim_sample(
        self, row: FimRow, generator: np.random.Generator, header: np.ndarray, text: str
    ) -> list[Middle]:
        begin, end = choose_span(generator, text)
        encoding = self._tokenizer.encode(text[:begin])
        prefix = np.concatenate([header, np.array(encoding.ids, dtype=np.int64)])
        answers = [(len(prefix), self._encode(text[begin:end]))]
        # Longer ones begin at earlier tokens and end at the same place; nearer ones more often, since most answers are
        # short: a model that has seen few short ones goes on where it should end.
        earlier = [(len(header) + place, first) for place, (first, _) in enumerate(encoding.offsets)]
        near = [(place, first) for place, first in earlier if first > 0 and end - first <= MAX_CHARACTERS]
        chances = 1.0 / np.arange(len(near), 0, -1)
        count = min(len(near), MIDDLES - 1)
        for choice in generator.choice(len(near), count, replace=False, p=chances / chances.sum()) if count else []:
            place, first = near[int(choice)]
            answers.append((place, self._encode(text[first:end])))
        suffix = self._encode(text[end:])
        # Rows of one pass are padded to the longest of them, so none is much longer than its clean text.
        room = int(MIDDLE_ROOM * self._length) - row.length - len(prefix) - len(suffix)
        kept: list[tuple[int, np.ndarray]] = []
        for place, answer in answers:
            if len(answer) < min(GAP, room):
                kept.append((place, answer))
                room -= len(answer) + 1
        return row.add_sample(prefix, len(header), suffix, kept)

    def _next_token_row(self, number: int) -> np.ndarray:
        begin, end = self._windows.at(number)
        window = np.asarray(self._packed.tokens[begin : end + 1], dtype=np.int64)
        document = self._packed.document_at(begin)
        start = int(self._packed.starts[document])
        if start == begin:
            return window
        # A row that begins inside a file opens as the engine's cropped context does.
        opening = np.asarray(self._packed.tokens[start : start + 2], dtype=np.int64)
        return np.concatenate([opening, window])[: len(window)]

    def _plain_row(self, number: int) -> FinishedRow:
        row = self._next_token_row(number)
        count = len(row) - 1
        return FinishedRow(
            ids=row[:-1],
            positions=np.arange(count),
            targets=row[1:],
            weights=np.ones(count, dtype=np.float32),
            canvas=np.zeros(count, dtype=bool),
            visible=np.tri(count, dtype=bool),
        )

    def _pieces(self, number: int, generator: np.random.Generator, split: bool) -> list[tuple[np.ndarray, np.ndarray]]:
        """Header and body of each piece of a document in the window; split rows are cut into smaller pieces."""
        begin, end = self._windows.at(number)
        pieces: list[tuple[np.ndarray, np.ndarray]] = []
        for document in range(self._packed.document_at(begin), self._packed.document_at(end - 1) + 1):
            start = int(self._packed.starts[document])
            size = self._packed.header_length(document)
            stop = int(self._packed.starts[document + 1]) if document + 1 < len(self._packed.starts) else end
            body = self._packed.tokens[max(begin, start + size) : min(end, stop)]
            header = self._packed.tokens[start : start + (size if generator.random() < FILE_NAME_SHARE else 2)]
            cuts = 1 + int(generator.choice(len(SPLIT_PIECES), p=SPLIT_PIECES)) if split else 1
            for part in np.array_split(body, cuts):
                if len(part) >= MIN_BODY:
                    pieces.append((np.asarray(header, dtype=np.int64), np.asarray(part, dtype=np.int64)))
        return pieces

    def _encode(self, text: str) -> np.ndarray:
        return np.array(self._tokenizer.encode(text).ids, dtype=np.int64)

    def _cut(self, generator: np.random.Generator, body: np.ndarray, split: bool) -> list[np.ndarray]:
        """Context and answers in turn, each tokenised apart; empty where there is too little text."""
        # A window may begin or end inside a character of several bytes.
        text = self._tokenizer.decode(body.tolist(), skip_special_tokens=False).strip("\ufffd")
        if len(text) < MIN_BODY:
            return []
        text = self._repeating(generator, text)
        if split:
            spans = [choose_span(generator, text)]
        else:
            spans = choose_disjoint(generator, text, int(generator.integers(2, MAX_JOINED_HOLES + 1)))
        parts: list[np.ndarray] = []
        place = 0
        for begin, end in spans:
            answer = self._encode(text[begin:end])
            if len(answer) >= GAP:
                continue
            parts += [self._encode(text[place:begin]), answer]
            place = end
        parts.append(self._encode(text[place:]))
        return parts

    def _repeating(self, generator: np.random.Generator, text: str) -> str:
        """The text with a few lines repeated, or the names of another file, or both, or (mostly) as it is."""
        if generator.random() < self._recipe.echo:
            text = echo_lines(generator, text)
        if generator.random() < self._recipe.rename:
            begin = int(generator.integers(len(self._packed.tokens) - NAME_POOL))
            other = self._packed.tokens[begin : begin + NAME_POOL].tolist()
            text = exchange_names(generator, text, self._tokenizer.decode(other))
        return text

    def _add_canvases(self, row: Row, generator: np.random.Generator, holes: list[Hole]) -> None:
        """Fills the row's share of canvas tokens: each hole once, then further maskings of the same blocks."""
        left = int(self._recipe.canvas_share * self._length)
        drawn: list[tuple[Hole, int]] = []
        for hole in generator.permutation(np.array(holes, dtype=object)):
            if row.cost(hole) <= left:
                row.add_canvases(hole)
                left -= row.cost(hole)
                drawn += [(hole, block) for block in range(hole.blocks)]
        again = FURTHER_MASKINGS * len(drawn)
        while drawn and left >= BLOCK and again > 0:
            row.add_noisy_block(*drawn[int(generator.integers(len(drawn)))])
            left -= BLOCK
            again -= 1


def collate(rows: list[FinishedRow]) -> Batch:
    """Pads rows to equal lengths; a padding token sees itself only, so that no softmax row is empty.

    Canvases behind the context begin at the same place in all rows, so that attention can leave them out for the
    context's own tokens.
    """
    fronts = [_context_length(row) for row in rows]
    border = max(fronts)
    count = border + max(len(row.ids) - front for row, front in zip(rows, fronts, strict=True))
    visible = np.zeros((len(rows), 1, count, count), dtype=bool)
    visible[:, 0, np.arange(count), np.arange(count)] = True
    places: list[tuple[slice, slice]] = []
    for number, (row, front) in enumerate(zip(rows, fronts, strict=True)):
        front_place, back_place = slice(0, front), slice(border, border + len(row.ids) - front)
        places.append((front_place, back_place))
        for query, queries in ((slice(0, front), front_place), (slice(front, None), back_place)):
            for key, keys in ((slice(0, front), front_place), (slice(front, None), back_place)):
                visible[number, 0, queries, keys] = row.visible[query, key]

    def padded(arrays: list[np.ndarray], value: float) -> Tensor:
        out = np.full((len(arrays), count), value, dtype=arrays[0].dtype)
        for number, (array, (front, back)) in enumerate(zip(arrays, places, strict=True)):
            out[number, front], out[number, back] = array[: front.stop], array[front.stop :]
        return torch.from_numpy(out)

    return Batch(
        ids=padded([row.ids for row in rows], 0),
        positions=padded([row.positions for row in rows], 0),
        targets=padded([row.targets for row in rows], IGNORE),
        weights=padded([row.weights for row in rows], 0.0),
        canvas=padded([row.canvas for row in rows], False),
        middle=padded([np.zeros_like(row.canvas) if row.middle is None else row.middle for row in rows], False),
        visible=torch.from_numpy(visible),
    )


def _context_length(row: FinishedRow) -> int:
    """Tokens before the canvases at the row's end; all where masks stand within the text."""
    front = int(row.canvas.argmax()) if row.canvas.any() else len(row.ids)
    return front if row.canvas[front:].all() else len(row.ids)
