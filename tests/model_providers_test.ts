/** Every provider behind one interface, by its public wire format: answers, tools, and each of its errors. */
import assert from "node:assert/strict";
import { parseModelName, type ProviderId } from "../src/model/names.ts";
import { closedPort } from "../src/base/testing/closed_port.ts";
import type { ModelPart, ModelRequest } from "../src/model/model.ts";
import { exitCodeOfKind } from "../src/base/errors.ts";
import { ModelError } from "../src/model/model_error.ts";
import { openModel } from "../src/model/sdk.ts";
import { ProviderStandIn, type StandInReply, standInUsage } from "./harness/provider_stand_in.ts";

const names: Readonly<Record<ProviderId, string>> = {
  anthropic: "anthropic/claude-haiku-5-5",
  openai: "openai/gpt-5.4-mini",
  mistral: "mistral/mistral-small-latest",
  gemini: "gemini/gemini-2.5-pro",
  ollama: "ollama/llama3.2",
  compatible: "compatible/some-model",
};
const all = Object.keys(names) as ProviderId[];

const request: ModelRequest = {
  system: "Be brief.",
  messages: [{ role: "user", text: "Which pods run?" }],
  tools: [{
    name: "pods",
    description: "lists pods",
    inputSchema: { type: "object", properties: { namespace: { type: "string" } } },
  }],
  maxOutputTokens: 500,
};

async function ask(
  provider: ProviderId,
  url: string,
  asked: ModelRequest = request,
): Promise<ModelPart[]> {
  const parsed = parseModelName(names[provider]);
  assert.ok(parsed.kind === "model");
  const access = { key: "the-key", url, nowMs: () => Date.parse("2026-01-01T00:00:00Z") };
  const model = await openModel(parsed.model, access);
  return await Array.fromAsync(model.stream(asked, new AbortController().signal));
}

async function failure(provider: ProviderId, reply: StandInReply): Promise<ModelError> {
  await using standIn = new ProviderStandIn(() => reply);
  try {
    await ask(provider, standIn.url);
  } catch (error) {
    assert.ok(error instanceof ModelError, `${provider}: ${error}`);
    return error;
  }
  throw new Error(`${provider} answered`);
}

for (const provider of all) {
  Deno.test(`${provider}: an answer streams, and a tool's result is part of the next request`, async () => {
    await using standIn = new ProviderStandIn(({ before }) =>
      before === 0
        ? { text: "Let me see.", calls: [{ name: "pods", input: { namespace: "shop" } }] }
        : { text: "Two pods." }
    );
    const first = await ask(provider, standIn.url);
    assert.deepEqual(first[0], { kind: "text", text: "Let me see." });
    const [, called, finished] = first;
    assert.ok(called?.kind === "toolCall");
    assert.equal(called.call.name, "pods");
    assert.deepEqual(JSON.parse(called.call.input), { namespace: "shop" });
    assert.deepEqual(finished, { kind: "finished", reason: "toolCalls", usage: standInUsage });
    const { call } = called;
    const second = await ask(provider, standIn.url, {
      ...request,
      messages: [
        ...request.messages,
        { role: "assistant", text: "Let me see.", calls: [call] },
        {
          role: "tool",
          results: [{ id: call.id, name: "pods", text: "web-0 web-1", isError: false }],
        },
      ],
    });
    assert.deepEqual(second, [
      { kind: "text", text: "Two pods." },
      { kind: "finished", reason: "stop", usage: standInUsage },
    ]);
    const [asked, again] = standIn.turns;
    assert.equal(asked?.key, "the-key");
    assert.deepEqual(asked?.tools, ["pods"]);
    assert.match(asked?.body ?? "", /Be brief\./);
    assert.match(again?.toolResults.join() ?? "", /web-0 web-1/);
    assert.equal(asked?.model, names[provider].split("/")[1]);
  });

  Deno.test(`${provider}: an answer without its end is interrupted, and one that is too long says so`, async () => {
    const cut = await failure(provider, { text: "Two po", then: "end" });
    assert.equal(cut.failure, "interrupted", cut.message);
    assert.ok(cut.isTransient && cut.mayFallBack);
    await using standIn = new ProviderStandIn(() => ({ text: "Two", reason: "length" }));
    const parts = await ask(provider, standIn.url);
    assert.equal(parts.at(-1)?.kind === "finished" && parts.at(-1), parts.at(-1));
    assert.match(JSON.stringify(parts.at(-1)), /"reason":"length"/);
  });

  Deno.test(`${provider}: a server that isn't there is unreachable`, async () => {
    await assert.rejects(ask(provider, `http://127.0.0.1:${closedPort}`), {
      failure: "unreachable",
      message: new RegExp(`cannot reach .*: 127\\.0\\.0\\.1:${closedPort}: Connection refused`),
    });
  });
}

