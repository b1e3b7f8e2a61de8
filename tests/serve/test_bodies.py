"""What real clients send is answered, or refused in words that name the field; never a failure, never half honoured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

ROWS = [json.loads(line) for line in (Path(__file__).parent / "bodies.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_a_body_is_answered_or_refused_by_name(client: httpx.Client, row: dict[str, Any]) -> None:
    response = client.post(row["path"], json=row["body"])
    assert response.status_code == row["status"], response.text
    if row["status"] == 400:
        error = response.json()["error"]
        assert error["type"] == "invalid_request_error"
        assert error["param"] == row["names"]
        assert "\n" not in error["message"]
        assert row["names"] is None or error["message"].startswith(row["names"])
        if "both counts" in row["name"]:
            assert error["n_prompt_tokens"] > error["n_ctx"] == 256
    elif row["body"].get("stream"):
        assert '"error"' not in response.text
        assert response.text.startswith("data: {")
