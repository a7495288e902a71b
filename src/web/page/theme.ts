/** Runs before anything is drawn: a page of the other theme must not flash up. */
const chosen = localStorage.getItem("theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
