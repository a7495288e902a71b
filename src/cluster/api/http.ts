/** HTTP requests and answers. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Api } from "./api.ts";
import { asApiError, type Gate } from "./gate.ts";
import type { ApiResponse } from "./message.ts";
import { type ApiError, failure } from "./status.ts";

/** The context in which every request is answered. */
export interface Answering {
  api: Api;
  gate: Gate;
  /** The server ends: so does every answer. */
  ending: AbortSignal;
}

/** As on a real server: etcd's limit, and a little more. */
const bodyLimitBytes = 3 * 1024 * 1024;

/** Answers a request in any case: an error becomes its Status. */
export async function answer(
  { api, gate, ending }: Answering,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, ending]);
  const record = gate.record(request);
  try {
    const { user, route, path, query, headers } = gate.enter(request, record);
    const body = await readBody(request);
    const method = request.method ?? "GET";
    const answered = await api({ method, path, query, headers, user, body, signal }, route);
    await send(response, answered, signal);
    record.end(answered.kind === "stream" ? 200 : answered.code);
  } catch (error) {
    const refusal = asApiError(error);
    sendError(response, refusal);
    record.end(refusal.code, refusal.status.reason);
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > bodyLimitBytes) {
      const message = `limit is ${bodyLimitBytes}`;
      throw failure(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);
    }
    chunks.push(chunk);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
}

function sendError(response: ServerResponse, error: ApiError): void {
  // The answer had started: only cutting it off still informs the client.
  if (response.headersSent) {
    response.destroy();
    return;
  }
  sendJson(response, error.code, error.status, {});
}

function sendJson(
  response: ServerResponse,
  code: number,
  body: unknown,
  headers: Record<string, string | string[]>,
): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(body)}\n`);
  response.writeHead(code, {
    "content-type": "application/json",
    "cache-control": "no-cache, private",
    "content-length": bytes.length,
    ...headers,
  });
  response.end(bytes);
}

async function send(
  response: ServerResponse,
  answered: ApiResponse,
  signal: AbortSignal,
): Promise<void> {
  switch (answered.kind) {
    case "json": {
      const { contentType, warnings = [] } = answered;
      sendJson(response, answered.code, answered.body, {
        ...(contentType ? { "content-type": contentType } : {}),
        ...(warnings.length > 0 ? { warning: warnings.map(warningLine) } : {}),
      });
      return;
    }
    case "text":
      response.writeHead(answered.code, { "content-type": "text/plain; charset=utf-8" });
      response.end(answered.text);
      return;
    case "bytes":
      response.writeHead(answered.code, { "content-type": answered.contentType });
      response.end(answered.bytes);
      return;
    case "stream":
      return await sendStream(response, answered, signal);
  }
}

/** https://www.rfc-editor.org/rfc/rfc7234#section-5.5 with the code that Kubernetes uses. */
function warningLine(text: string): string {
  return `299 - ${JSON.stringify(text)}`;
}

async function sendStream(
  response: ServerResponse,
  { contentType, chunks }: Extract<ApiResponse, { kind: "stream" }>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "content-type": contentType, "cache-control": "no-cache, private" });
  // A watch sends its headers at once, though nothing may change for hours.
  response.flushHeaders();
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) return;
      if (!response.write(chunk)) await once(response, "drain", { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    response.end();
  }
}
