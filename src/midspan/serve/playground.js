"use strict";

const $ = (id) => document.getElementById(id);
const SMALL = 100e6; // parameters; below this the page says what to expect

// ---- The server ------------------------------------------------------------------------------------------------

/** The events of a streamed answer, parsed. Throws with the server's own words; aborting ends the work there. */
async function* stream(path, body, signal) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  });
  if (!response.ok) throw new Error(await reason(response));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The server ended the answer early.");
    const parts = (held + value).split("\n\n");
    held = parts.pop();
    for (const part of parts) {
      const data = part.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new Error(event.error.message);
      yield event;
    }
  }
}

async function reason(response) {
  try {
    return (await response.json()).error.message;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

/** Runs one generation, handing each piece of text to `onText`; resolves to the line that says how fast it was. */
async function generate(path, body, signal, onText) {
  const started = performance.now();
  let first = 0, pieces = 0, tokens = 0;
  const speed = (ending) => {
    const count = tokens || pieces;
    if (!count) return ending;
    const rate = Math.round((1000 * count) / (performance.now() - started)); // what the user waited for, prompt included
    const wait = Math.round(first - started);
    return `${count} ${count === 1 ? "token" : "tokens"} · ${rate} tokens/s · first after ${wait} ms${ending && ` · ${ending}`}`;
  };
  let ending = "";
  try {
    for await (const event of stream(path, body, signal)) {
      if (event.usage) tokens = event.usage.completion_tokens;
      const choice = event.choices[0];
      if (!choice) continue;
      if (choice.finish_reason === "length") ending = "cut at the length limit";
      const text = choice.delta ? choice.delta.content : choice.text;
      if (choice.delta && choice.delta.role) continue;
      first ||= performance.now();
      if (text) {
        pieces += 1;
        onText(text);
      }
    }
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    ending = "stopped";
  }
  return speed(ending);
}

// ---- Tabs and the model ----------------------------------------------------------------------------------------

const tabs = [$("tab-chat"), $("tab-infill")];

function show(tab) {
  for (const other of tabs) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
  history.replaceState(null, "", `#${tab.getAttribute("aria-controls")}`);
  if (tab.id === "tab-infill") openEditor();
}

for (const tab of tabs) {
  tab.addEventListener("click", () => show(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    show(next);
    next.focus();
  });
}

const large = (number) =>
  number >= 1e9 ? `${(number / 1e9).toFixed(1)} billion` : number >= 1e6 ? `${(number / 1e6).toFixed(1)} million` : number.toLocaleString("en");

async function describe() {
  try {
    const model = (await (await fetch("v1/models")).json()).data[0];
    const size = model.meta.n_params;
    document.title = `${model.id} · Midspan`;
    const name = document.createElement("b");
    name.textContent = model.id;
    $("facts").replaceChildren(name, ` · ${large(size)} parameters · context ${model.max_model_len.toLocaleString("en")}`);
    $("longest").max = model.max_model_len;
    $("longest").value = Math.min(256, Math.floor(model.max_model_len / 4));
    if (size < SMALL) {
      $("honest").textContent =
        `This is a very small model: ${large(size)} parameters, where useful assistants have billions. ` +
        "It knows a few simple things. Expect it to be wrong often.";
      $("honest").hidden = false;
    }
    if (!model.meta.chat) disable($("tab-chat"), "This model has no chat format");
    if (!model.meta.infill) disable($("tab-infill"), "This model has no fill-in-the-middle tokens");
  } catch {
    $("facts").textContent = "The server does not answer. Is it still running?";
    $("facts").className = "failed";
  }
  const wanted = tabs.find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash && !tab.disabled);
  const usable = tabs.find((tab) => !tab.disabled);
  if (wanted || usable) show(wanted || usable);
}

function disable(tab, why) {
  tab.disabled = true;
  tab.title = why;
}

// ---- Chat ------------------------------------------------------------------------------------------------------

let messages = [];
let answering = null; // the AbortController of the answer being written

/** Text with fenced blocks and `inline code`; everything is put in as text, never as markup. */
function render(target, text) {
  target.replaceChildren();
  text.split(/^```[^\n]*\n?/m).forEach((part, index) => {
    if (index % 2) target.append(codeBlock(part.replace(/\n$/, "")));
    else if (part.trim()) target.append(paragraph(part.trim()));
  });
}

function codeBlock(code) {
  const block = document.createElement("div"), pre = document.createElement("pre"), copy = document.createElement("button");
  block.className = "block";
  pre.textContent = code;
  pre.tabIndex = 0; // so that the keyboard can scroll it
  copy.type = "button";
  copy.textContent = "Copy";
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code);
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 1500);
  });
  block.append(pre, copy);
  return block;
}

function paragraph(text) {
  const element = document.createElement("p");
  text.split("`").forEach((part, index, parts) => {
    if (index % 2 === 0 || index === parts.length - 1 || !part) return element.append(index % 2 ? "`" + part : part);
    const code = document.createElement("code");
    code.textContent = part;
    element.append(code);
  });
  return element;
}

