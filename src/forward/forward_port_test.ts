import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { PortError } from "../kube/failures.ts";
import type { Target } from "../kube/select/target.ts";
import { forwardPort } from "./forward_port.ts";
import { clientOfPods, type LinkBehaviour } from "./testing/pod_links.ts";
import { talkTo } from "./testing/talk.ts";

function target(pod: string): Target {
  return { context: "lab", namespace: "n", pod, container: "", node: "", ip: "" };
}

async function scene(
  pods: Record<string, LinkBehaviour[]>,
  later: string,
): Promise<{ answers: string[]; lines: string[] }> {
  const clock = new ManualClock();
  const lines: string[] = [];
  const { client } = clientOfPods(pods);
  await using forwarding = await forwardPort({ kube: () => Promise.resolve(client), clock }, {
    remote: 80,
    local: 0,
    target: target("web-a"),
    again: () => Promise.resolve(target(later)),
    onLine: (line) => void lines.push(line),
  });
  const answers: string[] = [];
  for (let times = 0; times < 2; times++) {
    answers.push(await clock.runUntil(talkTo(forwarding.port, "hello")));
  }
  return { answers, lines };
}

const gone = new KodamaError("notFound", 'pods "web-a" not found');
const away = new KodamaError("unreachable", "the server doesn't answer");

Deno.test("forwardPort(): a connection to a pod that is gone goes to its replacement", async () => {
  const { answers, lines } = await scene({ "web-a": [gone], "web-b": ["echo"] }, "web-b");
  assert.deepEqual(answers, ["web-b:hello", "web-b:hello"]);
  assert.deepEqual(lines, ["web-a is gone; it is web-b now"]);
});

Deno.test("forwardPort(): a server that is away for a while is waited for", async () => {
  const { answers, lines } = await scene({ "web-a": [away, away, "echo"] }, "web-a");
  assert.deepEqual(answers, ["web-a:hello", "web-a:hello"]);
  assert.deepEqual(lines, []);
});

Deno.test("forwardPort(): a pod that stays unreachable is reported for each connection", async () => {
  const { answers, lines } = await scene({ "web-a": [away] }, "web-a");
  assert.deepEqual(answers, ["", ""]);
  assert.deepEqual(lines, [
    "web-a:80: the server doesn't answer",
    "web-a:80: the server doesn't answer",
  ]);
});

Deno.test("forwardPort(): a forbidden request isn't retried, nor is a port without a listener", async () => {
  const no = new KodamaError("forbidden", "you may not");
  const refused = new PortError("refused", "connection refused");
  const { lines } = await scene({ "web-a": [no, refused], "web-b": ["echo"] }, "web-b");
  assert.deepEqual(lines, ["web-a:80: you may not", "web-a:80: connection refused"]);
});

Deno.test("forwardPort(): a deleted pod gets no new connection, although its link still answers", async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const { client, remove } = clientOfPods({ "web-a": ["echo"], "web-b": ["echo"] });
  let current = "web-a";
  await using forwarding = await forwardPort({ kube: () => Promise.resolve(client), clock }, {
    remote: 80,
    local: 0,
    target: target("web-a"),
    again: () => Promise.resolve(target(current)),
    onLine: (line) => void lines.push(line),
  });
  const talk = () => clock.runUntil(talkTo(forwarding.port, "hello"));
  assert.equal(await talk(), "web-a:hello");
  current = "web-b";
  remove("web-a");
  assert.equal(await talk(), "web-b:hello");
  assert.deepEqual(lines, ["web-a is gone; it is web-b now"]);
});
