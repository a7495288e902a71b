import assert from "node:assert/strict";
import type { ForwardReport, ForwardSet } from "../../../actions/forward/background.ts";
import type { Host } from "../../../actions/host.ts";
import { simulatedHost } from "../../../actions/testing/simulated_host.ts";
import { BoundedQueue } from "../../../base/bounded_queue.ts";
import { ManualClock } from "../../../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import type { Invocation } from "../../invocation.ts";
import { programOf } from "../../program.ts";
import { run } from "../../run.ts";

/** A machine with sets of forwards, and a person at `kodama forward` without args. */
async function chosen(keys: string, settings: { config?: string; repository?: string } = {}) {
  const stored: ForwardReport[] = [
    { name: "stopped", args: ["svc/old", "1:1"], phase: "stopped", pid: null },
    { name: "running", args: ["svc/now", "2:2"], phase: "running", pid: 7 },
  ];
  const recent: ForwardSet[] = [
    { name: "stopped", args: ["pod/db-0", "5432"] },
    { name: "again", args: ["svc/old", "1:1"] },
  ];
  const started: ForwardSet[] = [];
  const control: Partial<Awaited<ReturnType<Host["forwards"]>>> = {
    names: () => Promise.resolve(stored.map(({ name }) => name)),
    read: (name) => Promise.resolve(stored.find((one) => one.name === name)),
    recent: () => Promise.resolve(recent),
    start: (set) => {
      started.push(set);
      return Promise.resolve({ ...set, phase: "running", pid: 8 });
    },
  };
  const { config = "", repository = "" } = settings;
  const { host } = simulatedHost({}, {
    files: { "/config/config.yaml": config, "/project/.kodama.yaml": repository },
  });
  // Each question reads on where the question before has ended.
  const input = new BoundedQueue<string>(100);
  for (const key of keys.split(" ")) await input.push(key);
  input.close();
  const terminal = new MemoryTerminal({
    terminals: ["stdin", "stderr"],
    size: { columns: 80, rows: 30 },
    input,
  });
  const forwards = () => Promise.resolve(control as Awaited<ReturnType<Host["forwards"]>>);
  const code = await run(["forward"], {
    program: programOf("kodama"),
    terminal,
    signals: { listen: () => ({ [Symbol.dispose]: () => {} }) },
    environment: () => undefined,
    willDial: () => {},
    host: () => Promise.resolve({ ...host, clock: new ManualClock(), forwards }),
  } as unknown as Invocation);
  return { code, started, stderr: terminal.written("stderr") };
}

Deno.test("kodama forward alone offers sets of the settings, stopped ones, and what ran in the foreground", async () => {
  const config = "forwards: { dev: [svc/web, '8080:80'] }\n";
  const { code, started } = await chosen("\u001ba \r", { config });
  assert.equal(code, 0);
  assert.deepEqual(started, [
    { name: "dev", args: ["svc/web", "8080:80"] },
    { name: "stopped", args: ["svc/old", "1:1"] },
    // The name is another set's; that set's forwards are not offered twice, nor running forwards.
    { name: "stopped-2", args: ["pod/db-0", "5432"] },
  ]);
  const one = await chosen("d b 5 4 \r", { config });
  assert.deepEqual(one.started.map(({ name }) => name), ["stopped-2"]);
});

Deno.test("kodama forward alone: the set of a repository is shown and confirmed before it starts", async () => {
  const repository = "forwards: { open: [svc/web, '80', --address, 0.0.0.0] }\n";
  for (const [answer, names] of [["y\n", ["open"]], ["n\n", []]] as const) {
    const { started, stderr } = await chosen(`o p e n \r ${answer}`, { repository });
    assert.deepEqual(started.map(({ name }) => name), names);
    assert.match(
      stderr,
      /\.kodama\.yaml defines open:\r?\n {2}kodama forward svc\/web 80 --address 0\.0\.0\.0/,
    );
  }
});

Deno.test("kodama forward alone: leaving the picker starts nothing", async () => {
  const { code, started, stderr } = await chosen("\u0003");
  assert.deepEqual([code, started], [1, []]);
  assert.match(stderr, /nothing was chosen/);
});
