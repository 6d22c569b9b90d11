"""The adapter's weights, and how they act on a frozen base: on tokens that are masks, and on no others.

A low-rank adapter (LoRA, arXiv 2106.09685) with a gate by token (arXiv 2507.11851). It hangs on the base by hooks, so
that the base's modules stay what they are: with the gate shut they compute what they always did, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from training.model.decoder import Decoder

PROJECTIONS = {
    **{name: f"self_attn.{name}_proj" for name in "qkvo"},
    **{name: f"mlp.{name}_proj" for name in ("gate", "up", "down")},
}
"""What may be adapted: short names, and the modules of a layer."""
MASK_EMBEDDING = "mask_embedding"


class Adapter:
    """For each adapted projection A (rank, in) and B (out, rank), and the masks' embedding (hidden,); all in fp32.

    `weights` has them by their names in the file. A projection of a mask x gives W x + b + scale · B(A x).
    """

    def __init__(self, model: Decoder, rank: int, scale: float, projections: tuple[str, ...], seed: int) -> None:
        self._model = model
        self._scale = scale
        self._masks: Tensor | None = None
        device = model.embed_tokens.weight.device
        # On the CPU, so that every device begins with the same weights.
        generator = torch.Generator().manual_seed(seed)
        self.weights: dict[str, Tensor] = {
            # Where an embedding is nearest to all others: what a mask means is what the layers make of it.
            MASK_EMBEDDING: model.embed_tokens.weight.float().mean(0)
        }
        model.embed_tokens.register_forward_hook(self._embed)
        for number, layer in enumerate(model.layers):
            for short in projections:
                module = layer.get_submodule(PROJECTIONS[short])
                assert isinstance(module, nn.Linear)
                name = f"model.layers.{number}.{PROJECTIONS[short]}"
                wide, narrow = module.out_features, module.in_features
                first = torch.randn(rank, narrow, generator=generator) * narrow**-0.5
                self.weights[f"{name}.lora_A.weight"] = first.to(device)
                # Zero, so that the adapter begins as nothing at all.
                self.weights[f"{name}.lora_B.weight"] = torch.zeros(wide, rank, device=device)
                module.register_forward_hook(partial(self._project, name))
        for weight in self.weights.values():
            weight.requires_grad_()

    @contextmanager
    def on(self, masks: Tensor) -> Iterator[None]:
        """Opens the gate for the tokens that are masks, (batch, length) bool, in what the base computes meanwhile."""
        self._masks = masks[..., None]
        try:
            yield
        finally:
            self._masks = None

    def load(self, weights: dict[str, Tensor]) -> None:
        """Takes weights of the same names and shapes; raises KeyError or RuntimeError where they differ."""
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(weights[name])

    def _embed(self, _: nn.Module, __: tuple[Tensor], output: Tensor) -> Tensor:
        if self._masks is None:
            return output
        return torch.where(self._masks, self.weights[MASK_EMBEDDING].to(output.dtype), output)

    def _project(self, name: str, _: nn.Module, given: tuple[Tensor], output: Tensor) -> Tensor:
        if self._masks is None:
            return output
        (x,) = given
        first, second = (self.weights[f"{name}.lora_{letter}.weight"].to(x.dtype) for letter in "AB")
        return torch.where(self._masks, output + self._scale * (x @ first.T @ second.T), output)
