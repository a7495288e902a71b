import assert from "node:assert/strict";
import { simulatedHost } from "../../actions/testing/simulated_host.ts";
import { KodamaError } from "../../base/errors.ts";
import { lineText } from "../../terminal/grid.ts";
import type { PaneContext } from "../pane.ts";
import { defaultTheme } from "../theme.ts";
import { PolledPane, type PolledRow } from "./polled_pane.ts";

/** A pane whose reads a test answers, in order. */
function opened() {
  const { host, clock } = simulatedHost({});
  const closed = new AbortController();
  const reads: PromiseWithResolvers<readonly PolledRow<string>[]>[] = [];
  const selected: string[] = [];
  let changed = Promise.withResolvers<void>();
  const context: PaneContext = {
    pane: 1,
    host,
    scope: { namespaces: { kind: "default" } },
    kube: undefined,
    config: {},
    theme: defaultTheme,
    emit: () => {
      changed.resolve();
      changed = Promise.withResolvers();
    },
    ask: () => Promise.resolve(undefined),
    signal: closed.signal,
  };
  const pane = new PolledPane<string>(context, {
    title: "runs",
    columns: [{ title: "RUN" }],
    everyMs: 5000,
    empty: "no runs yet",
    read: () => {
      const read = Promise.withResolvers<readonly PolledRow<string>[]>();
      reads.push(read);
      return read.promise;
    },
    select: (value) => selected.push(value),
    act: (action, values) => selected.push(`${action} ${values.join(" ")}`),
    refusal: (action, values) => values.length === 0 ? `${action} needs a row` : undefined,
  });
  return {
    pane,
    clock,
    closed,
    reads,
    selected,
    text: () =>
      [pane.status, ...pane.view({ columns: 30, rows: 5 }, { focused: true, nowMs: 0 })]
        .map(lineText).map((line) => line.trim()).filter((line) => line !== ""),
    async answer(answer: readonly string[] | Error) {
      const read = reads.at(-1);
      const seen = changed.promise;
      if (answer instanceof Error) read?.reject(answer);
      else read?.resolve(answer.map((id) => ({ id, value: `value of ${id}`, cells: [id] })));
      await seen;
      // It waits for its next time.
      await clock.waitedFor(5000);
    },
  };
}

Deno.test("rows are read again and again; an error is shown until the next answer", async () => {
  const { pane, clock, closed, reads, text, answer } = opened();
  assert.equal(text()[0], "loading …");
  await answer([]);
  assert.deepEqual(text(), ["0", "no runs yet"]);
  clock.advance(4999);
  assert.equal(reads.length, 1);
  clock.advance(1);
  while (reads.length < 2) await Promise.resolve();
  await answer(["one", "two\x1b[2J"]);
  assert.deepEqual(text(), ["2", "RUN", "one", "two"]);
  pane.refresh();
  while (reads.length < 3) await Promise.resolve();
  await answer(new KodamaError("unreachable", "no\x1b route"));
  assert.deepEqual(text(), ["failed 2", "no\\x1b route"]);
  clock.advance(5000);
  while (reads.length < 4) await Promise.resolve();
  await answer(["two\x1b[2J"]);
  assert.equal(text()[1], "RUN");
  closed.abort();
  while (clock.waiting > 0) await Promise.resolve();
  assert.equal(reads.length, 4, "a closed pane reads nothing");
});

Deno.test("Enter, a click and actions concern the row, or the marked ones", async () => {
  const { pane, closed, selected, answer } = opened();
  assert.equal(pane.refusal("stop"), "stop needs a row");
  await answer(["one", "two", "three"]);
  assert.equal(pane.refusal("stop"), undefined);
  pane.handleCommand({ type: "select_next" });
  pane.handleCommand({ type: "select" });
  pane.act("stop");
  pane.act("mark-all");
  pane.act("stop");
  pane.view({ columns: 30, rows: 5 }, { focused: true, nowMs: 0 });
  pane.onClick({ row: 1 });
  pane.onClick({ row: 1 });
  assert.deepEqual(selected, [
    "value of two",
    "stop value of two",
    "stop value of one value of two value of three",
    "value of one",
  ]);
  closed.abort();
});
