/** The documentation's pictures of a terminal: how they are drawn, and that those in `docs/images/` show what they should. */
import assert from "node:assert/strict";
import { picturesFolder, shots } from "../tools/pictures.ts";
import { movingSvg, terminalSvg } from "../tools/terminal_svg.ts";

/** The text that a reader sees, row by row; throws if elements aren't closed in the order of their opening. */
function visibleText(svg: string): string {
  const open: string[] = [];
  for (const [, close, name = "", selfClosed] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (close === "/") assert.equal(open.pop(), name);
    else if (selfClosed !== "/") open.push(name);
  }
  assert.deepEqual(open, []);
  const rows = new Map<number, string>();
  for (const [, row, text = ""] of svg.matchAll(/<text [^>]*?y="(\d+)"[^>]*>([^<]*)</g)) {
    rows.set(Number(row), (rows.get(Number(row)) ?? "") + text);
  }
  return [...rows.values()].join("\n")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

const draw = (...rows: string[]) => terminalSvg({ title: "t", columns: 20, rows });

Deno.test("terminalSvg() draws text, colours, weights and backgrounds of SGR sequences", () => {
  const cases: [row: string, part: RegExp][] = [
    ['a<b&"c', /&lt;b&amp;&quot;c</],
    ["\x1b[1;32mok\x1b[0m", /fill="#9ece6a" font-weight="bold"[^>]*>ok</],
    ["\x1b[2mx", /opacity="0.6"[^>]*>x</],
    ["\x1b[91mx", /fill="#ff8fa3"[^>]*>x</],
    ["\x1b[4mx\x1b[24my", /text-decoration="underline"[^>]*>x<.*?fill="#d5d9e6" length[^>]*>y</],
    ["\x1b[48;5;236mx", /<rect [^>]*fill="#303030"\/><text [^>]*>x</],
    ["\x1b[38;5;196mx\x1b[39my", /fill="#ff0000"[^>]*>x<.*fill="#d5d9e6"[^>]*>y</],
    ["\x1b[7mx", /<rect [^>]*fill="#d5d9e6"\/><text [^>]*fill="#1a1b26"[^>]*>x</],
    ["木x", /textLength="25.2"[^>]*>木x</],
    ["  a b   c ", /<text x="32.8"[^>]*textLength="25.2"[^>]*>a b<.*<text x="83.2"[^>]*>c</],
  ];
  for (const [row, part] of cases) assert.match(draw(row), part);
});

Deno.test("terminalSvg() carries a look over the end of a row, and refuses what isn't SGR", () => {
  assert.match(draw("\x1b[31mx", "y"), /fill="#f7768e"[^>]*>x<[^]*fill="#f7768e"[^>]*>y</);
  assert.throws(() => draw("\x1b[2Kx"), /not an SGR sequence/);
  assert.throws(() => draw("\x1b[99mx"), /unsupported SGR code 99/);
});

Deno.test("movingSvg() shows each screen for its time, draws what stays once, and ends with the last", () => {
  const svg = movingSvg({
    title: "t",
    columns: 20,
    frames: [
      { rows: ["$ ls", ""], seconds: 1 },
      { rows: ["$ ls", "a b"], seconds: 2 },
      { rows: ["$ ls", "c"], seconds: 1 },
    ],
  });
  assert.equal(visibleText(svg), "t\n$ ls\na bc");
  assert.match(svg, /<g class="f1-2">[^\n]*>a b</);
  assert.match(svg, /\.f1-2\{visibility:hidden;animation:f1-2 4s step-end infinite\}/);
  assert.match(
    svg,
    /@keyframes f1-2\{25%\{visibility:visible\}0%\{visibility:hidden\}75%\{visibility:hidden\}\}/,
  );
  assert.match(svg, /\.f2-3\{visibility:visible;/);
  assert.doesNotMatch(svg, /<g[^>]*>[^\n]*\$ ls/);
});

for (const [name, { title, shows }] of Object.entries(shots)) {
  Deno.test(`docs/images/${name}.svg shows its command and the answer, with nothing from elsewhere`, async () => {
    const svg = await Deno.readTextFile(new URL(`${name}.svg`, picturesFolder));
    const text = visibleText(svg);
    for (const part of [title, ...shows]) {
      assert.ok(text.includes(part), `${part} is not in:\n${text}`);
    }
    assert.doesNotMatch(
      svg.replace("http://www.w3.org/2000/svg", ""),
      /script|href|https?:|@import/,
    );
  });
}

Deno.test("README.md shows every picture, and no other file is in docs/images/", async () => {
  const readme = await Deno.readTextFile(new URL("../README.md", import.meta.url));
  const shown = [...readme.matchAll(/docs\/images\/([\w-]+)\.svg/g)].map(([, name]) => name);
  assert.deepEqual(shown.toSorted(), Object.keys(shots).toSorted());
  const files = await Array.fromAsync(Deno.readDir(picturesFolder));
  const expected = Object.keys(shots).map((name) => `${name}.svg`).toSorted();
  assert.deepEqual(files.map(({ name }) => name).toSorted(), expected);
});