function addTurn(role) {
  const turn = document.createElement("li");
  turn.className = role;
  $("turns").append(turn);
  $("examples").hidden = true;
  return turn;
}

/** Makes a change to the conversation; a reader who is at its end stays there. */
function following(change) {
  const turns = $("turns"), atEnd = turns.scrollHeight - turns.scrollTop - turns.clientHeight < 80;
  change();
  if (atEnd) turns.scrollTop = turns.scrollHeight;
}

async function ask(question) {
  messages.push({ role: "user", content: question });
  addTurn("user").textContent = question;
  const turn = addTurn("assistant"), answer = document.createElement("div"), meta = document.createElement("p");
  answer.className = "answer waiting";
  meta.className = "meta";
  turn.append(answer, meta);
  $("turns").scrollTop = $("turns").scrollHeight;
  const controller = (answering = new AbortController());
  $("send").textContent = "Stop";
  let text = "";
  const body = { messages, temperature: Number($("temperature").value) || 0, max_tokens: Number($("longest").value) || 256 };
  try {
    const speed = await generate("v1/chat/completions", body, controller.signal, (piece) => {
      text += piece;
      following(() => render(answer, text));
    });
    following(() => (meta.textContent = speed));
  } catch (error) {
    following(() => (meta.textContent = error.message));
    meta.classList.add("failed");
  }
  answer.classList.remove("waiting");
  if (answering !== controller) return; // cleared meanwhile
  if (text) messages.push({ role: "assistant", content: text });
  else {
    messages.pop(); // a question without an answer would confuse the next one
    answer.textContent = "(no answer)";
  }
  answering = null;
  $("send").textContent = "Send";
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (answering) return answering.abort();
  const question = $("question").value.trim();
  if (!question) return;
  $("question").value = "";
  fitQuestion();
  ask(question);
});

$("question").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (!answering) $("composer").requestSubmit();
});

function fitQuestion() {
  following(() => {
    $("question").style.height = "auto";
    $("question").style.height = `${$("question").scrollHeight}px`;
  });
}
$("question").addEventListener("input", fitQuestion);

for (const example of document.querySelectorAll("#examples button")) {
  example.addEventListener("click", () => ask(example.textContent));
}

$("clear").addEventListener("click", () => {
  if (answering) answering.abort();
  answering = null;
  messages = [];
  $("turns").replaceChildren();
  $("examples").hidden = false;
  $("send").textContent = "Send";
  $("question").focus();
});

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
  const body = { prompt: before, suffix: after, temperature: 0, max_tokens: oneLine ? 48 : 160, stop: oneLine ? ["\n"] : [] };
  say("Thinking…");
  try {
    const speed = await generate("v1/completions", body, controller.signal, (piece) => {
      if (asking !== controller) return;
      ghost += piece;
      draw();
      reveal();
    });
    if (asking !== controller) return;
    // What the line already holds behind the cursor is not said again.
    const rest = after.split("\n", 1)[0];
    if (rest.trim() && ghost.endsWith(rest)) ghost = ghost.slice(0, -rest.length);
    if (!ghost.trim()) ghost = "";
    draw();
    say(ghost ? speed : "Nothing to suggest here.");
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
  dismiss();
  say("");
  code.value = SAMPLE.join("");
  code.setSelectionRange(SAMPLE[0].length, SAMPLE[0].length);
  code.scrollTo(0, 0);
  if (matchMedia("(pointer: fine)").matches) code.focus({ preventScroll: true });
  suggest();
}

function openEditor() {
  if (!code.value) loadSample();
  draw();
}

describe();
