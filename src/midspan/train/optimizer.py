"""AdamW as the recipe sets it."""

from __future__ import annotations

import torch

from midspan import recipe
from midspan.model import Decoder


def make_optimizer(decoder: Decoder, settings: recipe.Optimizer) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019); weight decay on matrices only, as norms and biases are not what it is for."""
    trained = [parameter for parameter in decoder.parameters() if parameter.requires_grad]
    groups = [
        {"params": [one for one in trained if one.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [one for one in trained if one.ndim < 2], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    betas = (settings.beta1, settings.beta2)
    return torch.optim.AdamW(groups, lr=0.0, betas=betas, eps=settings.epsilon, fused=True)
