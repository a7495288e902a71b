import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { ForwardChannel, KubeClient } from "../kube/client.ts";
import type { Target } from "../kube/select/target.ts";
import { forwardPort } from "./forward_port.ts";

function target(pod: string): Target {
  return { context: "lab", namespace: "n", pod, container: "", node: "", ip: "" };
}

/** Returns a stream to a pod that sends its name and echoes its input. */
function echo(pod: string): ForwardChannel {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(`${pod}:`)),
  });
  return {
    readable,
    writable,
    failure: Promise.resolve(undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Pods by name: the result of each attempt to reach them, the last one for all that follow. */
type Pods = Readonly<Record<string, (KodamaError | "echo")[]>>;

async function scene(pods: Pods, later: string): Promise<{ answers: string[]; lines: string[] }> {
  const clock = new ManualClock();
  const lines: string[] = [];
  const kube = () =>
    Promise.resolve({
      forward: ({ pod }: { pod: string }) => {
        const [now, ...rest] = pods[pod] ?? [];
        if (rest.length > 0) pods[pod]?.shift();
        return now === "echo" ? Promise.resolve(echo(pod)) : Promise.reject(now);
      },
    } as unknown as KubeClient);
  await using forwarding = forwardPort({ kube, clock }, {
    remote: 80,
    local: 0,
    target: target("web-a"),
    again: () => Promise.resolve(target(later)),
    onLine: (line) => void lines.push(line),
  });
  const answers: string[] = [];
  for (let times = 0; times < 2; times++) {
    const talk = talkTo(forwarding.port);
    answers.push(await clock.runUntil(talk));
  }
  return { answers, lines };
}

async function talkTo(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("hello"));
  await connection.closeWrite();
  const buffer = new Uint8Array(64);
  let text = "";
  for (let count; (count = await connection.read(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

const gone = new KodamaError("notFound", 'pods "web-a" not found');
const away = new KodamaError("unreachable", "the server doesn't answer");

Deno.test("a connection to a pod that is gone goes to the one that took its place", async () => {
  const { answers, lines } = await scene({ "web-a": [gone], "web-b": ["echo"] }, "web-b");
  assert.deepEqual(answers, ["web-b:hello", "web-b:hello"]);
  assert.deepEqual(lines, ["web-a is gone; it is web-b now"]);
});

Deno.test("a server that is away for a while is waited for", async () => {
  const { answers, lines } = await scene({ "web-a": [away, away, "echo"] }, "web-a");
  assert.deepEqual(answers, ["web-a:hello", "web-a:hello"]);
  assert.deepEqual(lines, []);
});

Deno.test("an unreachable pod is reported once, and the connection is closed", async () => {
  const { answers, lines } = await scene({ "web-a": [away] }, "web-a");
  assert.deepEqual(answers, ["", ""]);
  assert.deepEqual(lines, ["web-a:80: the server doesn't answer"]);
});

Deno.test("what is forbidden isn't asked again", async () => {
  const no = new KodamaError("forbidden", "you may not");
  const { lines } = await scene({ "web-a": [no, "echo"], "web-b": ["echo"] }, "web-b");
  assert.deepEqual(lines, ["web-a:80: you may not"]);
});
