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
const asked = [];
const meta = { n_params: 5e6, chat: true, infill: true, other_files: true, places: true };
const RIGHT = [[true, false], [false, true], [true, true], [false, true]];
const PLACES = RIGHT.map(([first_passed, second_passed], line) => ({
  name: `mine/src/a.py, line ${line}`, group: "lines", before: "def f(x):\n    ", after: "\n    return x\n",
  expected: "x += 1", first: "<b>x</b>", second: "x += 1", first_passed, second_passed }));
window.fetch = async (path, options) => {
  if (path === "v1/models") return new Response(JSON.stringify({ data: [{ id: "fake", max_model_len: 4096, meta }] }));
  if (path === "places") return new Response(JSON.stringify({
    released: "old", fitted: "new", total: 9, fitted_alone: 2, released_alone: 1, both: 1, places: PLACES }));
  asked.push(JSON.parse(options.body));
  if (path === "v1/completions") {
    const event = { choices: [{ text: "1", finish_reason: "stop" }] };
    return new Response(`data: ${JSON.stringify(event)}\n\ndata: [DONE]\n\n`);
  }
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

SIDES = r"""
  await openSides();
  show($("tab-sides"));
  const pick = (kind) => document.querySelector(`[name=which][value=${kind}]`).click();
  const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const found = { counted: $("counted").textContent, positions: [$("position").textContent] };
  for (const act of [() => press("ArrowLeft"), () => press("ArrowRight"), () => pick("fitted"), () => pick("all")]) {
    act();
    found.positions.push($("position").textContent);
  }
  found.stood = $("stood").textContent;
  found.wrote = [...document.querySelectorAll("#wrote pre, #wrote b")].map((part) => part.textContent);
  found.overflow = document.documentElement.scrollWidth - innerWidth;
  $("try").click();
  await new Promise((done) => setTimeout(done, 50));
  const tried = { code: code.value, cursor: code.selectionStart, asked: asked.at(-1), hidden: $("infill").hidden };
  return { ...found, ...tried };"""
FILES = r"""
  show($("tab-infill"));
  await openAll([new File(["one = 1\n"], "one.py"), new File(["two = 2\n"], "two.py"), new File(["\0"], "image.png")]);
  const refused = $("state").textContent;
  showFile(files[0]);
  code.value += "# mine";
  await suggest();
  const told = asked.at(-1).input_extra, state = $("state").textContent;
  showFile(files[1]);
  showFile(files[0]);
  const kept = code.value.endsWith("# mine");
  readsOtherFiles = false;
  drawFiles();
  await suggest();
  const alone = [asked.at(-1).input_extra, $("alone").hidden];
  closeFile(files[1]);
  closeFile(files[1]);
  const names = [...document.querySelectorAll("#open [title]")].map((name) => name.textContent);
  meta.places = false;
  await describe();
  return { refused, told, state, kept, alone, names, hidden: $("alone").hidden, noPlaces: $("tab-sides").hidden };"""

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


def test_places_are_walked_through_and_tried(client: httpx.Client, size: tuple[int, int], tmp_path: Path) -> None:
    found = measured(client.get("/").text, SIDES, size, tmp_path)
    assert found["counted"] == (
        "Of 9 held-out places: 2 filled exactly by the fitted model alone (new), 1 by the released one alone (old), "
        "1 by both. 4 of them are here, those where the models differ first."
    )
    assert found["positions"] == ["1 of 3", "3 of 3", "1 of 3", "1 of 2", "1 of 4"]
    assert found["stood"] == "def f(x):\n    x += 1\n    return x"
    assert found["wrote"] == ["✓ right", "    <b>x</b>", "✗ wrong", "    x += 1"], "markup is text"
    assert found["overflow"] <= 0
    assert (found["code"], found["cursor"]) == ("def f(x):\n    \n    return x\n", 14)
    assert (found["asked"]["prompt"], found["asked"]["suffix"]) == ("def f(x):\n    ", "\n    return x\n")
    assert not found["hidden"]


def test_other_open_files_are_sent_where_the_model_reads_them(client: httpx.Client, tmp_path: Path) -> None:
    found = measured(client.get("/").text, FILES, (1000, 700), tmp_path)
    assert found["refused"].endswith("image.png")
    assert [other["filename"] for other in found["told"]] == ["one.py", "two.py"]
    assert "2 other files sent" in found["state"]
    assert found["kept"], "what was written in a file stays there"
    assert found["alone"] == [[], False]
    assert (found["names"], found["hidden"]) == (["sample.py"], True)
    assert found["noPlaces"], "there is no tab for places where there are none"
