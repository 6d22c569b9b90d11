"""Muon for matrices, AdamW for embeddings and norms, over fp32 copies of bf16 weights; or AdamW for everything.

Muon beats AdamW clearly per token at these sizes, from random weights. Weights that AdamW has trained go on with
AdamW: Muon hurts them (arXiv 2605.10468). The forward and backward passes run on bf16 weights (12 % faster than casting
in every step); the small updates would be lost in bf16, so they go to fp32 masters.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from training.data.vocabulary import SPECIAL_TOKENS
from training.model.decoder import Decoder

MUON_RATE = 0.02
ADAM_RATE = 2e-3
MUON_DECAY = 0.01
CLIP = 1.0
Recipe = Literal["muon", "adamw"]
# A converted model: matrices and norms; the base's embedding, slow, so that what it means stays; our own tokens, fast.
CONVERSION_RATE = 3e-4
EMBEDDING_RATE = 3e-5
NEW_ROWS_RATE = 1e-3
CONVERSION_DECAY = 0.01
AVERAGED_STEPS = 20


class MasterOptimiser:
    """Updates a model's weights through fp32 masters, and keeps a running average of the masters.

    The average (exponential, over some 500 steps in a long run) stands in for a learning-rate decay, so that a
    checkpoint taken in the middle of the plateau is worth exporting.
    """

    def __init__(self, model: Decoder, recipe: Recipe = "muon", average_rate: float = 0.002) -> None:
        self._parameters = dict(model.named_parameters())
        self.masters = {name: p.detach().float().clone() for name, p in self._parameters.items()}
        self.average = {name: master.clone() for name, master in self.masters.items()}
        self._average_rate = average_rate
        self._steps = 0
        # The embedding's name, its new rows and its base's rows, where these are trained at rates of their own.
        self._split: tuple[str, Tensor, Tensor] | None = None
        if recipe == "adamw":
            self._optimisers = {"adam": self._adamw()}
            self._clipped = list(self.masters.values())
        else:
            matrices = [m for name, m in self.masters.items() if m.dim() == 2 and "embed" not in name]
            self._clipped = [m for name, m in self.masters.items() if m.dim() != 2 or "embed" in name]
            muon = torch.optim.Muon(matrices, lr=MUON_RATE, weight_decay=MUON_DECAY, momentum=0.95)
            adam = torch.optim.AdamW(self._clipped, lr=ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
            self._optimisers = {"muon": muon, "adam": adam}
        self._rates = {
            name: [group["lr"] for group in optimiser.param_groups] for name, optimiser in self._optimisers.items()
        }

    def _adamw(self) -> torch.optim.AdamW:
        embedding = next(name for name in self.masters if "embed" in name)
        table = self.masters[embedding]
        # Views: what is written to them is written to the table.
        new_rows, base_rows = table[: len(SPECIAL_TOKENS)], table[len(SPECIAL_TOKENS) :]
        self._split = (embedding, new_rows, base_rows)
        rest = [master for name, master in self.masters.items() if name != embedding]
        groups = [
            {"params": rest, "lr": CONVERSION_RATE},
            {"params": [base_rows], "lr": EMBEDDING_RATE},
            {"params": [new_rows], "lr": NEW_ROWS_RATE},
        ]
        return torch.optim.AdamW(groups, betas=(0.9, 0.95), weight_decay=CONVERSION_DECAY, fused=True)

    def gradient(self, extra: Tensor) -> Tensor:
        """All gradients and `extra` (k,) as one fp32 vector, for one all-reduce."""
        flat = [p.grad.detach().float().reshape(-1) for p in self._parameters.values() if p.grad is not None]
        return torch.cat([*flat, extra])

    def step(self, gradient: Tensor, factor: float) -> None:
        """Applies a vector made by `gradient` at `factor` times the peak rate."""
        place = 0
        for name, master in self.masters.items():
            master.grad = gradient[place : place + master.numel()].view_as(master)
            place += master.numel()
            self._parameters[name].grad = None
        torch.nn.utils.clip_grad_norm_(self._clipped, CLIP)
        if self._split is not None:
            embedding, new_rows, base_rows = self._split
            grad = self.masters[embedding].grad
            assert grad is not None
            new_rows.grad, base_rows.grad = grad[: len(new_rows)], grad[len(new_rows) :]
        for name, optimiser in self._optimisers.items():
            for group, rate in zip(optimiser.param_groups, self._rates[name], strict=True):
                group["lr"] = rate * factor
            optimiser.step()
        if self._split is not None:
            for rows in self._split[1:]:
                rows.grad = None
        self._steps += 1
        # Over the last twentieth of the run at most: while the weights still move fast, an older average lags.
        share = max(self._average_rate, AVERAGED_STEPS / (self._steps + AVERAGED_STEPS))
        with torch.no_grad():
            for name, master in self.masters.items():
                master.grad = None
                self._parameters[name].copy_(master)
                self.average[name].lerp_(master, share)

    def state(self) -> dict[str, Any]:
        """Everything that a resumed run needs."""
        return {
            "masters": self.masters,
            "average": self.average,
            "steps": self._steps,
            **{name: optimiser.state_dict() for name, optimiser in self._optimisers.items()},
        }

    def start_from(self, tensors: dict[str, Tensor]) -> None:
        """Takes weights, by the parameters' names, as masters and as their average; the moments stay empty."""
        with torch.no_grad():
            for name, master in self.masters.items():
                master.copy_(tensors[name])
                self.average[name].copy_(master)
                self._parameters[name].copy_(master)

    def load(self, state: dict[str, Any]) -> None:
        """Takes back what `state` gave, and sets the model's weights."""
        with torch.no_grad():
            for name, master in self.masters.items():
                master.copy_(state["masters"][name])
                self.average[name].copy_(state["average"][name])
                self._parameters[name].copy_(master)
        self._steps = state["steps"]
        for name, optimiser in self._optimisers.items():
            optimiser.load_state_dict(state[name])
