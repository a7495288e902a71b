/**
 * Why a model gave no answer. Providers report the same failure in many forms; here each has one of a few kinds, which
 * decide whether it is retried, whether the next model is asked, and the text for a person.
 *
 * Sources: https://platform.claude.com/docs/en/api/errors, https://platform.openai.com/docs/guides/error-codes,
 * https://ai.google.dev/gemini-api/docs/troubleshooting, https://docs.mistral.ai/api,
 * https://github.com/ollama/ollama/blob/main/docs/api/errors.mdx
 */
import { type ErrorKind, KodamaError } from "../base/errors.ts";
import type { Hint } from "../base/hint.ts";
import { definedOnly, isRecord, jsonNesting } from "../base/json_value.ts";
import { plainText } from "../base/plain_text.ts";
import { modelText, type ProviderId, providers } from "./names.ts";

/** The kinds of failures. */
export type ModelFailure =
  /** The provider has no model of this name. */
  | "unknownModel"
  /** No key is configured. */
  | "missingKey"
  /** The provider doesn't accept the key, or the key may not use the model. */
  | "refusedKey"
  /** The account has no credit or quota left. */
  | "noCredit"
  /** There is no connection to the server. */
  | "unreachable"
  /** The server has too much to do at the moment, or an error of its own. */
  | "overloaded"
  /** Too many requests of this account within a short time. */
  | "rateLimited"
  /** The connection ended within the answer. */
  | "interrupted"
  /** No part of the answer arrived in time. */
  | "timeout"
  /** The conversation is longer than the model can read. */
  | "tooLong"
  /** The provider can't read the request: an error of kodama. */
  | "badRequest"
  /** The answer differs from the provider's documentation. */
  | "badAnswer";

const kindOf: Readonly<Record<ModelFailure, ErrorKind>> = {
  unknownModel: "notFound",
  missingKey: "config",
  refusedKey: "unauthorized",
  noCredit: "forbidden",
  unreachable: "unreachable",
  overloaded: "server",
  rateLimited: "server",
  interrupted: "unreachable",
  timeout: "timeout",
  tooLong: "server",
  badRequest: "server",
  badAnswer: "server",
};

/** The details of a failure besides its kind. */
interface FailureDetails {
  /** The full name of the model. */
  model: string;
  hint?: Hint;
  /** The HTTP status; absent if there was no response. */
  status?: number;
  /** The provider's own type or code: `overloaded_error`. */
  type?: string;
  /** The provider's message, without secrets and on a single line. */
  detail?: string;
  /** When the provider suggests another attempt, in milliseconds from now. */
  retryAfterMs?: number;
  cause?: unknown;
}

/** A model gave no answer. */
export class ModelError extends KodamaError {
  override readonly name = "ModelError";

  constructor(
    readonly failure: ModelFailure,
    message: string,
    readonly details: FailureDetails,
  ) {
    const { hint, cause } = details;
    super(kindOf[failure], message, {
      ...definedOnly({ hint, cause }),
    });
  }

  /**
   * Whether the failure passes by itself: the same request may succeed later, and nothing is wrong with it or with the
   * model.
   */
  get isTransient(): boolean {
    return ["overloaded", "rateLimited", "interrupted", "timeout"].includes(this.failure);
  }

  /** Another model may answer. A request that is wrong or too long isn't passed on: it would fail again, or cost more. */
  get mayFallBack(): boolean {
    return !["tooLong", "badRequest", "badAnswer"].includes(this.failure);
  }
}

