// Search in the browser: sections that have every word of the query, best first. The index is a script, because a page
// that is opened as a file may load nothing else.
const input = document.querySelector("#search");
const list = document.querySelector("#results");
const home = document.documentElement.dataset.home;

/**
 * Higher is better; 0 if a word is missing. A heading says what a section is about, its text may only mention it; and a
 * word says more than a part of another: "fold" isn't "folder".
 */
function score({ page, heading, text }, words) {
  let sum = 0;
  for (const word of words) {
    const whole = new RegExp(`(?<!\\w)${word.replace(/[^\w]/g, "\\$&")}(?!\\w)`, "g");
    const counted = (searched, weight, most) => {
      const words = searched.match(whole)?.length ?? 0;
      const parts = searched.split(word).length - 1;
      return (Math.min(words, most) + Math.min(parts - words, most) / 3) * weight;
    };
    const points = counted(page.toLowerCase(), 8, 1) + counted(heading.toLowerCase(), 6, 1) +
      counted(text, 1, 5);
    if (points === 0) return 0;
    sum += points;
  }
  return sum;
}

function find(index, query, limit = 12) {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return [];
  return index
    .map((section) => ({ section, points: score(section, words) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, limit)
    .map(({ section }) => section);
}

function show() {
  const found = find(globalThis.kodamaIndex, input.value);
  list.replaceChildren(...found.map(({ url, page, heading }) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = home + url;
    link.textContent = heading === "" || heading === page ? page : `${page}: ${heading}`;
    item.append(link);
    return item;
  }));
  list.hidden = input.value.trim() === "";
  if (found.length === 0 && !list.hidden) list.textContent = "Nothing was found.";
}

input?.addEventListener("input", show);

// On a narrow screen the links are folded into a menu. Without this script they are all there.
const menu = document.querySelector("#menu");
if (menu !== null) {
  menu.hidden = false;
  menu.addEventListener("click", () => {
    menu.setAttribute("aria-expanded", String(menu.getAttribute("aria-expanded") === "false"));
  });
}
