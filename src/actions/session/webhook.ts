/**
 * Notices of agents to a webhook of the user's, signed by the rules of Standard Webhooks, for which most languages have
 * a library that verifies them. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { Deadline } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import { retry, type RetryPolicy } from "../../base/retry.ts";
import { mergedSettings } from "../../config/settings.ts";
import { settingSources } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";
import type { AgentNotice } from "./notices.ts";

/** Where notices are sent. */
export interface Webhook {
  url: string;
  key: Uint8Array<ArrayBuffer>;
}

const secretVariable = "KODAMA_WEBHOOK_SECRET";
const maxSecretBytes = 64 * 1024;
const shortestKey = 16;

/**
 * Returns the webhook of the settings; undefined if none is set.
 *
 * @throws KodamaError `config` if it has no secret, or its address isn't safe to send to.
 */
export async function configuredWebhook(host: Host): Promise<Webhook | undefined> {
  const { notify } = await mergedSettings(await settingSources(host));
  const url = notify?.webhook;
  if (url === undefined) return undefined;
  const { protocol, hostname } = new URL(url);
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
  if (protocol !== "https:" && !isLocal) {
    throw new KodamaError("config", `notify.webhook: ${hostname} is sent to without TLS`, {
      hint: "an address with https, or one of this machine",
    });
  }
  const path = notify?.webhookSecretFile;
  const text = host.env(secretVariable) ||
    (path === undefined
      ? undefined
      : await host.files.readText(absolutePath(path, host.places.configDir), maxSecretBytes));
  const key = secretKey(text ?? "");
  if (key.length >= shortestKey) return { url, key };
  throw new KodamaError(
    "config",
    `notify.webhook has no secret of at least ${shortestKey} bytes to sign with`,
    { hint: `set notify.webhookSecretFile, or the variable ${secretVariable}` },
  );
}

/** A secret with the prefix `whsec_` is base64; any other text is the key itself. */
function secretKey(text: string): Uint8Array<ArrayBuffer> {
  const secret = text.trim();
  if (!secret.startsWith("whsec_")) return new TextEncoder().encode(secret);
  try {
    return Uint8Array.fromBase64(secret.slice("whsec_".length));
  } catch {
    throw new KodamaError("config", "the secret of notify.webhook isn't base64 after whsec_");
  }
}

/** Returns the headers that sign a body. */
export async function signatureHeaders(
  key: Uint8Array<ArrayBuffer>,
  { id, at, body }: { id: string; at: Date; body: string },
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", imported, content));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature.toBase64()}`,
  };
}

const limitMs = 30_000;
const retries: RetryPolicy = { delayMs: 1000, maxDelayMs: 8000, jitter: 0.3, attempts: 5 };

/**
 * Sends a notice, and retries if the receiver isn't reached or answers with an error of its own. Several clients that
 * watch the same session send the same `webhook-id`.
 *
 * @throws KodamaError `unreachable` if it isn't received.
 */
export async function sendNotice(
  { clock }: Pick<Host, "clock">,
  { url, key }: Webhook,
  { notice, signal, send = fetch, random = Math.random }: {
    notice: AgentNotice;
    signal: AbortSignal;
    /** `fetch`, except in tests. */
    send?: typeof fetch;
    /** In [0, 1), for the jitter of retries. */
    random?: () => number;
  },
): Promise<void> {
  const { key: identity, at, state, ...data } = notice;
  const body = JSON.stringify({
    type: `agent.${state}`,
    timestamp: at.toISOString(),
    data: { ...data, state },
  });
  const hash = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity)),
  );
  const id = `msg_${hash.toHex().slice(0, 32)}`;
  using deadline = new Deadline(clock, limitMs, signal);
  await retry(async (ending) => {
    const signed = await signatureHeaders(key, { id, at: clock.now(), body });
    const headers = { "content-type": "application/json", ...signed };
    const answer = await send(url, {
      ...{ method: "POST", headers, body, redirect: "manual", signal: ending },
    }).catch((error: unknown) => {
      throw new KodamaError("unreachable", error instanceof Error ? error.message : String(error));
    });
    await answer.body?.cancel();
    if (answer.ok) return;
    const isTransient = answer.status >= 500 || answer.status === 429;
    throw new KodamaError(
      isTransient ? "unreachable" : "server",
      `it answered with ${answer.status}`,
    );
  }, {
    policy: retries,
    clock,
    signal: deadline.signal,
    random,
    mayRetry: (error) => error instanceof KodamaError && error.kind === "unreachable",
  });
}
