import assert from "node:assert/strict";
import type { ModelError } from "./model_error.ts";
import { modelText, parseModelName, type ProviderId, providerIds } from "./names.ts";
import { openModel } from "./sdk.ts";

const request = {
  system: "",
  messages: [{ role: "user" as const, text: "which pods run?" }],
  tools: [],
  maxOutputTokens: 100,
};

/** Returns the error of a question to a provider whose server gives this answer. */
async function failureOf(
  provider: ProviderId,
  key: string,
  answer: (request: Request) => Response,
): Promise<ModelError> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  const url = `http://127.0.0.1:${server.addr.port}`;
  const model = await openModel({ provider, name: "m" }, { key, url, nowMs: () => 0 });
  const error: ModelError = await Array.fromAsync(
    model.stream(request, new AbortController().signal),
  ).then(() => assert.fail("it ended"), (thrown) => thrown);
  await server.shutdown();
  return error;
}

Deno.test("openModel() sends the key and the conversation to no server that an answer redirects to", async () => {
  const sent: string[] = [];
  const other = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    sent.push(url);
    return new Response();
  });
  const origin = `http://localhost:${other.addr.port}`;
  for (const provider of providerIds) {
    for (const status of [301, 302, 303, 307, 308]) {
      const headers = { location: `${origin}/v1?x` };
      const answer = () => new Response(null, { status, headers });
      const { failure, message } = await failureOf(provider, "key", answer);
      const name = `${modelText({ provider, name: "m" })} ${status}`;
      assert.deepEqual([failure, sent], ["unreachable", []], name);
      assert.ok(message.includes(`it redirects to ${origin}, and the conversation isn't`), message);
    }
  }
  await other.shutdown();
});

Deno.test("openModel() repeats no key that a server writes into its failure", async () => {
  const key = "a-key-without-a-known-form";
  const events = { "content-type": "text/event-stream" };
  const answers: Record<string, () => Response> = {
    "a status": () =>
      Response.json({ error: { message: `${key} is wrong`, code: key } }, { status: 401 }),
    "no JSON": () => new Response(`data: {"a":${key}}\n\n`, { headers: events }),
    "an event": () =>
      new Response(
        `data: ${JSON.stringify({ error: { message: `${key} is wrong`, type: key } })}\n\n`,
        {
          headers: events,
        },
      ),
  };
  for (const provider of providerIds) {
    for (const [name, answer] of Object.entries(answers)) {
      const { message, details: { cause: _, ...details } } = await failureOf(provider, key, answer);
      assert.ok(
        !`${message} ${JSON.stringify(details)}`.includes(key),
        `${provider}, ${name}: ${message}`,
      );
    }
  }
});

Deno.test("openModel() ends an answer whose line doesn't end", async () => {
  let sent = 0;
  const block = new Uint8Array(1 << 20).fill(120);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    const body = new ReadableStream({
      pull(controller) {
        sent += block.length;
        controller.enqueue(sent === block.length ? new TextEncoder().encode("data: ") : block);
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const name = parseModelName("compatible/x");
  assert.ok(name.kind === "model");
  const access = { key: undefined, url: `http://127.0.0.1:${server.addr.port}`, nowMs: () => 0 };
  const model = await openModel(name.model, access);
  const stop = new AbortController();
  const error: ModelError = await Array.fromAsync(model.stream(request, stop.signal))
    .then(() => assert.fail("it ended"), (thrown) => thrown);
  assert.equal(error.failure, "badAnswer");
  assert.match(error.message, /larger than 4 MiB/);
  stop.abort();
  await server.shutdown();
  assert.ok(sent < 64 << 20, `${sent} bytes`);
});
