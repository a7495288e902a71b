import assert from "node:assert/strict";
import fc from "fast-check";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import { type Faults, parseFaults, withFaults } from "./fault.ts";

const none: Faults = { latencyMs: 0, jitterMs: 0, bandwidth: undefined, drop: 0, reset: 0 };

/** A program that reads everything at once, and notes when. */
function program(clock: ManualClock, sends: readonly number[] = []) {
  const received: { atMs: number; bytes: number[] }[] = [];
  const state = { isClosed: false, isEnded: false };
  const pending = sends.map((length) => new Uint8Array(length));
  return {
    received,
    state,
    read: () => Promise.resolve(pending.shift() ?? null),
    write(bytes: Uint8Array) {
      received.push({ atMs: clock.elapsedMs(), bytes: [...bytes] });
      return Promise.resolve();
    },
    closeWrite() {
      state.isEnded = true;
      return Promise.resolve();
    },
    close() {
      state.isClosed = true;
    },
  };
}

Deno.test("parseFaults() reads each fault, and refuses what it doesn't know", () => {
  assert.deepEqual(parseFaults("latency=200ms, jitter=50ms,drop=1%,bandwidth=1Mi,reset=0.5%"), {
    latencyMs: 200,
    jitterMs: 50,
    bandwidth: 2 ** 20,
    drop: 0.01,
    reset: 0.005,
  });
  const wrong = ["", "latency", "latency=200", "drop=1", "drop=101%", "bandwidth=0", "delay=1s"];
  for (const text of wrong) {
    assert.throws(() => parseFaults(text), { kind: "usage" }, text);
  }
});

Deno.test("latency delays the pod's bytes, and doesn't add up over many", async () => {
  const clock = new ManualClock();
  const client = program(clock);
  const faulty = withFaults(client, { ...none, latencyMs: 200 }, { clock, random: () => 0.5 });
  for (let count = 0; count < 50; count++) await faulty.write(Uint8Array.of(count));
  await quiet();
  assert.equal(client.received.length, 0);
  await clock.runUntil(faulty.closeWrite());
  assert.ok(client.received.every(({ atMs }) => atMs === 200));
  assert.deepEqual(
    client.received.flatMap(({ bytes }) => bytes),
    Array.from({ length: 50 }).map((_, at) => at),
  );
  assert.ok(client.state.isEnded);
});

Deno.test("bandwidth limits each direction", async () => {
  const clock = new ManualClock();
  const client = program(clock, [500, 500]);
  const faulty = withFaults(client, { ...none, bandwidth: 1000 }, { clock, random: () => 0.5 });
  await clock.runUntil((async () => {
    while (await faulty.read() !== null);
  })());
  assert.equal(clock.elapsedMs(), 1000);
  await faulty.write(new Uint8Array(2000));
  await clock.runUntil(faulty.closeWrite());
  assert.equal(clock.elapsedMs(), 3000);
});

Deno.test("drop and reset end their share of the connections, and report it", async () => {
  const clock = new ManualClock();
  const kinds: string[] = [];
  const onFault = (kind: string) => void kinds.push(kind);
  const dropped = program(clock, [3]);
  const closed = withFaults(dropped, { ...none, drop: 0.2 }, { clock, random: () => 0.1, onFault });
  assert.equal(await closed.read(), null);
  await assert.rejects(closed.write(Uint8Array.of(1)));
  assert.ok(dropped.state.isClosed);
  // Of the bytes of the pod, half of 64 KiB pass.
  const cut = program(clock);
  const randoms = [0.9, 0.1, 0.5];
  const faulty = withFaults(cut, { ...none, drop: 0.2, reset: 0.2 }, {
    clock,
    random: () => randoms.shift() ?? 0,
    onFault,
  });
  await assert.rejects(faulty.write(new Uint8Array(64 * 1024)));
  assert.equal(cut.received.reduce((sum, { bytes }) => sum + bytes.length, 0), 32 * 1024);
  assert.deepEqual([cut.state.isClosed, kinds], [true, ["drop", "reset"]]);
});

Deno.test("a program that has closed its connection ends the pod's side too", async () => {
  const clock = new ManualClock();
  const client = { ...program(clock), write: () => Promise.reject(new Error("closed")) };
  const faulty = withFaults(client, { ...none, latencyMs: 10 }, { clock, random: () => 0.5 });
  await faulty.write(Uint8Array.of(1));
  await assert.rejects(clock.runUntil(faulty.closeWrite()), /closed/);
  await assert.rejects(faulty.write(Uint8Array.of(2)), /closed/);
});

Deno.test("delays change neither the order nor the bytes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 20 }),
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 9 }),
      async (chunks, randoms) => {
        const clock = new ManualClock();
        const client = program(clock);
        let next = 0;
        const random = () => randoms[next++ % randoms.length] ?? 0;
        const faults = { ...none, latencyMs: 20, jitterMs: 20, bandwidth: 5000 };
        const faulty = withFaults(client, faults, { clock, random });
        for (const chunk of chunks) await faulty.write(chunk);
        await clock.runUntil(faulty.closeWrite());
        assert.deepEqual(
          client.received.flatMap(({ bytes }) => bytes),
          chunks.flatMap((one) => [...one]),
        );
      },
    ),
    { numRuns: 50 },
  );
});
