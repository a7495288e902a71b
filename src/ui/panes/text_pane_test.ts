import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { simulatedHost } from "../../actions/testing/simulated_host.ts";
import { lineText } from "../../terminal/grid.ts";
import type { PaneContext, PaneEvent } from "../pane.ts";
import { defaultTheme } from "../theme.ts";
import { TextPane } from "./text_pane.ts";

/** A pane with a document; files are saved as `saved.yaml`. */
function opened(document: string, files: Readonly<Record<string, string>> = {}) {
  const events: PaneEvent[] = [];
  const surroundings = simulatedHost({}, { files });
  const said = Promise.withResolvers<string>();
  const context: PaneContext = {
    pane: 1,
    host: surroundings.host,
    scope: { namespaces: { kind: "default" } },
    kube: undefined,
    config: {},
    theme: defaultTheme,
    emit: (event) => {
      events.push(event);
      if (event.kind === "toast") said.resolve(event.text);
    },
    ask: () => Promise.resolve("saved.yaml"),
    signal: new AbortController().signal,
  };
  const pane = new TextPane(context, {
    title: "yaml configmaps/big",
    follow: false,
    fileName: "big.yaml",
    fill: (view) => Promise.resolve(view.replace(document)),
  });
  return { pane, events, said: said.promise, files: surroundings.files };
}

const object = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "big" },
  data: {
    "app.json": `${JSON.stringify(Array.from({ length: 600 }, (_, id) => ({ id })))}\n`,
    "bundle.b64": "QTFB".repeat(8000),
    "title": "\u202emoc.live\u202c ok\u2028",
    "tail": "the end",
  },
};

Deno.test("what a pane saves and copies of a document is the object, not the screen", async () => {
  const { pane, events, said, files } = opened(stringify(object));
  pane.act("save");
  assert.match(await said, /^saved \d+ bytes to \/project\/saved\.yaml$/);
  assert.equal(files.get("/project/saved.yaml"), stringify(object));
  assert.deepEqual(parse(files.get("/project/saved.yaml") ?? ""), object);
  pane.act("copy");
  const copied = events.find((event) => event.kind === "clipboard");
  assert.deepEqual(parse(copied?.text ?? ""), object);
});

Deno.test("a text is searched with the lines around a match, or filtered with its matches marked", () => {
  const { pane, events } = opened("one\ntwo\nthree\n");
  const size = { columns: 20, rows: 5 };
  const shown = () => pane.view(size).filter((line) => lineText(line).trim() !== "");
  const marks = () => shown().flat().filter(({ tone }) => tone === "match").map(({ text }) => text);
  assert.equal(pane.find, "search");
  pane.handleCommand({ type: "search_input", text: "t" });
  assert.deepEqual(marks(), ["t", "t"]);
  assert.equal(pane.refusal("next-match"), undefined);
  pane.handleCommand({ type: "back" });
  pane.act("filter-lines");
  assert.deepEqual(events.at(-1), { kind: "find", as: "filter" });
  pane.handleCommand({ type: "filter", query: "w" });
  assert.deepEqual([shown().map(lineText).map((text) => text.trim()), marks()], [["two"], ["w"]]);
});

Deno.test("a pane overwrites no file", async () => {
  const { pane, said, files } = opened("a: 1\n", { "/project/saved.yaml": "mine" });
  pane.act("save");
  assert.equal(await said, "/project/saved.yaml already exists");
  assert.equal(files.get("/project/saved.yaml"), "mine");
});
