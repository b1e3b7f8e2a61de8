"""The chunked log-probability routine equals the plain one, forward and backward."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from midspan.train import logprobs
from midspan.train.logprobs import token_logprobs


@pytest.mark.parametrize("step", [1, 8])
@pytest.mark.parametrize("elements", [1, 7 * 33, 50 * 33, 10**6])
def test_values_and_gradients_equal_cross_entropy_in_double_precision(
    elements: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a word at a time, over seven at a time (the last part is shorter), to all at once; 33 tokens, or 40."""
    monkeypatch.setitem(logprobs.CHUNK_ELEMENTS, "cpu", elements)
    monkeypatch.setitem(logprobs.TOKEN_STEP, "cpu", step)
    torch.manual_seed(0)
    hidden, head = torch.randn(33, 16, dtype=torch.double), torch.randn(50, 16, dtype=torch.double)
    targets, weights = torch.randint(0, 50, (33,)), torch.rand(33)
    results = []
    for ours in (True, False):
        inputs = hidden.clone().requires_grad_(), head.clone().requires_grad_()
        if ours:
            found = token_logprobs(inputs[0].float(), inputs[1].float(), targets, torch.float32)
        else:
            found = -F.cross_entropy(inputs[0] @ inputs[1].T, targets, reduction="none").float()
        (found * weights).sum().backward()
        results.append((found, inputs[0].grad, inputs[1].grad))
    for ours_value, expected in zip(*results, strict=True):
        torch.testing.assert_close(ours_value, expected, atol=1e-5, rtol=1e-4)


def test_the_gradient_is_the_numerical_one() -> None:
    torch.manual_seed(1)
    hidden, head = torch.randn(3, 4), torch.randn(6, 4)
    targets = torch.tensor([0, 5, 2])
    hidden.requires_grad_()
    token_logprobs(hidden, head, targets, torch.float32).sum().backward()
    assert hidden.grad is not None
    step = 1e-2
    for row in range(3):
        for column in range(4):
            moved = [hidden.detach().clone() for _ in range(2)]
            moved[0][row, column] += step
            moved[1][row, column] -= step
            up, down = (token_logprobs(h, head, targets, torch.float32).sum() for h in moved)
            assert abs((up - down) / (2 * step) - hidden.grad[row, column]) < 2e-2


def test_no_token_gives_no_logprob_and_a_zero_gradient() -> None:
    hidden, head = torch.zeros(0, 4, requires_grad=True), torch.randn(6, 4, requires_grad=True)
    found = token_logprobs(hidden, head, torch.zeros(0, dtype=torch.long), torch.float32)
    found.sum().backward()
    assert found.shape == (0,)
    assert head.grad is not None
    assert (head.grad == 0).all()