/** A response of a provider that isn't an answer. */
interface ErrorResponse {
  provider: ProviderId;
  /** Without the provider. */
  model: string;
  /** 200 for an error within a stream. */
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Returns the error that a response stands for. `nowMs` is the time of day, for a date in `Retry-After`. */
export function errorOfResponse(response: ErrorResponse, nowMs: number): ModelError {
  const { provider, status } = response;
  const { message, types, retryDelayMs } = readBody(response.body);
  const failure = failureOf({ ...response, message, types });
  const model = modelText({ provider, name: response.model });
  const retryAfterMs = retryAfter(response.headers, nowMs) ?? retryDelayMs;
  const [type] = types;
  const detail = plainText(withoutKeys(message), 300);
  const text = modelMessage(failure, { provider, model, detail, status });
  return new ModelError(failure, text, {
    model,
    status,
    ...definedOnly({ type }),
    ...(detail === "" ? {} : { detail }),
    ...definedOnly({ retryAfterMs }),
    ...hintOf(failure, provider),
  });
}

/** Providers repeat a part of a refused key in their message. */
function withoutKeys(text: string): string {
  return text.replaceAll(/\b(?:sk-|AIza)[\w*.-]{4,}/g, "[redacted]");
}

interface ReadError {
  message: string;
  /** Types, codes and reasons, in the order of their precision. */
  types: string[];
  retryDelayMs: number | undefined;
}

/** `{error: {message, type, code, status, details}}`, or the same fields without `error`, or a text. */
function readBody(body: string): ReadError {
  const document = jsonOf(body);
  const outer: unknown = Array.isArray(document) ? document[0] : document;
  const inner = isRecord(outer) && outer["error"] !== undefined ? outer["error"] : outer;
  if (typeof inner === "string") return { message: inner, types: [], retryDelayMs: undefined };
  if (!isRecord(inner)) return { message: "", types: [], retryDelayMs: undefined };
  const details = Array.isArray(inner["details"]) ? inner["details"].filter(isRecord) : [];
  const types = [inner["code"], inner["type"], inner["status"], ...details.map((d) => d["reason"])]
    .filter((one) => typeof one === "string" && one !== "");
  const delay = details.map((one) => one["retryDelay"]).find((one) => typeof one === "string");
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(typeof delay === "string" ? delay : "")?.[1];
  const message = inner["message"] ?? inner["detail"];
  return {
    message: typeof message === "string"
      ? message
      : message === undefined
      ? ""
      : JSON.stringify(message),
    types: types as string[],
    retryDelayMs: seconds === undefined ? undefined : Number(seconds) * 1000,
  };
}

/** A failure that is nested deeper is none that a provider documents. */
const maxNesting = 100;

function jsonOf(body: string): unknown {
  if (jsonNesting(body) > maxNesting) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** The rules, the more specific rules first: a status alone has several meanings. */
function failureOf(
  { status, message, types }: { status: number; message: string; types: readonly string[] },
): ModelFailure {
  const has = (...names: string[]) => types.some((type) => names.includes(type));
  if (has("overloaded_error")) return "overloaded";
  if (
    has("insufficient_quota", "billing_error") || status === 402 ||
    /credit balance is too low/i.test(message)
  ) return "noCredit";
  if (
    has("context_length_exceeded", "request_too_large") || status === 413 ||
    /prompt is too long|too large for model|maximum context length|exceeds the maximum number of tokens/i
      .test(message)
  ) return "tooLong";
  if (
    has("API_KEY_INVALID", "invalid_api_key", "authentication_error", "permission_error") ||
    status === 401 || status === 403
  ) return "refusedKey";
  if (has("rate_limit_error", "rate_limit_exceeded", "RESOURCE_EXHAUSTED") || status === 429) {
    return "rateLimited";
  }
  if (
    has("model_not_found", "invalid_model") ||
    (status === 404 &&
      (has("not_found_error", "NOT_FOUND", "api_error") || /\bmodel/i.test(message)))
  ) return "unknownModel";
  if (status >= 500 || has("api_error", "server_error", "timeout_error")) return "overloaded";
  if (status === 408) return "timeout";
  return status === 200 ? "badAnswer" : "badRequest";
}

/** https://httpwg.org/specs/rfc9110.html#field.retry-after; `retry-after-ms` is OpenAI's and Anthropic's. */
function retryAfter(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const ms = Number(headers["retry-after-ms"] ?? NaN);
  if (ms >= 0) return ms;
  const text = headers["retry-after"];
  if (text === undefined || text.trim() === "") return undefined;
  const seconds = Number(text);
  if (seconds >= 0) return seconds * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

interface MessageParts {
  provider: ProviderId;
  model: string;
  /** The provider's own words; empty if there are none. */
  detail: string;
  status?: number;
}

/** Returns the text of a failure, which says whose it is. */
export function modelMessage(
  failure: ModelFailure,
  { provider, model, detail, status }: MessageParts,
): string {
  const { title } = providers[provider];
  const said = detail === "" ? "" : `: ${detail}`;
  const code = status === undefined || status === 200 ? "" : ` (HTTP ${status})`;
  switch (failure) {
    case "unknownModel":
      return `unknown model "${model}": ${title} has none of this name`;
    case "missingKey":
      return `no key for ${provider}, which ${model} needs`;
    case "refusedKey":
      return `${title} doesn't accept the key for ${model}${code}${said}`;
    case "noCredit":
      return `the account at ${title} has no credit left${code}${said}`;
    case "unreachable":
      return `cannot reach ${title}${said}`;
    case "overloaded":
      return `${title} can't answer at the moment${code}${said}`;
    case "rateLimited":
      return `too many requests to ${title}${code}${said}`;
    case "interrupted":
      return `the connection to ${title} ended within the answer${said}`;
    case "timeout":
      return `${title} didn't answer in time${said}`;
    case "tooLong":
      return `the conversation is too long for ${model}${code}${said}`;
    case "badRequest":
      return `${title} can't read the request${code}${said}`;
    case "badAnswer":
      return `${title} answered in a form that isn't documented${code}${said}`;
  }
}

function hintOf(failure: ModelFailure, provider: ProviderId): { hint?: Hint } {
  switch (failure) {
    case "refusedKey":
      return { hint: `check the key and what it may use, at ${providers[provider].title}` };
    case "overloaded":
    case "rateLimited":
      return { hint: "it passes by itself: try again in a few minutes" };
    default:
      return {};
  }
}
