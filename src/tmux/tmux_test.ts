import assert from "node:assert/strict";
import fc from "fast-check";
import {
  checkedTmuxSession,
  freeSessionName,
  literalArg,
  openWindow,
  paneArgv,
  panesToClose,
  plainTitle,
  splitWindow,
  tmuxVersion,
} from "./commands.ts";
import { capacity, layouts, pagesOf, tiledGrid } from "./layout.ts";
import { writeProgram } from "../base/testing/program_file.ts";

const sizes = fc.record({
  columns: fc.integer({ min: 1, max: 500 }),
  rows: fc.integer({ min: 1, max: 200 }),
});

Deno.test("`pagesOf()` keeps the order, on pages of nearly the same size", () => {
  fc.assert(fc.property(fc.nat({ max: 600 }), fc.integer({ min: 1, max: 60 }), (count, most) => {
    const items = Array.from({ length: count }, (_, index) => index);
    const pages = pagesOf(items, most);
    assert.deepEqual(pages.flat(), items);
    assert.equal(pages.length, Math.ceil(count / most), "no more pages than are needed");
    const lengths = pages.map(({ length }) => length);
    if (count > 0) assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 1);
    assert.ok(lengths.every((length) => length >= 1 && length <= most));
  }));
});

Deno.test("tiles on a full page are large enough for a prompt and its answer", () => {
  fc.assert(fc.property(sizes, (size) => {
    const count = capacity("tiled", size);
    if (count === 1) return;
    const { columns, rows } = tiledGrid(count);
    assert.ok(columns * rows >= count);
    const across = Math.floor((size.columns - (columns - 1)) / columns);
    const down = Math.floor((size.rows - rows) / rows);
    assert.ok(columns === 1 || across >= 40, `${columns} across`);
    assert.ok(rows === 1 || down >= 5, `${rows} down`);
  }));
});

Deno.test("`capacity()` is at least one, and never falls with a larger window", () => {
  fc.assert(fc.property(fc.constantFrom(...layouts), sizes, (layout, size) => {
    const here = capacity(layout, size);
    assert.ok(here >= 1);
    const larger = { columns: size.columns + 1, rows: size.rows + 1 };
    assert.ok(capacity(layout, larger) >= here);
  }));
});

Deno.test("`capacity()` of usual screens", () => {
  const counts = layouts.map((layout) => [layout, capacity(layout, { columns: 200, rows: 50 })]);
  assert.deepEqual(Object.fromEntries(counts), {
    "tiled": 20,
    "even-horizontal": 4,
    "even-vertical": 8,
    "main-horizontal": 5,
    "main-vertical": 9,
  });
});

const surroundings = {
  folder: "/here;",
  environment: { KUBECONFIG: "/a;" },
  layout: "tiled",
} as const;

/** Splits a command line as tmux does: an argument that is or ends in a bare `;` ends a command. */
function commandsOf(argv: readonly string[]): string[][] {
  const commands: string[][] = [[]];
  for (const arg of argv) {
    if (arg === ";") commands.push([]);
    else {
      assert.ok(!/(?:^|[^\\]);$/.test(arg), `${JSON.stringify(arg)} would end its command`);
      commands.at(-1)?.push(arg.replace(/\\;$/, ";"));
    }
  }
  return commands;
}

Deno.test("no external text becomes a command or a format of tmux", () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(";", "a;", "\\;", "#(touch x)", "#{pane_id}", "$(x)", "`x`", "-t", "--", "%1"),
  );
  fc.assert(fc.property(fc.array(texts, { maxLength: 4 }), texts, (own, title) => {
    const pane = { title, argv: ["/bin/kodama", "shell", ...own] };
    const place = {
      kind: "newSession" as const,
      session: "kodama",
      size: { columns: 80, rows: 24 },
    };
    const names = { temporaryName: "kodama-1", name: title };
    for (
      const commands of [
        commandsOf(openWindow(pane, place, { ...surroundings, ...names })),
        commandsOf(splitWindow(pane, { window: "@1", behind: "%1" }, surroundings)),
      ]
    ) {
      const [first = []] = commands;
      assert.deepEqual(
        first.slice(first.indexOf("--") + 1),
        paneArgv(pane.argv),
        "the args arrive unchanged",
      );
      for (const other of commands.slice(1)) {
        assert.match(other[0] ?? "", /^(?:set-option|set-hook|rename-window|select-layout)$/);
      }
      const titles = commands.flatMap((one) => one[0] === "rename-window" ? one.slice(-1) : []);
      for (const one of titles) assert.doesNotMatch(one, /[#{}()$`;'"\\]/);
    }
  }));
});

const hideCursor = "\x1b[?25l";

Deno.test("a pane's shell passes on the program's args and exit code", async () => {
  const said = ["$(x)", "`y`", "; exit 9", "-e", "a b", ""];
  const [program = "", ...args] = paneArgv([
    "sh",
    "-c",
    'printf "<%s>" "$@"; exit 7',
    "-",
    ...said,
  ]);
  const { code, stdout } = await new Deno.Command(program, { args }).output();
  const printed = `${said.map((one) => `<${one}>`).join("")}${hideCursor}`;
  assert.equal(new TextDecoder().decode(stdout), printed);
  assert.equal(code, 7);
});

Deno.test("a pane's shell exits only when tmux has read what the program printed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-pane-" });
  try {
    // Answers that the cursor is visible, twice: what hides it hasn't arrived yet.
    const lateTmux = `#!/bin/sh
[ "$1" = display-message ] || exit 0
echo "$*" >>"${folder}/asked"
test "$(wc -l <"${folder}/asked")" -gt 2 && echo 0 || echo 1
`;
    await writeProgram(`${folder}/tmux`, lateTmux);
    const env = { PATH: `${folder}:${Deno.env.get("PATH") ?? ""}`, TMUX_PANE: "%7" };
    const [program = "", ...args] = paneArgv(["sh", "-c", "echo last; exit 7"]);
    const { code, stdout } = await new Deno.Command(program, { args, env }).output();
    const question = "display-message -p -t %7 #{cursor_flag}\n";
    assert.deepEqual([code, new TextDecoder().decode(stdout)], [7, `last\n${hideCursor}`]);
    assert.equal(await Deno.readTextFile(`${folder}/asked`), question.repeat(3));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("`literalArg()`, `plainTitle()`, session names and `tmuxVersion()`", () => {
  assert.deepEqual(["a;", ";", "a;b", "a"].map(literalArg), ["a\\;", "\\;", "a;b", "a"]);
  assert.equal(plainTitle("prod/web-0 #(x)"), "prod/web-0 __x_");
  assert.equal(freeSessionName(["x", "kodama", "kodama-2"]), "kodama-3");
  assert.equal(checkedTmuxSession("night_2"), "night_2");
  for (const bad of ["", "a:b", "a.b", "=a", "-a", "a b", "$1"]) {
    assert.throws(() => checkedTmuxSession(bad), bad);
  }
  const versions = ["tmux 3.3a\n", "tmux next-3.5", "tmux openbsd-7.4", "what"];
  assert.deepEqual(versions.map(tmuxVersion), [[3, 3], [3, 5], [7, 4], undefined]);
});

Deno.test("`panesToClose()` selects early exits by the remain option", () => {
  const said = "%0 0 \n%1 1 0\n%2 1 3\n%3 1 \n";
  assert.deepEqual(panesToClose(said, "on"), []);
  assert.deepEqual(panesToClose(said, "failed"), ["%1"]);
  assert.deepEqual(panesToClose(said, "off"), ["%1", "%2", "%3"]);
});
