"""Reference inference for cached canvases: what the engine must reproduce, in the plainest form.

Prefix and suffix are encoded once, apart from each other. Each block is denoised against their keys, the most
confident position first; an end is allowed only where everything to its left is committed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from training.config import BLOCK, GAP, MAX_BLOCKS, ModelConfig
from training.model import Decoder, Memory
from training.vocabulary import END, MASK, SPECIAL_IDS, SPECIAL_TOKENS

_END_ID = SPECIAL_IDS[END]
_MASK_ID = SPECIAL_IDS[MASK]


@dataclass(frozen=True)
class Answer:
    """What was filled in: tokens without the end, the probability of each commit, and the denoise steps."""

    tokens: list[int]
    probabilities: list[float]
    steps: int
    ended: bool


def load_model(folder: Path) -> Decoder:
    """Loads a checkpoint folder in fp32; raises KeyError or RuntimeError where it is not one of ours."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = Decoder(ModelConfig.from_checkpoint(config))
    tensors = load_file(folder / "model.safetensors")
    model.load_state_dict({name.removeprefix("model."): tensor.float() for name, tensor in tensors.items()})
    return model.eval()


@torch.no_grad()
def encode_context(model: Decoder, prefix: list[int], suffix: list[int]) -> Memory:
    """Keys and values of both sides; the prefix carries its header, and may not be empty."""
    _, memory = model.remember(torch.tensor([prefix]), None, None, None)
    if suffix:
        positions = len(prefix) + GAP + torch.arange(len(suffix))[None]
        memory = Memory.joined(memory, model.remember(torch.tensor([suffix]), positions, None, None)[1])
    return memory


@torch.no_grad()
def infill(
    model: Decoder,
    prefix: list[int],
    suffix: list[int],
    length: int | None = None,
    max_blocks: int = MAX_BLOCKS,
) -> Answer:
    """Fills the hole between prefix and suffix greedily, one token a step.

    With `length` the number of tokens is given (at most one block); otherwise the model chooses it.
    """
    memory = encode_context(model, prefix, suffix)
    tokens: list[int] = []
    probabilities: list[float] = []
    steps = 0
    for block in range(max_blocks):
        positions = len(prefix) + block * BLOCK + torch.arange(BLOCK)[None]
        ids = torch.full((1, BLOCK), _MASK_ID)
        if length is not None:
            ids[0, length:] = _END_ID
        chances = [1.0] * BLOCK
        while bool((ids == _MASK_ID).any()):
            hidden, _ = _look(model, ids, positions, memory)
            place, token, chance = most_confident(model.logits(hidden)[0], ids[0], length is not None)
            chances[place] = chance
            ids[0, place] = token
            if token == _END_ID:
                ids[0, place:] = _END_ID
            steps += 1
        answer = ids[0].tolist()
        if _END_ID in answer:
            cut = answer.index(_END_ID)
            return Answer(tokens + answer[:cut], probabilities + chances[: cut + 1], steps, True)
        tokens += answer
        probabilities += chances
        memory = Memory.joined(memory, _look(model, ids, positions, memory)[1])
    return Answer(tokens, probabilities, steps, False)


def _look(model: Decoder, ids: Tensor, positions: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
    """A block sees the whole memory and itself in both directions."""
    seen = memory.layers[0][0].shape[2] + ids.shape[1]
    return model.remember(ids, positions, torch.ones(1, 1, ids.shape[1], seen, dtype=torch.bool), memory)


def most_confident(logits: Tensor, ids: Tensor, length_known: bool) -> tuple[int, int, float]:
    """Place, token and probability of the next commit; logits (block, vocabulary).

    The end keeps its share of the probability where it is not allowed yet: a place that is probably behind the
    end must look unsure, or it would be filled with rubbish before the end is reached.
    """
    logits = logits.float().clone()
    ends = logits[:, _END_ID].clone()
    logits[:, : len(SPECIAL_TOKENS)] = -1e9
    masked = ids == _MASK_ID
    if length_known:
        chances = logits.softmax(-1)
    else:
        logits[:, _END_ID] = ends
        chances = logits.softmax(-1)
        allowed = torch.arange(len(ids)) == int(masked.int().argmax())
        chances[~allowed, _END_ID] = 0.0
    best, tokens = chances.max(-1)
    place = int((best * masked).argmax())
    return place, int(tokens[place]), float(best[place])
