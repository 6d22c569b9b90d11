"""The training loop: one object that owns model, optimiser and progress, and takes one step at a time."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from training.model.attention import BLOCK_LENGTH
from training.model.decoder import Decoder
from training.model.optimiser import MasterOptimiser
from training.rows.row_source import Batch, RowSource, is_plain
from training.rows.schedule import LearningRate, Noise, noise_at
from training.run.checkpoint import Checkpoint, Progress, Settings, Weights
from training.run.loss import losses_of
from training.run.parallel import Team
from training.run.supply import Supply

EVALUATION_ROWS = 16


def out_of_memory(error: BaseException) -> bool:
    """The CPU's allocator has no exception type of its own."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


class TrainingError(Exception):
    """Training cannot go on; the message is a sentence that says what to do. Earlier checkpoints stay."""


@dataclass(frozen=True)
class StepReport:
    """What one step did; losses in nats a token, averaged over the team."""

    step: int
    tokens: int
    stage: str
    next_token: float
    canvas: float
    norm: float
    stop: bool
    positions: int
    """Tokens that went through the network in this process, canvases and padding included: the measure of compute."""


@dataclass(frozen=True)
class Held:
    """Held-out losses in nats a token: next token on plain rows, masked canvases at all ratios, and answers read left
    to right behind both sides, with the suffix in sight and without (if the two are equal, infilling is not learnt).
    """

    next_token: float
    canvas: float
    middle: float
    middle_without_suffix: float


def without_decay(progress: Progress) -> Progress:
    """The progress that a new run begins with: a decay that went on is one that has ended."""
    if progress.decay_start is None:
        return replace(progress)
    ended = (progress.decay_start, progress.tokens - progress.decay_start)
    return replace(progress, decays=[*progress.decays, ended], decay_start=None, decay_tokens=0)


