"""The playground in a browser: what was said last, and what is suggested, can be seen. Skipped where there is none."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# The page asks this instead of a server: one model, and answers of many lines.
FAKE = r"""<script>
window.fetch = async (path) => {
  if (path === "v1/models") return new Response(JSON.stringify({
    data: [{ id: "fake", max_model_len: 4096, meta: { n_params: 5e6, chat: true, infill: true } }] }));
  const said = Array.from({ length: 15 }, (_, line) => ({ delta: { content: `line ${line}\n\n` } }));
  const events = said.map((choice) => `data: ${JSON.stringify({ choices: [choice] })}\n\n`);
  return new Response(events.join("") + "data: [DONE]\n\n");
};
</script>"""
CHAT = r"""
  for (const number of [1, 2, 3]) await ask(`question ${number}`);
  const last = $("turns").lastElementChild.getBoundingClientRect(), box = $("composer").getBoundingClientRect();
  return { last: last.bottom, box: box.top, boxEnds: box.bottom, high: innerHeight, lastHigh: last.height };"""
INFILL = r"""
  show($("tab-infill"));
  dismiss();
  code.value = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
  code.setSelectionRange(code.value.length, code.value.length);
  code.scrollTop = 1e6;
  ghostAt = around();
  ghost = "\nsuggested".repeat(6);
  draw();
  reveal();
  await new Promise((done) => setTimeout(done, 50));
  const seen = document.querySelector(".ghost").getBoundingClientRect(), editor = $("editor").getBoundingClientRect();
  return { seen: [seen.top, seen.bottom], editor: [editor.top, editor.bottom] };"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")


@pytest.fixture(params=[(1000, 700), (420, 640)], ids=["wide", "narrow"])
def size(request: pytest.FixtureRequest) -> Any:
    return request.param


def measured(page: str, script: str, size: tuple[int, int], folder: Path) -> Any:
    """What `script` returns in the page, in a window of that size."""
    run = f"<script>(async () => {{{script}}})().then((found) => (document.body.dataset.found = JSON.stringify(found)))"
    place = folder / "page.html"
    place.write_text(page.replace("<head>", "<head>" + FAKE).replace("</body>", run + "</script></body>"), "utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", f"--user-data-dir={folder}"]
    window = f"--window-size={size[0]},{size[1]}"
    program = [str(CHROMIUM), *options, window, "--dump-dom", place.as_uri()]
    shown = subprocess.run(program, capture_output=True, text=True, timeout=60).stdout
    found = re.search(r'data-found="([^"]*)"', shown)
    assert found, shown[-2000:]
    return json.loads(html.unescape(found[1]))


def test_the_last_turn_is_above_the_input_box(client: httpx.Client, size: tuple[int, int], tmp_path: Path) -> None:
    found = measured(client.get("/").text, CHAT, size, tmp_path)
    assert found["lastHigh"] > 300, "the answer is long"
    assert found["last"] <= found["box"]
    assert found["boxEnds"] <= found["high"]


def test_a_suggestion_at_the_lower_edge_is_seen(client: httpx.Client, size: tuple[int, int], tmp_path: Path) -> None:
    found = measured(client.get("/").text, INFILL, size, tmp_path)
    assert found["editor"][0] <= found["seen"][0]
    assert found["seen"][1] <= found["editor"][1]
