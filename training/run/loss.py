"""The two losses: next token on clean positions, masked cross-entropy on canvases."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.model.decoder import Decoder
from training.rows.row_source import Batch

NEXT_TOKEN_WEIGHT = 0.5
"""Weight of the next-token loss in the diffusion stage, where it keeps what the first stage has learnt."""
MIDDLE_WEIGHT = 2.0
"""Weight of a token of an answer read behind both sides against one of plain text, which the base knows already."""


@dataclass(frozen=True)
class Losses:
    """`total` is what is minimised; the others are detached, in nats a token (0 where there is no such token).

    `middle` is the part of `next_token` that stands in answers read behind both sides; in `total` it counts
    MIDDLE_WEIGHT times.
    """

    total: Tensor
    next_token: Tensor
    canvas: Tensor
    middle: Tensor


def losses_of(model: Decoder, batch: Batch) -> Losses:
    """Both losses of a batch.

    A mask predicts the token at its own place, a clean token the next one. Canvas losses are weighted by
    `batch.weights` and divided by the sum of the weights.
    """
    hidden = model(batch.ids, batch.positions, batch.visible)
    clean = ~batch.canvas & (batch.targets >= 0)
    # Token by token and then averaged in fp32: a mean taken in bf16 would have two digits.
    each_next = _cross_entropy(model, hidden[clean], batch.targets[clean])
    # Rows of masks in place have no next token to predict.
    next_token = each_next.mean() if len(each_next) else each_next.sum()
    between = batch.middle[clean]
    middle = torch.zeros(())
    reading = next_token
    if bool(between.any()):
        middle = each_next[between].mean().detach()
        counts = torch.where(between, MIDDLE_WEIGHT, 1.0)
        reading = (each_next * counts).sum() / counts.sum()
    masked = batch.canvas & (batch.targets >= 0)
    if batch.visible is None or not bool(masked.any()):
        return Losses(reading, next_token.detach(), torch.zeros(()), middle)
    each = _cross_entropy(model, hidden[masked], batch.targets[masked])
    weights = batch.weights[masked]
    canvas = (each * weights).sum() / weights.sum()
    total = NEXT_TOKEN_WEIGHT * reading + canvas
    return Losses(total, next_token.detach(), canvas.detach(), middle)


def _cross_entropy(model: Decoder, hidden: Tensor, targets: Tensor) -> Tensor:
    logits = model.logits(hidden)
    # A GPU has the memory for logits in fp32; on a CPU they cost a fifth of the step.
    return functional.cross_entropy(logits.float() if logits.is_cuda else logits, targets, reduction="none").float()
