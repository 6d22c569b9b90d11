"""An adapter's training: one object that owns weights, optimiser and progress, and takes one step at a time."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from training.adapter.drafting import CHUNK, Loss, draft, gathered, judged, own_text, read
from training.adapter.low_rank import Adapter
from training.adapter.rows import DraftBatch, RowShape
from training.model.config import ModelConfig
from training.model.decoder import Decoder
from training.rows.schedule import LearningRate
from training.run.trainer import TrainingError, out_of_memory

CLIP = 1.0
DECAY_SHARE = 0.2
"""The last part of a run whose length is known: its rate falls to nearly nothing."""


@dataclass(frozen=True)
class AdapterSettings:
    """What a run is; all of it must stay the same when it is resumed, but for the rate and where it ends."""

    base: str
    files: dict[str, str]
    """The base's weight files and their digests."""
    model: ModelConfig
    rank: int
    scale: float
    projections: tuple[str, ...]
    rows: RowShape
    batch: int
    seed: int
    loss: Loss
    departed_weight: float = 1.0
    """Of a mask behind text that the base would not have written (`own_text`), which in use there is not."""
    learning_rate: float = 5e-4
    warmup_tokens: int = 100_000
    until_tokens: int | None = None


@dataclass(frozen=True)
class AdapterProgress:
    """Where a run stands; tokens are real ones."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class AdapterStep:
    """What one step did: the loss in nats a mask, and the gradient's norm."""

    step: int
    tokens: int
    loss: float
    norm: float


@dataclass
class AdapterState:
    """Everything that a run needs to go on as if it had never stopped."""

    settings: AdapterSettings
    progress: AdapterProgress
    weights: dict[str, Tensor] = field(repr=False)
    optimiser: dict[str, Any] = field(repr=False)


class AdapterTrainer:
    """Trains the adapter of a frozen base on batches that are given one by one."""

    def __init__(self, settings: AdapterSettings, model: Decoder, pass_rows: int | None = None) -> None:
        self.settings = settings
        self.progress = AdapterProgress()
        self.model = model
        self.adapter = Adapter(model, settings.rank, settings.scale, settings.projections, settings.seed)
        # No decay of weights: B begins at zero, and what is not needed stays there.
        self._optimiser = torch.optim.AdamW(
            self.adapter.weights.values(), lr=settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.0
        )
        self._pass_rows = pass_rows or settings.batch

    def step(self, batch: DraftBatch) -> AdapterStep:
        """Takes one step.

        Raises TrainingError when the loss is not a number or the device runs out of memory; weights are then untouched.
        """
        started = time.monotonic()
        weights = list(self.adapter.weights.values())
        for weight in weights:
            weight.grad = None
        try:
            known = max(1, int(batch.known.sum()))
            loss = sum(self._backward(part, known) for part in batch.parts(self._pass_rows))
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            raise TrainingError(
                f"The device ran out of memory with {self._pass_rows} rows of {self.settings.rows.length} tokens and "
                f"{self.settings.rows.groups} groups in a pass: give a smaller --pass-rows, and start again; the last "
                "checkpoint is used."
            ) from error
        norm = float(torch.nn.utils.clip_grad_norm_(weights, CLIP))
        if not math.isfinite(loss + norm):
            raise TrainingError(
                f"The loss or its gradient is not a number at step {self.progress.step}. The last good checkpoint "
                "stays; start again from it with a lower --learning-rate."
            )
        for group in self._optimiser.param_groups:
            group["lr"] = self.settings.learning_rate * self._factor()
        self._optimiser.step()
        self.progress = AdapterProgress(
            step=self.progress.step + 1,
            tokens=self.progress.tokens + batch.ids.numel(),
            seconds=self.progress.seconds + time.monotonic() - started,
        )
        return AdapterStep(self.progress.step, self.progress.tokens, loss, norm)

    def _backward(self, batch: DraftBatch, known: int) -> float:
        """Adds the gradient of some rows' losses, of which the whole batch has `known`, and returns their share."""
        batch = batch.to(self.model.embed_tokens.weight.device)
        hidden, memory = read(self.model, batch)
        drafted = draft(self.model, self.adapter, batch, memory)
        places = batch.known.flatten().nonzero()[:, 0]
        chosen = drafted.flatten(0, 1)[places]
        wanted, targets = gathered(hidden, batch.places())[places], batch.targets().flatten()[places]
        weights = self._weights(hidden, batch)[places]
        # The head's gradient chunk by chunk, so that the logits of all masks never are in memory together.
        leaf = chosen.detach().requires_grad_()
        total = 0.0
        parts = judged(self.model, leaf, wanted, targets, self.settings.loss)
        for part, weight in zip(parts, weights.split(CHUNK), strict=True):
            share = (part.loss * weight).sum() / known
            share.backward()
            total += float(share.detach())
        chosen.backward(leaf.grad)
        return total

    def _weights(self, hidden: Tensor, batch: DraftBatch) -> Tensor:
        """What each mask's loss counts, (batch · groups · masks,)."""
        departed = self.settings.departed_weight
        if departed == 1.0:
            return torch.ones(batch.known.numel(), device=hidden.device)
        return torch.where(own_text(self.model, hidden, batch), 1.0, departed).flatten()

    def _factor(self) -> float:
        until = self.settings.until_tokens
        decay = None if until is None else int(until * (1 - DECAY_SHARE))
        rate = LearningRate(self.settings.warmup_tokens, decay, 0 if until is None or decay is None else until - decay)
        return rate.factor(self.progress.tokens)

    def state(self) -> AdapterState:
        """The state to save."""
        weights = {name: weight.detach() for name, weight in self.adapter.weights.items()}
        return AdapterState(self.settings, replace(self.progress), weights, self._optimiser.state_dict())

    def restore(self, state: AdapterState) -> None:
        """Goes on from the state of a run of the same settings."""
        self.adapter.load(state.weights)
        self._optimiser.load_state_dict(state.optimiser)
        self.progress = state.progress
