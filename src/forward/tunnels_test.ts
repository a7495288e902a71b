import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { PortLink, PortStream } from "../kube/client.ts";
import { PortError } from "../kube/failures.ts";
import { Tunnels } from "./tunnels.ts";

const stream = {} as PortStream;

/** Returns links that count their connections, and closes. */
function links() {
  const opened: (PortLink & { isSpent: boolean; opens: number; isClosed: boolean })[] = [];
  const dial = () => {
    const link = {
      isBlocked: false,
      isSpent: false,
      opens: 0,
      isClosed: false,
      ended: new Promise<string>(() => {}),
      end: undefined,
      probe() {},
      open() {
        link.opens++;
        return Promise.resolve(stream);
      },
      [Symbol.dispose]: () => void (link.isClosed = true),
    };
    opened.push(link);
    return Promise.resolve(link);
  };
  return { opened, dial };
}

Deno.test("Tunnels: a link on which the node reported an error gets no connection, and ends with its last one", async () => {
  const { opened, dial } = links();
  const tunnels = new Tunnels(dial, new ManualClock());
  const [refused, other] = [await tunnels.open(81), await tunnels.open(80)];
  assert.equal(opened.length, 1);
  opened[0]!.isSpent = true;
  refused.release();
  const next = await tunnels.open(80);
  assert.deepEqual(opened.map(({ opens, isClosed }) => [opens, isClosed]), [[2, false], [
    1,
    false,
  ]]);
  other.release();
  assert.deepEqual(opened.map(({ isClosed }) => isClosed), [true, false]);
  next.release();
  tunnels.close(new PortError("podGone", "it is over"));
  assert.deepEqual(opened.map(({ isClosed }) => isClosed), [true, true]);
});

Deno.test("Tunnels: closing them ends links that are spent and in use too", async () => {
  const { opened, dial } = links();
  const tunnels = new Tunnels(dial, new ManualClock());
  await tunnels.open(81);
  opened[0]!.isSpent = true;
  await tunnels.open(80);
  tunnels.close(new PortError("podGone", "it is over"));
  assert.deepEqual(opened.map(({ isClosed }) => isClosed), [true, true]);
});
