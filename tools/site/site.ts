// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task site [--out DIR]`: the documentation as a site in `dist/site`, which needs no server: its files can be
 * opened as they are, search included. README.md is the start page, the rows of docs/README.md are the navigation, and
 * the help of every command is the reference.
 */
import { filePath } from "../../src/files/file_path.ts";
import { sayFailure } from "../say_failure.ts";
import { escapeHtml, type Page, renderPage } from "./page.ts";

const root = new URL("../../", import.meta.url);

/** Pages beside those of `docs/`. */
const otherPages = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "ARCHITECTURE.md",
  "SECURITY.md",
];

/** The list of all commands. */
const commandsPath = "docs/commands/index.html";

/** A site before it is written. */
export interface Site {
  /** HTML and data by path. */
  files: ReadonlyMap<string, string>;
  /** Files of the checkout that its pages link to, copied to the same paths. */
  copied: ReadonlySet<string>;
}

/** Returns the site. Throws with all dead links if there are any. */
export async function makeSite(): Promise<Site> {
  const pages = new Map<string, Page>();
  for (const path of [...otherPages, ...await namesIn("docs/", ".md")]) {
    const text = await Deno.readTextFile(new URL(path, root));
    pages.set(path, renderPage(text, (target) => hrefOf(path, target)));
  }
  const copied = new Set<string>();
  const folders = new Set<string>();
  const dead: string[] = [];
  for (const [path, page] of pages) {
    for (const link of page.links) {
      const problem = await checkLink(path, link, { pages, copied, folders });
      if (problem !== undefined) dead.push(`${path}: ${link}: ${problem}`);
    }
  }
  if (dead.length > 0) throw new Error(`dead links:\n  ${dead.join("\n  ")}`);
  const commands = await commandHelp();
  const files = new Map<string, string>();
  const navigation = await navigationOf();
  const add = (path: string, title: string, body: string) =>
    files.set(path, document(path, { title, body, navigation }));
  for (const [path, page] of pages) add(htmlPath(path), page.title, page.html);
  for (const [name, text] of commands) {
    const body = `<h1>${escapeHtml(name)}</h1>\n<pre>${escapeHtml(text)}</pre>`;
    add(commandPath(name), name, body);
  }
  const listed = [...commands.keys()].map((name) =>
    `<li><a href="${commandPath(name).split("/").at(-1)}">${escapeHtml(name)}</a></li>`
  );
  add(commandsPath, "Commands", `<h1>Commands</h1>\n<ul>${listed.join("\n")}</ul>`);
  for (const folder of folders) {
    const names = await namesIn(`${folder}/`, "");
    for (const name of names) copied.add(name);
    const items = names.map((name) => name.slice(folder.length + 1))
      .map((name) => `<li><a href="${name}">${escapeHtml(name)}</a></li>`);
    add(`${folder}/index.html`, folder, `<h1>${folder}</h1>\n<ul>${items.join("\n")}</ul>`);
  }
  files.set("search-index.js", searchIndex(pages, commands));
  for (const name of ["search.js", "style.css"]) {
    files.set(name, await Deno.readTextFile(new URL(`tools/site/${name}`, root)));
  }
  return { files, copied };
}

