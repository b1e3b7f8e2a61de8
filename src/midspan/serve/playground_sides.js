// ---- Before and after ------------------------------------------------------------------------------------------

const BEFORE_LINES = 8, AFTER_LINES = 4; // around a gap
const KINDS = {
  differing: (place) => place.first_passed !== place.second_passed,
  fitted: (place) => place.second_passed && !place.first_passed,
  released: (place) => place.first_passed && !place.second_passed,
  all: () => true,
};

let sides = null; // what the server has said
let chosen = []; // the places of the kind that is looked at
let at = 0;

/** Asks for the places when they are first wanted. */
async function openSides() {
  if (sides) return;
  try {
    const response = await fetch("places");
    if (!response.ok) throw new Error(await reason(response));
    sides = await response.json();
  } catch (error) {
    $("counted").textContent = error.message;
    $("counted").classList.add("failed");
    $("walk").hidden = true;
    return;
  }
  const kept = sides.places.length < sides.total ? ` ${sides.places.length} of them are here, those where the models differ first.` : "";
  $("counted").textContent =
    `Of ${sides.total} held-out places: ${sides.fitted_alone} filled exactly by the fitted model alone (${sides.fitted}), ` +
    `${sides.released_alone} by the released one alone (${sides.released}), ${sides.both} by both.${kept}`;
  choose();
}

function choose() {
  chosen = sides.places.filter(KINDS[document.querySelector("[name=which]:checked").value]);
  at = 0;
  drawPlace();
}

function step(by) {
  if (!chosen.length) return;
  at = (at + by + chosen.length) % chosen.length;
  drawPlace();
}

function drawPlace() {
  const place = chosen[at];
  $("place").hidden = !place;
  $("previous").disabled = $("next").disabled = chosen.length < 2;
  $("position").textContent = place ? `${at + 1} of ${chosen.length}` : "no such place";
  if (!place) return;
  $("where").replaceChildren(place.name, Object.assign(document.createElement("span"), { textContent: place.group }));
  const before = place.before.split("\n").slice(-BEFORE_LINES).join("\n").replace(/^\n+/, "");
  const after = place.after.split("\n").slice(0, AFTER_LINES).join("\n").trimEnd();
  const strip = indentation(before + place.expected + after), begins = !before || before.endsWith("\n");
  const line = strip(before, true).split("\n").pop(), rest = after.split("\n", 1)[0];
  $("stood").replaceChildren(strip(before, true), gap(strip(place.expected, begins)), strip(after));
  $("wrote").replaceChildren(
    answer("Released", sides.released, place.first_passed, line, strip(place.first, begins), rest),
    answer("Fitted", sides.fitted, place.second_passed, line, strip(place.second, begins), rest),
  );
  for (const pre of document.querySelectorAll("#place pre")) pre.tabIndex = 0; // so that the keyboard can scroll it
}

/** What takes the indentation that all lines of `text` share from the lines of a part of it. */
function indentation(text) {
  const widths = text.split("\n").filter((line) => line.trim()).map((line) => line.search(/\S/));
  const blanks = `[ \\t]{0,${Math.min(...widths)}}`;
  return (part, begins = false) => part.replace(new RegExp(`${begins ? "(^|\\n)" : "(\\n)"}${blanks}`, "g"), "$1");
}

function gap(text) {
  const element = document.createElement("mark");
  element.textContent = text;
  return element;
}

/** What one model wrote, within the line that it belongs to. */
function answer(side, model, right, line, text, rest) {
  const block = document.createElement("figure"), title = document.createElement("figcaption"), pre = document.createElement("pre");
  const verdict = document.createElement("b");
  block.className = right ? "right" : "wrong";
  verdict.textContent = right ? "✓ right" : "✗ wrong";
  title.append(`${side} `, Object.assign(document.createElement("span"), { textContent: model }), verdict);
  pre.append(line, gap(text.trimEnd() || "(nothing)"), rest);
  block.append(title, pre);
  return block;
}

$("previous").addEventListener("click", () => step(-1));
$("next").addEventListener("click", () => step(1));
for (const kind of document.querySelectorAll("[name=which]")) kind.addEventListener("change", choose);
document.addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by || $("sides").hidden || event.altKey || event.ctrlKey || event.metaKey) return;
  if (!event.target.closest("input, pre, [role=tab]")) step(by); // those have arrows of their own
});
$("try").addEventListener("click", () => {
  const { name, before, after, expected } = chosen[at];
  document.querySelector(`[name=lines][value=${expected.includes("\n") ? "several" : "one"}]`).checked = true;
  openFile(name.replace(/, line \d+$/, ""), before + after, before.length);
  show($("tab-infill"));
  suggest();
});