/** What each provider documents, and what it means. */
const errors: readonly [ProviderId, StandInReply, string, RegExp?][] = [
  ...([
    [400, "invalid_request_error", "messages: at least one message is required", "badRequest"],
    [400, "invalid_request_error", "Your credit balance is too low to access the API", "noCredit"],
    [400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum", "tooLong"],
    [401, "authentication_error", "invalid x-api-key", "refusedKey"],
    [403, "permission_error", "Your API key does not have permission", "refusedKey"],
    [404, "not_found_error", "model: claude-nope", "unknownModel"],
    [413, "request_too_large", "Request exceeds the maximum size", "tooLong"],
    [429, "rate_limit_error", "This request would exceed your rate limit", "rateLimited"],
    [500, "api_error", "Internal server error", "overloaded"],
    [504, "timeout_error", "The request took too long", "overloaded"],
    [529, "overloaded_error", "Overloaded", "overloaded"],
  ] as const).map(([status, type, message, failure]) =>
    [
      "anthropic",
      { status, body: { type: "error", error: { type, message }, request_id: "req_1" } },
      failure,
    ] as const
  ) as [ProviderId, StandInReply, string][],
  // Anthropic reports an overload within the stream too.
  [
    "anthropic",
    { text: "Two", then: { error: { type: "overloaded_error", message: "Overloaded" } } },
    "overloaded",
  ],
  ...(["openai", "compatible"] as const).flatMap((provider) =>
    ([
      [400, "invalid_request_error", null, "Unsupported value", "badRequest"],
      [
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "maximum context length",
        "tooLong",
      ],
      [
        401,
        "invalid_request_error",
        "invalid_api_key",
        "Incorrect API key: sk-abcdefgh",
        "refusedKey",
      ],
      [403, "invalid_request_error", "unsupported_country", "Country not supported", "refusedKey"],
      [
        404,
        "invalid_request_error",
        "model_not_found",
        "The model `x` does not exist",
        "unknownModel",
      ],
      [
        429,
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota",
        "noCredit",
      ],
      [429, "requests", "rate_limit_exceeded", "Rate limit reached", "rateLimited"],
      [500, "server_error", null, "The server had an error", "overloaded"],
      [503, "server_error", null, "The engine is currently overloaded", "overloaded"],
    ] as const).map(([status, type, code, message, failure]) =>
      [provider, { status, body: { error: { message, type, param: null, code } } }, failure] as [
        ProviderId,
        StandInReply,
        string,
      ]
    )
  ),
  ["mistral", { status: 401, body: { message: "Unauthorized", request_id: "1" } }, "refusedKey"],
  ["mistral", { status: 401, body: { detail: "Unauthorized" } }, "refusedKey"],
  [
    "mistral",
    {
      status: 400,
      body: { object: "error", message: "Invalid model: x", type: "invalid_model", code: "1500" },
    },
    "unknownModel",
  ],
  [
    "mistral",
    {
      status: 422,
      body: { object: "error", message: { detail: [{ type: "missing", loc: ["body"] }] } },
    },
    "badRequest",
    /missing/,
  ],
  ["mistral", { status: 429, body: { message: "Requests rate limit exceeded" } }, "rateLimited"],
  ["mistral", { status: 503, body: "upstream connect error" }, "overloaded"],
  ...([
    [400, "INVALID_ARGUMENT", "Request contains an invalid argument.", undefined, "badRequest"],
    [400, "INVALID_ARGUMENT", "API key not valid.", "API_KEY_INVALID", "refusedKey"],
    [
      400,
      "INVALID_ARGUMENT",
      "The input token count (2000000) exceeds the maximum number of tokens allowed",
      undefined,
      "tooLong",
    ],
    [
      403,
      "PERMISSION_DENIED",
      "Your API key doesn't have the required permissions.",
      undefined,
      "refusedKey",
    ],
    [404, "NOT_FOUND", "models/x is not found for API version v1beta", undefined, "unknownModel"],
    [429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", undefined, "rateLimited"],
    [500, "INTERNAL", "An internal error has occurred", undefined, "overloaded"],
    [503, "UNAVAILABLE", "The model is overloaded.", undefined, "overloaded"],
  ] as const).map(([code, status, message, reason, failure]) => {
    const details = reason === undefined ? [] : [{
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason,
    }];
    return [
      "gemini",
      { status: code, body: { error: { code, message, status, details } } },
      failure,
    ] as [
      ProviderId,
      StandInReply,
      string,
    ];
  }),
  [
    "ollama",
    {
      status: 404,
      body: {
        error: {
          message: 'model "x" not found, try pulling it first',
          type: "api_error",
          code: null,
        },
      },
    },
    "unknownModel",
  ],
  ["ollama", { status: 404, body: { error: "model 'x' not found" } }, "unknownModel"],
  ["ollama", { status: 401, body: { error: "unauthorized" } }, "refusedKey"],
  [
    "ollama",
    {
      status: 500,
      body: {
        error: { message: "model requires more system memory (5.6 GiB)", type: "api_error" },
      },
    },
    "overloaded",
    /more system memory/,
  ],
  ...all.map((provider): [ProviderId, StandInReply, string] => [
    provider,
    { status: 502, body: "<html>Bad gateway</html>" },
    "overloaded",
  ]),
];

Deno.test("an error of a provider has one meaning, and its message has the provider's own words", async () => {
  for (const [provider, reply, expected, words] of errors) {
    const error = await failure(provider, reply);
    const label = `${provider} ${JSON.stringify(reply)}: ${error.message}`;
    assert.equal(error.failure, expected, label);
    if (words !== undefined) assert.match(error.message, words, label);
    assert.doesNotMatch(error.message, /sk-abcdefgh|the-key|\n/, label);
  }
});

/** What kodama does about an error, as `docs/models.md` has it for each failure. */
function behaviourOf(error: ModelError): string {
  if (error.isTransient) return "further attempts, then the next model";
  return error.mayFallBack ? "the next model" : "an error at once";
}

/** What a provider's server answers, in few words. */
function replyText(reply: StandInReply): string {
  if (typeof reply === "object" && "status" in reply) {
    const body = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
    const [, code] = /"(?:code|type|reason|status)":"([\w.]*[a-zA-Z_]{3,}[\w.]*)"/.exec(
      body.replace('"type":"error"', ""),
    ) ?? [];
    const [, message] = /"(?:message|detail|error)":("(?:[^"\\]|\\.)*")/.exec(body) ?? [];
    return [
      reply.status,
      code,
      message && JSON.parse(message) as string || body.replaceAll(/[<>]/g, " ").trim(),
    ]
      .filter((part) => part !== undefined).join(" ");
  }
  return "an error within the stream";
}

Deno.test("docs/model-errors.md has each error of each provider: message, behaviour, exit code", async () => {
  const cell = (text: string) =>
    text.replaceAll("|", "\\|").replaceAll(/127\.0\.0\.1:\d+/g, "HOST");
  const rows: string[] = [];
  for (const [provider, reply, failureKind] of errors) {
    const error = await failure(provider, reply);
    const columns = [
      provider,
      replyText(reply),
      failureKind,
      error.message,
      behaviourOf(error),
      String(exitCodeOfKind(error.kind)),
    ];
    rows.push(`| ${columns.map(cell).join(" | ")} |`);
  }
  const page = new URL("../docs/model-errors.md", import.meta.url);
  const before = await Deno.readTextFile(page);
  const mark = "| provider |";
  const expected = [
    before.slice(0, before.indexOf(mark)) +
    "| provider | its answer | failure | kodama's message | then | exit code, if it is the last model |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  if (Deno.env.get("KODAMA_UPDATE_TABLES")) await Deno.writeTextFile(page, expected);
  else assert.equal(before, expected, "KODAMA_UPDATE_TABLES=1 writes the page");
});

Deno.test("a provider's own time for another attempt is read in each of its forms", async () => {
  const body = { error: { type: "rate_limit_error", message: "slow down" } };
  const table: [ProviderId, StandInReply, number | undefined][] = [
    ["anthropic", { status: 429, body, headers: { "retry-after": "7" } }, 7000],
    ["openai", { status: 429, body, headers: { "retry-after-ms": "250" } }, 250],
    [
      "mistral",
      { status: 429, body, headers: { "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" } },
      30_000,
    ],
    ["compatible", { status: 429, body, headers: { "retry-after": "soon" } }, undefined],
    [
      "gemini",
      {
        status: 429,
        body: {
          error: {
            code: 429,
            message: "quota",
            status: "RESOURCE_EXHAUSTED",
            details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34s" }],
          },
        },
      },
      34_000,
    ],
  ];
  for (const [provider, reply, expected] of table) {
    const { details } = await failure(provider, reply);
    assert.equal(details.retryAfterMs, expected, provider);
  }
});
