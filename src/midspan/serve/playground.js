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

const tabs = [$("tab-chat"), $("tab-infill"), $("tab-sides")];
const usable = () => tabs.filter((tab) => !tab.disabled && !tab.hidden);

function show(tab) {
  for (const other of tabs) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
  history.replaceState(null, "", `#${tab.getAttribute("aria-controls")}`);
  if (tab.id === "tab-infill") openEditor();
  if (tab.id === "tab-sides") openSides();
}

for (const tab of tabs) {
  tab.addEventListener("click", () => show(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const others = usable(), next = others[(others.indexOf(tab) + step + others.length) % others.length];
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
    readsOtherFiles = model.meta.other_files;
    $("tab-sides").hidden = !model.meta.places;
  } catch {
    $("facts").textContent = "The server does not answer. Is it still running?";
    $("facts").className = "failed";
  }
  const wanted = usable().find((tab) => `#${tab.getAttribute("aria-controls")}` === location.hash);
  const first = wanted || usable()[0];
  if (first) show(first);
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
