// ---- Infill ----------------------------------------------------------------------------------------------------

const SAMPLE = [
  `def read_lines(path):
    """Return the lines of a text file, without their line ends."""
    with open(path, encoding="utf-8") as file:
        return `,
  `


def count_words(lines):
    """Return how often each word occurs."""
    counts = {}
    for line in lines:
        for word in line.split():
            counts[word] = counts.get(word, 0) + 1
    return counts
`,
];
const PAUSE = 400; // milliseconds without a key before a suggestion is asked for

const code = $("code");
let ghost = ""; // the suggestion shown at the cursor
let ghostAt = null; // {before, after}: the text it was made for
let asking = null; // the AbortController of the suggestion being made
let timer = 0;
let tabLeaves = false;

const around = () => ({ before: code.value.slice(0, code.selectionStart), after: code.value.slice(code.selectionEnd) });

function draw() {
  const suggestion = document.createElement("span");
  suggestion.className = "ghost";
  suggestion.textContent = ghost;
  // The last line's newline needs something after it, or the layer is a line shorter than the text area.
  if (ghost) $("shown").replaceChildren(ghostAt.before, suggestion, `${ghostAt.after} `);
  else $("shown").textContent = `${code.value} `;
  // The text area scrolls as far as the layer, which a suggestion makes longer.
  const style = getComputedStyle(code), added = ghost.split("\n").length - 1;
  code.style.paddingBottom = `${parseFloat(style.paddingTop) + added * parseFloat(style.lineHeight)}px`;
  $("shown").style.transform = `translate(${-code.scrollLeft}px, ${-code.scrollTop}px)`;
  $("accept").disabled = !ghost;
}

/** Scrolls to the end of the suggestion, as far as its beginning stays in sight. */
function reveal() {
  const suggestion = $("shown").querySelector(".ghost");
  if (!suggestion) return;
  const { top, bottom } = suggestion.getBoundingClientRect(), editor = code.getBoundingClientRect(), edge = 16;
  const below = bottom - editor.bottom + edge, above = top - editor.top - edge;
  if (below > 0 && above > 0) code.scrollTop += Math.min(below, above);
}

function say(text, failed = false) {
  $("state").textContent = text;
  $("state").classList.toggle("failed", failed);
}

function dismiss() {
  clearTimeout(timer);
  if (asking) asking.abort();
  asking = null;
  ghost = "";
  ghostAt = null;
  draw();
}

async function suggest() {
  dismiss();
  if (code.selectionStart !== code.selectionEnd) return say("Put the cursor where something is missing.");
  const { before, after } = (ghostAt = around());
  const controller = (asking = new AbortController());
  const oneLine = document.querySelector("[name=lines]:checked").value === "one";
  const others = otherFiles();
  const body = { prompt: before, suffix: after, temperature: 0, max_tokens: oneLine ? 48 : 160, stop: oneLine ? ["\n"] : [], input_extra: others };
  say("Thinking…");
  try {
    const speed = await generate("v1/completions", body, controller.signal, (piece) => {
      if (asking !== controller) return;
      ghost += piece;
      draw();
      reveal();
    });
    if (asking !== controller) return;
    if (!ghost.trim()) ghost = "";
    draw();
    const beside = others.length ? ` · ${others.length} other ${others.length === 1 ? "file" : "files"} sent` : "";
    say((ghost ? speed : "Nothing to suggest here.") + beside);
  } catch (error) {
    if (asking === controller) say(error.message, true);
  }
  if (asking === controller) asking = null;
}

function insert(text) {
  code.focus();
  // The one way to change the text that leaves undo working; deprecated, and supported everywhere.
  if (!document.execCommand("insertText", false, text)) code.setRangeText(text, code.selectionStart, code.selectionEnd, "end");
}

function accept() {
  const text = ghost;
  dismiss();
  if (text) insert(text);
}

/** Where the user types what is suggested, the rest of the suggestion stays. */
function typedAlong() {
  if (!ghost || asking) return false;
  const { before, after } = around();
  const typed = before.slice(ghostAt.before.length);
  if (after !== ghostAt.after || !before.startsWith(ghostAt.before) || !ghost.startsWith(typed) || typed === ghost) return false;
  ghost = ghost.slice(typed.length);
  ghostAt = { before, after };
  draw();
  return true;
}

code.addEventListener("input", () => {
  if (typedAlong()) return;
  dismiss();
  say("");
  if ($("typing").checked) timer = setTimeout(suggest, PAUSE);
});

code.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.shiftKey && !tabLeaves) {
    event.preventDefault();
    if (ghost) accept();
    else insert("    ");
  } else if (event.key === "Escape") {
    tabLeaves = !ghost && !asking;
    dismiss();
    say(tabLeaves ? "Tab now leaves the editor." : "");
  } else if (event.key === " " && event.ctrlKey) {
    event.preventDefault();
    suggest();
  } else if (event.key !== "Tab") tabLeaves = false;
});
code.addEventListener("blur", () => (tabLeaves = false));
code.addEventListener("scroll", draw);
document.addEventListener("selectionchange", () => {
  if (document.activeElement !== code || !ghostAt) return;
  const { before, after } = around();
  // An input event follows where the text itself has changed: that one decides.
  if (code.value === ghostAt.before + ghostAt.after && (before !== ghostAt.before || after !== ghostAt.after)) {
    dismiss();
    say("");
  }
});
$("complete").addEventListener("click", suggest);
$("accept").addEventListener("click", accept);
$("reset").addEventListener("click", loadSample);
for (const choice of document.querySelectorAll("[name=lines]")) choice.addEventListener("change", suggest);

function loadSample() {
  openFile("sample.py", SAMPLE.join(""), SAMPLE[0].length);
  suggest();
}

function openEditor() {
  if (!files.length) loadSample();
  draw();
}
