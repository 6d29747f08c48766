"use strict";
// Shows the entries that hold every word of the search, and what they lie in. The search is also in the
// address, after `#q=`, so that it can be linked.
const input = document.getElementById("q");
const count = document.getElementById("count");
const items = [...document.querySelectorAll("li[data-text]")];
const sections = [...document.querySelectorAll("section")];
const nothing = document.getElementById("nothing");

function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  const hit = (item) => words.every((word) => item.dataset.text.includes(word));
  for (const item of items) item.hidden = words.length > 0;
  for (const item of items) {
    if (!hit(item)) continue;
    found += 1;
    for (let up = item; up; up = up.parentElement.closest("li[data-text]")) up.hidden = false;
  }
  for (const section of sections) section.hidden = words.length > 0 && !section.querySelector("li[data-text]:not([hidden])");
  // A single answer folds out by itself.
  if (words.length > 0 && found === 1) {
    const only = items.find((item) => hit(item)).querySelector(":scope > details");
    if (only) only.open = true;
  }
  nothing.hidden = found > 0 || words.length === 0;
  count.textContent = words.length > 0 ? `${found} of ${items.length}` : `${items.length} entries`;
}

function fromAddress() {
  const match = /^#q=(.*)$/.exec(location.hash);
  let text = "";
  try {
    text = match ? decodeURIComponent(match[1]) : "";
  } catch {
    text = match[1];
  }
  if (input.value.trim() !== text.trim()) input.value = text;
  search(text);
}

input.addEventListener("input", () => {
  location.replace("#q=" + encodeURIComponent(input.value));
  search(input.value);
});
addEventListener("hashchange", fromAddress);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
  }
});
fromAddress();