/** Writes the site into a folder, which is emptied first. */
export async function writeSite(out: string): Promise<Site> {
  const site = await makeSite();
  await Deno.remove(out, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const folderOf = (path: string) => `${out}/${path}`.replace(/\/[^/]*$/, "");
  for (const [path, text] of site.files) {
    await Deno.mkdir(folderOf(path), { recursive: true });
    await Deno.writeTextFile(`${out}/${path}`, text);
  }
  for (const path of site.copied) {
    await Deno.mkdir(folderOf(path), { recursive: true });
    await Deno.copyFile(new URL(path, root), `${out}/${path}`);
  }
  return site;
}

/** Returns the path of a page's HTML. */
function htmlPath(path: string): string {
  return path === "README.md" ? "index.html" : path.replace(/README\.md$/, "index.md")
    .replace(/\.md$/, ".html");
}

function commandPath(name: string): string {
  return `docs/commands/${name.replaceAll(" ", "-")}.html`;
}

/** Returns the target of a link in the site: pages are HTML there, everything else has its path. */
function hrefOf(from: string, target: string): string {
  if (/^[a-z]+:/.test(target) || target.startsWith("#")) return target;
  const url = new URL(target, new URL(from, "file:///"));
  const path = url.pathname.slice(1);
  const there = path.endsWith(".md")
    ? htmlPath(path)
    : isFolder(path)
    ? `${path}/index.html`
    : path;
  return relative(htmlPath(from), there) + url.hash;
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, root)).isDirectory;
  } catch (error) {
    // A dead link is reported with all others.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Returns `to` as seen from the page `from`. */
function relative(from: string, to: string): string {
  return "../".repeat(from.split("/").length - 1) + to;
}

/** Returns what is wrong with a link; adds what has to be copied for it. */
async function checkLink(
  from: string,
  target: string,
  { pages, copied, folders }: {
    pages: ReadonlyMap<string, Page>;
    copied: Set<string>;
    folders: Set<string>;
  },
): Promise<string | undefined> {
  if (/^[a-z]+:/.test(target)) return undefined;
  const url = new URL(target, new URL(from, "file:///"));
  const path = decodeURIComponent(url.pathname).slice(1);
  const page = pages.get(path);
  if (page !== undefined) {
    const anchor = decodeURIComponent(url.hash.slice(1));
    const known = anchor === "" || page.sections.some((section) => section.anchor === anchor);
    return known ? undefined : "the page has no such heading";
  }
  const info = await Deno.stat(new URL(path, root)).catch(() => undefined);
  if (info === undefined) return "there is no such file";
  if (info.isFile) copied.add(path);
  else folders.add(path);
  return undefined;
}

/** Returns the paths of the checkout's files that start with `prefix`, in the folder that it names, and end with `suffix`. */
async function namesIn(prefix: string, suffix: string): Promise<string[]> {
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const entries = await Array.fromAsync(Deno.readDir(new URL(folder, root)));
  return entries.filter(({ isFile }) => isFile).map(({ name }) => folder + name)
    .filter((path) => path.startsWith(prefix) && path.endsWith(suffix)).toSorted();
}

/** Returns the help of every command by its name, from the golden files, which tests compare with the program. */
async function commandHelp(): Promise<Map<string, string>> {
  const commands = new Map<string, string>();
  for (const path of await namesIn("tests/golden/help/kodama", ".txt")) {
    const text = await Deno.readTextFile(new URL(path, root));
    const [, name, help] =
      /^\$ (kodama.*?) --help\n--- stdout\n([^]*)--- exit code 0\n$/.exec(text) ?? [];
    if (name === undefined || help === undefined) {
      throw new Error(`${path} is not a command's help`);
    }
    commands.set(name, help);
  }
  return commands;
}

/** A group of links in the navigation. */
interface Group {
  heading: string;
  links: { text: string; path: string }[];
}

/** Returns the rows of docs/README.md: a row in bold starts a group. */
async function navigationOf(): Promise<Group[]> {
  const text = await Deno.readTextFile(new URL("docs/README.md", root));
  const groups: Group[] = [];
  for (const [, first = "", second = ""] of text.matchAll(/^\| (.*?) *\| (.*?) *\|$/gm)) {
    const heading = /^\*\*(.*)\*\*$/.exec(first.trim())?.[1];
    if (heading !== undefined) groups.push({ heading, links: [] });
    for (const [, label = "", path = ""] of second.matchAll(/\[([^\]]+)\]\(([\w-]+\.md)\)/g)) {
      groups.at(-1)?.links.push({ text: label, path: htmlPath(`docs/${path}`) });
    }
  }
  groups.push({ heading: "Commands", links: [{ text: "all commands", path: commandsPath }] });
  return groups;
}

function document(
  path: string,
  { title, body, navigation }: { title: string; body: string; navigation: readonly Group[] },
): string {
  const groups = navigation.map(({ heading, links }) => {
    const items = links.map((link) => {
      const current = link.path === path ? ' aria-current="page"' : "";
      return `<li><a href="${relative(path, link.path)}"${current}>${
        escapeHtml(link.text)
      }</a></li>`;
    });
    return `<h2>${escapeHtml(heading)}</h2>\n<ul>${items.join("\n")}</ul>`;
  });
  return `<!doctype html>
<html lang="en" data-home="${relative(path, "")}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title === "kodama" ? title : `${title}: kodama`)}</title>
<link rel="stylesheet" href="${relative(path, "style.css")}">
<nav>
<a href="${relative(path, "index.html")}"><strong>kodama</strong></a>
<button id="menu" aria-expanded="false" aria-controls="pages" hidden>Menu</button>
<p><input id="search" type="search" placeholder="Search" aria-label="Search"></p>
<ul id="results" hidden></ul>
<div id="pages">
${groups.join("\n")}
</div>
</nav>
<main>
${body}
</main>
<script src="${relative(path, "search-index.js")}"></script>
<script src="${relative(path, "search.js")}"></script>
</html>
`;
}

function searchIndex(
  pages: ReadonlyMap<string, Page>,
  commands: ReadonlyMap<string, string>,
): string {
  const sections = [...pages].flatMap(([path, page]) =>
    page.sections.map(({ anchor, heading, text }) => ({
      url: htmlPath(path) + (anchor === "" ? "" : `#${anchor}`),
      page: page.title,
      heading,
      text: text.toLowerCase(),
    }))
  );
  const help = [...commands].map(([name, text]) => ({
    url: commandPath(name),
    page: name,
    heading: "",
    text: text.replaceAll(/\s+/g, " ").toLowerCase(),
  }));
  return `globalThis.kodamaIndex = ${JSON.stringify([...sections, ...help])};\n`;
}

async function main([flag, value, ...more]: readonly string[]): Promise<number> {
  if (more.length > 0 || (flag !== undefined && (flag !== "--out" || value === undefined))) {
    throw new Error("usage: deno task site [--out DIR]");
  }
  const out = value ?? filePath(new URL("dist/site", root));
  const { files } = await writeSite(out);
  console.log(`Made ${files.size} files; start with ${out}/index.html`);
  return 0;
}

if (import.meta.main) Deno.exit(await sayFailure(() => main(Deno.args)));
