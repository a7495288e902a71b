import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { type Closable, TlsClosers } from "./dial_link.ts";

/** A connection that records its calls. */
class Connection implements Closable {
  readonly heard: string[] = [];

  closeWrite(): Promise<void> {
    this.heard.push("goodbye");
    return Promise.reject(new Error("the peer is gone"));
  }

  close(): void {
    this.heard.push("closed");
    throw new Deno.errors.BadResource("closed by its other end");
  }
}

function opened(closers: TlsClosers, count: number) {
  return Array.from({ length: count }, () => {
    const closer = closers.take();
    assert.ok(closer !== undefined);
    return { closer, connection: new Connection() };
  });
}

async function later(clock: ManualClock, ms: number): Promise<void> {
  await clock.runUntil(new Promise<void>((resolve) => clock.timer(ms, resolve)));
}

Deno.test("closing leaves threads for files: what has to wait has said goodbye, and keeps its order", async () => {
  const clock = new ManualClock();
  const closers = new TlsClosers(clock);
  await closers.drained();
  const all = opened(closers, 50);
  for (const { closer, connection } of all) closer.close(connection);
  let settled = false;
  const settling = closers.drained().then(() => settled = true);
  const heard = () => all.map(({ connection }) => connection.heard.join(", "));
  const atOnce = Array.from({ length: 24 }, () => "closed");
  const waiting = Array.from({ length: 26 }, () => "goodbye");
  assert.deepEqual(heard(), [...atOnce, ...waiting]);
  await later(clock, 101);
  const second = Array.from({ length: 24 }, () => "goodbye, closed");
  assert.deepEqual(heard(), [...atOnce, ...second, "goodbye", "goodbye"]);
  assert.equal(settled, false);
  await later(clock, 101);
  assert.deepEqual(heard().slice(-2), ["goodbye, closed", "goodbye, closed"]);
  await settling;
});

Deno.test("there are no more connections than 800, and one more when one is closed or came to nothing", async () => {
  const clock = new ManualClock();
  const closers = new TlsClosers(clock);
  const [first, second] = opened(closers, 800);
  assert.equal(closers.take(), undefined);
  first?.closer.close(first.connection);
  assert.equal(closers.take(), undefined, "its thread sleeps");
  await later(clock, 101);
  opened(closers, 1);
  second?.closer.close();
  opened(closers, 1);
  // Closing twice doesn't free a second slot.
  second?.closer.close();
  first?.closer.close(first.connection);
  await later(clock, 101);
  assert.equal(closers.take(), undefined);
});
