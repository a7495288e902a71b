/** The documentation's site: no dead link in its HTML, and a search that leads newcomers to the right page. */
import assert from "node:assert/strict";
import { makeSite } from "../tools/site/site.ts";
import { anchorOf, renderPage } from "../tools/site/page.ts";

const { files, copied } = await makeSite();

/** The values of an attribute in a page; none of them is in a code block, where quotes are escaped. */
function attributes(html: string, name: string): string[] {
  return [...html.matchAll(new RegExp(`<[^>]* ${name}="([^"]*)"`, "g"))].map(([, value = ""]) =>
    value.replaceAll("&amp;", "&")
  );
}

Deno.test("every link of the site's HTML leads to one of its files, and to a heading there", () => {
  let checked = 0;
  for (const [path, html] of files) {
    if (!path.endsWith(".html")) continue;
    for (const target of [...attributes(html, "href"), ...attributes(html, "src")]) {
      if (/^[a-z]+:/.test(target)) continue;
      const url = new URL(target, new URL(path, "file:///"));
      const there = decodeURIComponent(url.pathname.slice(1));
      assert.ok(files.has(there) || copied.has(there), `${path}: ${target}`);
      const anchor = decodeURIComponent(url.hash.slice(1));
      if (anchor === "") continue;
      const ids = attributes(files.get(there) ?? "", "id");
      assert.ok(ids.includes(anchor), `${path}: ${target}`);
      checked++;
    }
  }
  assert.ok(checked > 100, `${checked} anchors`);
});

Deno.test("nothing of the site is loaded from another server", () => {
  for (const [path, html] of files) {
    if (!path.endsWith(".html")) continue;
    const loaded = [...attributes(html, "src"), ...html.matchAll(/<link [^>]*href="([^"]*)"/g)]
      .map((found) => typeof found === "string" ? found : found[1] ?? "");
    assert.deepEqual(loaded.filter((target) => /^(?:[a-z]+:|\/\/)/.test(target)), [], path);
  }
});

/** The search of the pages, on the site's own index. */
function search(query: string): string[] {
  const element = { querySelector: () => null, documentElement: { dataset: {} } };
  const script = `${files.get("search-index.js")}${files.get("search.js")}
return find(globalThis.kodamaIndex, query, 3).map(({ url }) => url);`;
  const scope = { kodamaIndex: [] };
  return new Function("document", "globalThis", "query", script)(element, scope, query);
}

Deno.test("the search leads a newcomer's question to the page that answers it", () => {
  const questions: Readonly<Record<string, string>> = {
    "rerun failed": "docs/commands/kodama-runs-rerun.html",
    "exit codes": "docs/exit-codes.html",
    "install debian": "docs/install.html",
    "uninstall": "docs/install.html",
    "idle": "docs/sessions.html",
    "clush": "docs/coming-from.html",
    "devpod": "docs/coming-from.html",
    "port forward": "docs/forward.html",
    "fold equal outputs": "docs/commands/kodama-exec.html",
    "fold": "docs/commands/kodama-exec.html",
    "threat model": "docs/security.html",
    "deprecation": "docs/compatibility.html",
    "runs list": "docs/commands/kodama-runs-list.html",
  };
  const misled = Object.entries(questions).flatMap(([query, page]) => {
    const found = search(query).map((url) => url.split("#")[0]);
    return found.includes(page) ? [] : [`${query}: ${found.join(", ")}`];
  });
  assert.deepEqual(misled, []);
  assert.deepEqual(search("zebra"), []);
  assert.deepEqual(search(" "), []);
});

Deno.test("a page has the anchors of GitHub, escaped code, and its text without markup", () => {
  const { html, sections, links } = renderPage(
    "# A `b`: c\n\ntext *d*\n\n## Same\n\n## Same\n\n| x |\n| - |\n| [y](z.md) |\n\n```sh\na <b>\n```\n",
    (target) => `to/${target}`,
  );
  assert.deepEqual(sections, [
    { anchor: "a-b-c", heading: "A b: c", text: "text d" },
    { anchor: "same", heading: "Same", text: "" },
    { anchor: "same-1", heading: "Same", text: "x y a <b>" },
  ]);
  assert.equal(anchorOf("What a role must allow?"), "what-a-role-must-allow");
  assert.deepEqual(links, ["z.md"]);
  assert.match(html, /<a href="to\/z\.md">y<\/a>[^]*a &lt;b&gt;/);
});
