import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { sampleSession } from "../../session/testing/session.ts";
import type { SessionRow } from "./events.ts";
import { noticesOf } from "./notices.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { configuredWebhook, sendNotice, signatureHeaders } from "./webhook.ts";

const at = new Date("2026-01-01T00:00:00Z");
const { signal } = new AbortController();

/** A session whose agent has this task; none without a number. */
function row(number: number, state: string): SessionRow {
  const status = { state, ...(state === "waiting" ? { for: "Bash" } : {}) };
  const task = number === 0 ? {} : { task: { number, status } };
  const session = sampleSession();
  return { kind: "session", session, ...task } as unknown as SessionRow;
}

Deno.test("`noticesOf()` has each task that waits or has ended once, and nothing of before", () => {
  const known = new Map<string, string>();
  const steps: [number, string, string | undefined][] = [
    [1, "done", undefined],
    [2, "working", undefined],
    [0, "", undefined],
    [2, "waiting", "2 waiting Bash"],
    [2, "waiting", undefined],
    [2, "working", undefined],
    [2, "done", "2 done undefined"],
    [3, "failed", "3 failed undefined"],
  ];
  for (const [number, state, notice] of steps) {
    const found = noticesOf(known, [row(number, state)], { context: "lab", at })
      .map(({ task, state, reason }) => `${task} ${state} ${reason}`);
    assert.deepEqual(found, notice === undefined ? [] : [notice]);
  }
});

Deno.test("`configuredWebhook()` refuses an address without TLS and a secret that could be guessed", async () => {
  const webhook = (url: string, secret: string) =>
    configuredWebhook(
      simulatedHost({}, {
        files: { "/config/config.yaml": `notify:\n  webhook: ${url}\n` },
        env: { KODAMA_WEBHOOK_SECRET: secret },
      }).host,
    );
  const secret = "0123456789abcdef";
  const rejected = (url: string, secret: string, message: RegExp) =>
    assert.rejects(
      webhook(url, secret),
      (error) =>
        error instanceof KodamaError && error.kind === "config" && message.test(error.message),
    );
  for (const url of ["https://hooks.example.com/x", "http://127.0.0.1:8080/", "http://[::1]/"]) {
    const key = new TextEncoder().encode(secret);
    assert.deepEqual(await webhook(url, ` ${secret}\n`), { url, key });
  }
  for (const url of ["http://hooks.example.com/x", "http://localhost.example.com/"]) {
    await rejected(url, secret, /is sent to without TLS/);
  }
  for (const short of ["", secret.slice(1), `whsec_${btoa(secret.slice(1))}`]) {
    await rejected("https://hooks.example.com/x", short, /no secret of at least 16 bytes/);
  }
  await rejected("https://hooks.example.com/x", "whsec_%", /isn't base64/);
});

Deno.test("a webhook's signature is that of Standard Webhooks", async () => {
  // The example of the specification's own libraries.
  const headers = await signatureHeaders(
    Uint8Array.fromBase64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      at: new Date(1_614_265_330_000),
      body: '{"test": 2432232314}',
    },
  );
  assert.equal(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

Deno.test("a notice is sent until it is received; one that is refused isn't sent again", async () => {
  const known = new Map<string, string>();
  noticesOf(known, [row(1, "working")], { context: "lab", at });
  const [notice] = noticesOf(known, [row(1, "waiting")], { context: "lab", at });
  assert.ok(notice);
  const webhook = { url: "https://hooks.example.com/x", key: new Uint8Array(32) };
  const clock = new ManualClock();
  const random = () => 0.5;
  const sent = async (answers: readonly number[], delaysMs: readonly number[] = []) => {
    const requests: RequestInit[] = [];
    const send: typeof fetch = (_url, init) => {
      requests.push(init ?? {});
      const status = answers[requests.length - 1] ?? 0;
      return status === 0 ? Promise.reject(new TypeError("refused")) : Promise.resolve(
        new Response(null, { status }),
      );
    };
    const sending = sendNotice({ clock }, webhook, { notice, signal, send, random });
    for (const delayMs of delaysMs) {
      await clock.waitedFor(delayMs);
      clock.advance(delayMs);
    }
    await sending;
    return requests;
  };
  const requests = await sent([0, 503, 204], [1000, 2000]);
  const ids = requests.map(({ headers }) => new Headers(headers).get("webhook-id"));
  assert.deepEqual([ids.length, new Set(ids).size], [3, 1]);
  assert.deepEqual(JSON.parse(String(requests[0]?.body)), {
    type: "agent.waiting",
    timestamp: "2026-01-01T00:00:00.000Z",
    data: {
      ...{ context: "lab", namespace: "dev", session: "my-work", owner: "jane" },
      ...{ task: 1, state: "waiting", reason: "Bash" },
    },
  });
  await assert.rejects(
    sent([403, 204]),
    (error) => error instanceof KodamaError && error.message === "it answered with 403",
  );
});