class Trainer:
    """Trains on rows of one source. Rows are dealt out by number, so the result does not depend on the team."""

    def __init__(
        self,
        settings: Settings,
        supply: Supply,
        device: torch.device,
        team: Team,
        dtype: torch.dtype,
        pass_rows: int | None = None,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.progress = Progress()
        self.model = Decoder(settings.model).to(device)
        # The masters are taken before the weights are rounded.
        self.optimiser = MasterOptimiser(self.model, settings.optimiser)
        self.model.to(dtype)
        self._supply = supply
        self._device = device
        self._team = team
        self._pass_rows = pass_rows

    @property
    def stage(self) -> str:
        """`next-token` first, then `canvas`; the border is a number of tokens, so that it survives a resume."""
        return "next-token" if self.progress.tokens < self.settings.next_token_tokens else "canvas"

    def step(self, stop: bool = False) -> StepReport:
        """Takes one step over `settings.batch` rows.

        `stop` is this process's wish to end; the report says whether any process has it. Raises
        TrainingError when the loss is not a number or the device runs out of memory; weights are then untouched.
        """
        started = time.monotonic()
        stage = self.stage
        try:
            batch = self._supply.next(self.plan)
            means = self._backward(batch)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            raise TrainingError(
                f"The device ran out of memory with --batch {self.settings.batch} and --length "
                f"{self.settings.length}: give --pass-rows 1 (or 2), or halve --length, and start again; the last "
                "checkpoint is used."
            ) from error
        extra = torch.cat([means, torch.tensor([float(stop)], device=self._device)])
        vector = self._team.sum(self.optimiser.gradient(extra))
        next_token, canvas, wishes = vector[-3:].tolist()
        vector /= self._team.size
        next_token, canvas = next_token / self._team.size, canvas / self._team.size
        # The norm is not a number where any entry is not.
        norm = float(torch.linalg.vector_norm(vector[: -len(extra)]))
        if not math.isfinite(next_token + canvas + norm):
            raise TrainingError(
                f"The loss or its gradient is not a number at step {self.progress.step}. The last good checkpoint "
                "stays; start again from it with another --seed, or lower --canvas-rate."
            )
        self.optimiser.step(vector, self._factor(stage))
        self._advance(stage, time.monotonic() - started)
        step, tokens = self.progress.step, self.progress.tokens
        return StepReport(step, tokens, stage, next_token, canvas, norm, wishes > 0, batch.ids.numel())

    def _backward(self, batch: Batch) -> Tensor:
        """Gradients of the batch's loss, in passes of `pass_rows`; the mean next-token and canvas loss (2,).

        Each pass counts by its rows, as each process does. Where passes differ in how many masks or next tokens they
        have, that is close to the gradient of the whole batch, but not equal to it.
        """
        means = torch.zeros(2, device=self._device)
        for part in self._device_rows(batch).parts(self._pass_rows or len(batch.ids)):
            losses = losses_of(self.model, part)
            share = len(part.ids) / len(batch.ids)
            (losses.total * share).backward()
            means += share * torch.stack([losses.next_token.float(), losses.canvas.to(self._device).float()])
        return means

    def _device_rows(self, batch: Batch) -> Batch:
        rows = batch.to(self._device)
        return rows.padded(BLOCK_LENGTH) if self._device.type == "cuda" else rows

    def plan(self, ahead: int) -> tuple[range, Noise | None]:
        """This process's rows, and their noise (None in stage one), so many steps after the next one."""
        settings, progress = self.settings, self.progress
        share = settings.batch // self._team.size
        first = progress.rows + ahead * settings.batch + self._team.rank * share
        numbers = range(first, first + share)
        step = settings.batch * settings.length
        plain_steps = math.ceil(max(0, settings.next_token_tokens - progress.tokens) / step)
        if ahead < plain_steps:
            return numbers, None
        seen = progress.canvas_stage_tokens + (ahead - plain_steps) * step
        return numbers, noise_at(seen, settings.noise_warmup_tokens, settings.rows.clipped)

    def _factor(self, stage: str) -> float:
        rate = LearningRate(self.settings.rate_warmup_tokens, self.progress.decay_start, self.progress.decay_tokens)
        risen = rate.factor(self.progress.tokens) * rate.rising(self.progress.tokens - self.progress.warm_start)
        return risen * (1.0 if stage == "next-token" else self.settings.canvas_rate)

    def _advance(self, stage: str, seconds: float) -> None:
        tokens = self.settings.batch * self.settings.length
        if not self.progress.stages or self.progress.stages[-1][0] != stage:
            self.progress.stages = [*self.progress.stages, (stage, self.progress.tokens)]
        self.progress.step += 1
        self.progress.rows += self.settings.batch
        self.progress.tokens += tokens
        self.progress.seconds += seconds
        if stage == "canvas":
            self.progress.canvas_stage_tokens += tokens
            numbers = range(self.progress.rows - self.settings.batch, self.progress.rows)
            self.progress.plain_rows += sum(
                is_plain(self.settings.seed, number, self.settings.rows.plain) for number in numbers
            )

    def evaluate(self, held: RowSource) -> Held:
        """Held-out losses of the averaged weights."""
        weights = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        totals = torch.zeros(4)
        noise = Noise(ceiling=1.0, weighted=False)
        # Not compiled: these few rows have lengths of their own.
        eager = torch.compiler.set_stance("force_eager") if self._device.type == "cuda" else nullcontext()
        with torch.no_grad(), eager:
            for name, parameter in self.model.named_parameters():
                parameter.copy_(self.optimiser.average[name])
            for first in range(0, EVALUATION_ROWS, 4):
                numbers = range(first, first + 4)
                plain = losses_of(self.model, self._device_rows(held.next_token_batch(numbers)))
                holes = losses_of(self.model, self._device_rows(held.canvas_batch(numbers, noise)))
                middle, blind = holes.middle, torch.zeros(())
                if self.settings.rows.kind == "fim":
                    without = self._device_rows(held.canvas_batch(numbers, noise, blind=True))
                    blind = losses_of(self.model, without).middle
                totals += torch.stack([t.float().cpu() for t in (plain.next_token, holes.canvas, middle, blind)])
            for name, parameter in self.model.named_parameters():
                parameter.copy_(weights[name])
        return Held(*(totals * 4 / EVALUATION_ROWS).tolist())

    def compile(self) -> None:
        """Has PyTorch's compiler fuse what lies between the layers' matrix products.

        On a CPU for rows of any length; on a GPU for each length, of which there are few (BLOCK_LENGTH).
        """
        self.model.compile_layers(dynamic=self._device.type != "cuda")

    def close(self) -> None:
        """Ends the processes that build rows."""
        self._supply.close()

    def checkpoint(self) -> Checkpoint:
        """The state to save."""
        return Checkpoint(self.settings, replace(self.progress), self.optimiser.state())

    def start_from(self, weights: Weights) -> None:
        """Begins with the weights of a checkpoint folder; the optimiser, and so the learning rate, starts again."""
        self.optimiser.start_from(weights.tensors)
        self.progress = replace(without_decay(weights.progress), warm_start=weights.progress.tokens)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Goes on from a checkpoint of the same shape."""
        self.optimiser.load(checkpoint.optimiser)
        self.progress = replace(checkpoint.progress)

    def branch_off(self, checkpoint: Checkpoint) -> None:
        """Begins a new run with a checkpoint and its optimiser. A decay of the learning rate ends with its run.

        To go on from decayed weights at the full rate: WSD-S (arXiv 2410.05192).
        """
        self.restore(checkpoint)
        self.progress = without_decay(checkpoint.progress)
