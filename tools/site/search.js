// Search in the browser: sections that have every word of the query, best first. The index is a script, because a page
// that is opened as a file may load nothing else.
const input = document.querySelector("#search");
const list = document.querySelector("#results");
const home = document.documentElement.dataset.home;

/** Higher is better; 0 if a word is missing. A heading says what a section is about, its text may only mention it. */
function score({ page, heading, text }, words) {
  let sum = 0;
  for (const word of words) {
    const mentions = text.split(word).length - 1;
    const points = (page.toLowerCase().includes(word) ? 8 : 0) +
      (heading.toLowerCase().includes(word) ? 6 : 0) + Math.min(mentions, 5);
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
