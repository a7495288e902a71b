import assert from "node:assert/strict";
import type { Session, StartEvent } from "../../../actions/session/events.ts";
import { ManualClock } from "../../../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import { plainStyle } from "../../../terminal/style.ts";
import { ClosedSinkError } from "../../../terminal/sink.ts";
import { showSessionStart } from "./show_start.ts";

const session = { name: "work", namespace: "n", spec: {} } as Session;
const target = { context: "c", namespace: "n", pod: "p", container: "a", node: "", ip: "" };

/** A sync that reports each half second; returns what is shown of it. */
async function shown(
  texts: readonly string[],
  terminals: readonly "stderr"[] = [],
  progress: "auto" | "none" = "auto",
) {
  const clock = new ManualClock();
  const terminal = new MemoryTerminal({ terminals, size: { columns: 40, rows: 10 }, progress });
  async function* events(): AsyncGenerator<StartEvent> {
    yield { kind: "stepStarted", step: "sync", session };
    for (const text of texts) {
      yield { kind: "progress", step: "sync", text };
      await new Promise<void>((resolve) => clock.timer(500, resolve));
    }
    yield { kind: "started", session, target };
  }
  await clock.runUntil(showSessionStart(events(), { terminal, clock, style: plainStyle }));
  return terminal.written("stderr");
}

Deno.test("without a terminal, a lasting wait is reported, and an unchanged message once", async () => {
  const events = await shown([...Array<string>(6).fill("scanning"), "syncing 1/2"]);
  assert.equal(events, "6/8 sync: scanning\n6/8 sync: syncing 1/2\n");
  assert.equal(await shown(["scanning", "syncing"]), "");
});

Deno.test("without progress, no line depends on how long a step takes", async () => {
  const texts = Array<string>(6).fill("scanning");
  assert.equal(await shown(texts, [], "none"), "");
  assert.equal(await shown(texts, ["stderr"], "none"), "");
});

Deno.test("on a terminal each line takes the place of the one before", async () => {
  const events = await shown(["scanning", "syncing 1/2"], ["stderr"]);
  assert.equal(events, "6/8 sync …\r\x1b[K6/8 sync: scanning\r\x1b[K6/8 sync: syncing 1/2\n");
});

Deno.test("a start whose output has no reader any more is completed", async () => {
  const clock = new ManualClock();
  const terminal = new MemoryTerminal({});
  const { stderr } = terminal;
  let writes = 0;
  const closed = {
    ...{ isTerminal: stderr.isTerminal },
    write: () => {
      writes++;
      return Promise.reject(new ClosedSinkError("the reader has gone"));
    },
  } as unknown as typeof stderr;
  async function* events(): AsyncGenerator<StartEvent> {
    yield { kind: "warning", text: "one" };
    yield { kind: "warning", text: "two" };
    yield { kind: "started", session, target };
  }
  const around = { terminal: { ...terminal, size: () => undefined, stderr: closed } as never };
  const options = { ...around, clock, style: plainStyle };
  assert.equal((await showSessionStart(events(), options)).session, session);
  assert.equal(writes, 1);
});

Deno.test("a start begins with the parts that decide about the session's safety, and who has set them", async () => {
  const terminal = new MemoryTerminal({});
  const path = "/r/.kodama.yaml";
  async function* events(): AsyncGenerator<StartEvent> {
    yield {
      kind: "defined",
      parts: [
        { name: "image", texts: ["debian:12"], origin: { kind: "option", name: "image" } },
        { name: "containers", texts: ["db (x\x1b[2J)"], origin: { kind: "repository", path } },
        { name: "egress", texts: [], origin: { kind: "default" } },
      ],
      beyond: ['volume "x": hostPath'],
    };
    yield { kind: "started", session, target };
  }
  await showSessionStart(events(), { terminal, clock: new ManualClock(), style: plainStyle });
  assert.equal(
    terminal.written("stderr").replace(/db \(x.*2J\)/, "db (x)"),
    [
      "image: debian:12 (--image)",
      "containers: db (x) (/r/.kodama.yaml)",
      "egress: any address",
      'warning: your own settings go beyond the restricted standard: volume "x": hostPath',
      "",
    ].join("\n"),
  );
  assert.ok(!terminal.written("stderr").includes("\x1b"));
});
