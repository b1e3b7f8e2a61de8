// ---- Open files ------------------------------------------------------------------------------------------------

const LARGEST = 1e6; // bytes of a file that is opened
const MOST_SENT = 8, LONGEST_SENT = 100e3; // other files, and characters of each: a model reads a part of that

let files = []; // {name, text, cursor}
let shownFile = null; // the one in the editor
let recent = []; // the open files in the order in which they were shown, the newest last
let readsOtherFiles = false; // whether the model knows a layout for them

/** What goes with a question: the files that are not shown, the newest last. */
function otherFiles() {
  if (!readsOtherFiles) return [];
  const sample = SAMPLE.join(""); // as it is, it is nobody's code
  const others = recent.filter((file) => file !== shownFile && file.text.trim() && file.text !== sample).slice(-MOST_SENT);
  return others.map((file) => ({ filename: file.name, text: file.text.slice(0, LONGEST_SENT) }));
}

/** Opens a file, in the place of one of the same name, with the cursor at `cursor`. */
function openFile(name, text, cursor) {
  const same = files.find((file) => file.name === name);
  if (same === shownFile) shownFile = null; // what the editor holds is not kept
  const file = Object.assign(same || { name }, { text, cursor });
  if (!same) files.push(file);
  showFile(file);
  code.scrollTop = Math.max(0, (text.slice(0, cursor).split("\n").length - 8) * parseFloat(getComputedStyle(code).lineHeight));
  draw();
}

function showFile(file) {
  dismiss();
  say("");
  keepShown();
  shownFile = file;
  recent = [...recent.filter((other) => other !== file), file];
  code.value = file.text;
  code.setSelectionRange(file.cursor, file.cursor);
  code.scrollTo(0, 0);
  if (matchMedia("(pointer: fine)").matches) code.focus({ preventScroll: true });
  drawFiles();
  draw();
}

function keepShown() {
  if (shownFile) Object.assign(shownFile, { text: code.value, cursor: code.selectionStart });
}

function closeFile(file) {
  keepShown();
  files = files.filter((other) => other !== file);
  recent = recent.filter((other) => other !== file);
  if (file !== shownFile) return drawFiles();
  shownFile = null;
  showFile(recent[recent.length - 1]);
}

function drawFiles() {
  $("open").replaceChildren(...files.map((file) => {
    const item = document.createElement("li"), name = document.createElement("button"), close = document.createElement("button");
    name.type = close.type = "button";
    name.textContent = file.name.split("/").pop();
    name.title = file.name;
    if (file === shownFile) name.setAttribute("aria-current", "true");
    name.addEventListener("click", () => showFile(file));
    close.textContent = "×";
    close.setAttribute("aria-label", `Close ${file.name}`);
    close.addEventListener("click", () => closeFile(file));
    item.append(name, ...(files.length > 1 ? [close] : []));
    return item;
  }));
  $("alone").hidden = readsOtherFiles || files.length < 2;
}

/** Opens what the user has chosen, or put into the editor from the clipboard. */
async function openAll(chosen) {
  const refused = [];
  for (const file of chosen) {
    const text = file.size > LARGEST ? "\0" : await file.text();
    if (text.includes("\0")) refused.push(file.name);
    else openFile(file.name, text.replaceAll("\r\n", "\n"), 0);
  }
  if (refused.length) say(`Not opened, for they are no text or larger than 1 MB: ${refused.join(", ")}`, true);
}

$("pick").addEventListener("click", () => $("picked").click());
$("picked").addEventListener("change", async () => {
  await openAll([...$("picked").files]);
  $("picked").value = ""; // so that the same file can be opened again
});
$("fresh").addEventListener("click", () => {
  let number = 1;
  while (files.some((file) => file.name === `untitled-${number}.py`)) number += 1;
  openFile(`untitled-${number}.py`, "", 0);
  say("Write here, or paste a file.");
});
code.addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  openAll([...event.clipboardData.files]);
});
