/**
 * An agent of the protocol's own TypeScript SDK, which checks each message that it gets, for tests: `deno run
 * acp_agent.ts STATE`. The prompt chooses its behaviour. STATE is a folder with a file for each session: its prompts.
 * With `--load` it can only load a session, which repeats its history; without, it resumes it.
 */
import { agent, ndJsonStream, RequestError } from "@agentclientprotocol/sdk";

const [state = ".", flag] = Deno.args;
const encoder = new TextEncoder();

const fileOf = (session: string) => `${state}/${session}`;
const promptsOf = (session: string) =>
  Deno.readTextFileSync(fileOf(session)).split("\n").filter((line) => line !== "");

const cancelled = new Map<string, () => void>();

const app = agent({ name: "test" })
  .onRequest("initialize", ({ params }) => ({
    protocolVersion: params.protocolVersion,
    agentCapabilities: flag === "--load"
      ? { loadSession: true }
      : { sessionCapabilities: { resume: {} } },
  }))
  .onRequest("session/new", ({ params }) => {
    const sessionId = crypto.randomUUID();
    Deno.writeTextFileSync(fileOf(sessionId), "");
    // It isn't JSON: as some agents talk on standard error.
    Deno.stderr.writeSync(encoder.encode(`works in ${params.cwd}\n`));
    return { sessionId };
  })
  .onRequest("session/resume", ({ params }) => {
    promptsOf(params.sessionId);
    return {};
  })
  .onRequest("session/load", async ({ params, client }) => {
    for (const prompt of promptsOf(params.sessionId)) {
      await say(client, params.sessionId, `history: ${prompt}`);
    }
    return {};
  })
  .onNotification("session/cancel", ({ params }) => cancelled.get(params.sessionId)?.())
  .onRequest("session/prompt", async ({ params: { sessionId, prompt }, client }) => {
    const [first] = prompt;
    const text = first?.type === "text" ? first.text : "";
    const before = promptsOf(sessionId);
    Deno.writeTextFileSync(fileOf(sessionId), `${text.replaceAll("\n", "|")}\n`, { append: true });
    const done = Promise.withResolvers<void>();
    cancelled.set(sessionId, done.resolve);
    if (text.startsWith("fail")) throw RequestError.authRequired();
    for (const word of ["after ", String(before.length), ": ", text]) {
      await say(client, sessionId, word);
    }
    if (text.startsWith("wait")) await done.promise;
    if (!text.startsWith("tool")) {
      return { stopReason: text.startsWith("wait") ? "cancelled" : "end_turn" };
    }
    const toolCallId = "call/1";
    const call = { toolCallId, title: "Write a file", kind: "edit" } as const;
    await client.notify("session/update", {
      sessionId,
      update: { sessionUpdate: "tool_call", ...call, status: "pending" },
    });
    const { outcome } = await client.request("session/request_permission", {
      sessionId,
      toolCall: { ...call, rawInput: { path: "a\tb", text: 'say "hi" \\' } },
      options: [
        { optionId: "always: yes", name: "Always", kind: "allow_always" },
        { optionId: 'on"ce', name: "Yes", kind: "allow_once" },
        { optionId: "no", name: "No", kind: "reject_once" },
      ],
    });
    const answer = outcome.outcome === "selected" ? outcome.optionId : outcome.outcome;
    // Not among kodama's abilities: it gets an error, and goes on.
    const refused = await client.request("fs/read_text_file", { sessionId, path: "/etc/hosts" })
      .then(() => "read", ({ code }) => String(code));
    await client.notify("session/update", {
      sessionId,
      update: {
        sessionUpdate: "tool_call_update",
        toolCallId,
        status: answer === "no" ? "failed" : "completed",
        content: [{ type: "content", content: { type: "text", text: `${answer} ${refused}` } }],
      },
    });
    await client.notify("session/update", {
      sessionId,
      update: {
        sessionUpdate: "usage_update",
        used: 10,
        size: 1000,
        cost: { amount: (before.length + 1) * 0.25, currency: "USD" },
      },
    });
    return { stopReason: answer === "cancelled" ? "cancelled" : "end_turn" };
  });

async function say(client: ClientOf<typeof app>, sessionId: string, text: string): Promise<void> {
  await client.notify("session/update", {
    sessionId,
    update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
  });
}

type ClientOf<T extends { connect(stream: never): { client: unknown } }> = ReturnType<
  T["connect"]
>["client"];

await app.connect(ndJsonStream(Deno.stdout.writable, Deno.stdin.readable)).closed;
