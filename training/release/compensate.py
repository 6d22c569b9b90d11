"""Rounds weights to Q4_1 so that what a layer gives changes little, not each weight by itself (GPTQ, arXiv 2210.17323).

A column of a matrix is rounded, and what that does to the layer's output is made up for by the columns that are not
rounded yet. How much each of them can do follows from the inputs that the layer sees on training rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from training.data.vocabulary import HOLE, SPECIAL_IDS
from training.model.decoder import Decoder
from training.model.precision import working_type
from training.rows.row_source import RowSource
from training.rows.schedule import Noise
from training.run.loss import losses_of

BLOCK = 32
"""Weights that share a scale and a minimum."""
LEVELS = 15
DAMPING = 0.01
"""Share of the mean of the diagonal that is added to it: inputs that are hardly ever there."""
ROWS, ROWS_AT_ONCE = 32, 4


LARGEST = 4.0
"""Times the median length of a token's inputs: longer ones count no more. The first tokens of a text have inputs a
thousand times as large (attention sinks, arXiv 2309.17453), beside which no other token would count."""
HOLE_WEIGHT = 10.0
"""Weight of the token that opens an answer: rare, and its first token depends on it alone."""


@torch.no_grad()
def compensated(model: Decoder, rows: RowSource) -> dict[str, np.ndarray]:
    """The MLPs' matrices as bytes of Q4_1 blocks, (out, bytes) uint8 by name, weighed by the inputs of ROWS rows."""
    inputs = _Inputs(model)
    model.to(working_type(torch.device("cpu")))
    for first in range(0, ROWS, ROWS_AT_ONCE):
        batch = rows.canvas_batch(range(first, first + ROWS_AT_ONCE), Noise(ceiling=1.0, weighted=False))
        inputs.weights = torch.where(batch.ids.flatten() == SPECIAL_IDS[HOLE], HOLE_WEIGHT, 1.0)
        losses_of(model, batch)
    inputs.close()
    model.float()
    packed: dict[str, np.ndarray] = {}
    for number, layer in enumerate(model.layers):
        mlp = layer.mlp
        # Both read the same input: rounded together, as the rows of one matrix.
        both = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight])
        gate, up = np.split(rounded_columns(both.float(), inputs.products[2 * number]), 2)
        down = rounded_columns(mlp.down_proj.weight.float(), inputs.products[2 * number + 1])
        for name, values in (("gate", gate), ("up", up), ("down", down)):
            packed[f"layers.{number}.mlp.{name}_proj.weight"] = values
    return packed


class _Inputs:
    """Sums of xᵀx over the inputs of each MLP and of each of its last matrices, (in, in), in turn."""

    def __init__(self, model: Decoder) -> None:
        self.products: list[Tensor] = []
        self.weights = torch.ones(1)
        self._hooks = [
            module.register_forward_pre_hook(self._adder(module.in_features))
            for layer in model.layers
            for module in (layer.mlp.gate_proj, layer.mlp.down_proj)
        ]

    def _adder(self, width: int) -> Callable[[nn.Module, tuple[Tensor]], None]:
        total = torch.zeros(width, width)
        self.products.append(total)

        def add(_: nn.Module, inputs: tuple[Tensor]) -> None:
            x = inputs[0].flatten(0, -2).float()
            lengths = x.norm(dim=1)
            scale = (LARGEST * lengths.median() / lengths.clamp_min(1e-12)).clamp_max(1.0)
            x = x * (scale * self.weights.sqrt())[:, None]
            total.add_(x.T @ x)

        return add

    def close(self) -> None:
        """Takes nothing in any more."""
        for hook in self._hooks:
            hook.remove()


def rounded_columns(weights: Tensor, product: Tensor) -> np.ndarray:
    """weights (out, in), product (in, in) the sum of xᵀx of their inputs → Q4_1 blocks, (out, bytes) uint8."""
    rest = weights.clone()
    count, width = rest.shape
    codes = torch.zeros(count, width, dtype=torch.uint8)
    scales = torch.zeros(count, width // BLOCK, dtype=torch.float16)
    least = torch.zeros_like(scales)
    reach = _reach(product)
    for first in range(0, width, BLOCK):
        end = first + BLOCK
        ahead = rest[:, first:end]
        least[:, first // BLOCK] = ahead.amin(1)
        scales[:, first // BLOCK] = (ahead.amax(1) - ahead.amin(1)) / LEVELS
        scale, low = scales[:, first // BLOCK].float(), least[:, first // BLOCK].float()
        errors = torch.zeros(count, BLOCK)
        for place in range(BLOCK):
            column = first + place
            code = ((ahead[:, place] - low) / scale.clamp_min(1e-12)).round().clamp(0, LEVELS)
            codes[:, column] = code.to(torch.uint8)
            errors[:, place] = (ahead[:, place] - (code * scale + low)) / reach[column, column]
            ahead[:, place + 1 :] -= errors[:, place, None] * reach[column, None, column + 1 : end]
        rest[:, end:] -= errors @ reach[first:end, end:]
    return _blocks(codes.numpy(), scales.numpy(), least.numpy())


def _reach(product: Tensor) -> Tensor:
    """The upper Cholesky factor of the inverse: row i says how the columns behind i make up for an error in i."""
    damped = product.double() + DAMPING * product.diagonal().mean().double() * torch.eye(len(product)).double()
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    return torch.linalg.cholesky(inverse, upper=True).float()


def _blocks(codes: np.ndarray, scales: np.ndarray, least: np.ndarray) -> np.ndarray:
    """The bytes of GGML's Q4_1: scale, minimum, and the codes of both halves of a block in the halves of its bytes."""
    count, width = codes.shape
    halves = codes.reshape(count, width // BLOCK, 2, BLOCK // 2)
    pairs = halves[:, :, 0] | (halves[:, :, 1] << 4)
    parts = [values[..., None].view(np.uint8) for values in (scales, least)]
    return np.concatenate([*parts, pairs], axis=-1).reshape(count, -1)
