"""The type that weights and activations have while they are trained; the optimiser's own copy is always fp32."""

from __future__ import annotations

from collections.abc import Mapping

import torch

HARDWARE = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""Names of PyTorch's for instructions that multiply bf16. Without them each product takes several times fp32's time."""


def multiplies_bfloat16(capabilities: Mapping[str, object]) -> bool:
    """Whether a processor of these `torch.cpu.get_capabilities()` multiplies bf16 in hardware."""
    return any(capabilities.get(name) for name in HARDWARE)


def working_type(device: torch.device) -> torch.dtype:
    """The fastest type on the device: bf16, but fp32 on processors without instructions for bf16."""
    if device.type != "cpu" or multiplies_bfloat16(torch.cpu.get_capabilities()):
        return torch.bfloat16
    return torch.float32
