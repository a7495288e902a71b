/** Maps errors of a server or the network to one `KodamaError`: kind, message, hint. */
import { hint } from "../base/hint.ts";
import { KodamaError } from "../base/errors.ts";
import type { ErrorKind, KodamaErrorOptions } from "../base/errors.ts";
import { plainText } from "../base/plain_text.ts";
import { ProxyError } from "./link/link.ts";
import { linkErrorText } from "./streams/keepalive.ts";
import type { Status } from "./types.ts";

/** The context and server that a message names. */
export interface ServerRef {
  context: string;
  server: string;
  /** When the client certificate expired; absent if it hasn't, or there is none. */
  expiredAt?: Date | undefined;
}

/**
 * 410: the server no longer has the requested version (a page of an old list, a watch's old version). Request it again.
 */
export class ExpiredError extends KodamaError {
  override readonly name = "ExpiredError";

  constructor(message: string) {
    super("server", message, { hint: "it changed while it was being read: try again" });
  }
}

/**
 * How much of a request had been sent when its link failed: `nothing` was carried out and a retry is safe, `all` may
 * have been carried out, `some` if no more is known.
 */
export type Sent = "nothing" | "some" | "all";

/** A network error: a request got no answer. */
export class LinkError extends KodamaError {
  override readonly name = "LinkError";

  constructor(
    message: string,
    readonly failure: { at: ServerRef; reason: string; sent: Sent },
    options: KodamaErrorOptions = {},
  ) {
    super("unreachable", message, options);
  }
}

/** A connection to a pod's port didn't end in order. */
export class PortError extends Error {
  override readonly name = "PortError";

  /**
   * @param reason `refused`: nothing listens, so that no byte has reached the pod; `podGone`: nor is there a pod; `cut`:
   *   the server reset the connection; `linkLost`: the link to the cluster broke.
   */
  constructor(readonly reason: "refused" | "podGone" | "cut" | "linkLost", message: string) {
    super(message);
  }
}

/** The server refused the request itself (a status from 400 to 499): a retry is refused again. */
class RefusedRequestError extends KodamaError {}

/**
 * Returns whether nothing has reached the server. Then even a request that must not be carried out twice may be
 * retried, and the server may be up by then.
 */
export function isUnsent(error: unknown): error is LinkError {
  return error instanceof LinkError && error.failure.sent === "nothing";
}

/**
 * Returns whether an idempotent request is worth retrying after this error: the server wasn't reached, didn't answer in
 * time, or failed itself. A refusal with a reason would be repeated.
 */
export function isTransient(error: unknown): error is KodamaError {
  return error instanceof KodamaError && !(error instanceof RefusedRequestError) &&
    (error.kind === "unreachable" || error.kind === "timeout" || error.kind === "server");
}

/** How long refusals are retried that may be due to a restart. */
const refusalLimitMs = 60_000;

/**
 * Which errors may be those of a server's restart: the transient ones, and for a minute refusals too. A server that has
 * just started refuses what it allows moments later, when it has read the roles; so does one of several that hasn't
 * seen a new Role yet.
 */
export class RestartErrors {
  #refusedSinceMs: number | undefined;

  constructor(private readonly clock: { elapsedMs(): number }) {}

  /** Returns whether the request is worth a retry after this error. */
  mayRetry(error: unknown): boolean {
    const isRefusal = error instanceof KodamaError &&
      (error.kind === "forbidden" || error.kind === "unauthorized");
    if (!isRefusal) return isTransient(error);
    this.#refusedSinceMs ??= this.clock.elapsedMs();
    return this.clock.elapsedMs() - this.#refusedSinceMs < refusalLimitMs;
  }

  /** A request has succeeded: the next refusal begins another minute. */
  reset(): void {
    this.#refusedSinceMs = undefined;
  }
}

/** Returns the error of an answer that isn't a success. `body` may be a `Status`, or any text. */
export function responseError(code: number, body: string, at: ServerRef): KodamaError {
  const status = parseStatus(body);
  const message = plainText(status?.message ?? "") || tooLong(code) || plainText(body, 200) ||
    `HTTP status ${code}`;
  if (code === 410) return new ExpiredError(`${message} (${serverText(at)})`);
  const kind = kindOfCode(code, status?.reason);
  const hint = /HTTP request to an HTTPS server/.test(body)
    ? "it is a TLS port: the server in the kubeconfig must start with https://"
    : hintOf(kind, message, at);
  // 429 is the only transient refusal: the server is busy.
  const isFinal = kind === "server" && code >= 400 && code < 500 && code !== 429;
  const Failure = isFinal ? RefusedRequestError : KodamaError;
  return new Failure(kind, `${message} (${serverText(at)})`, hint === undefined ? {} : { hint });
}

/** A refusal with the server's message. */
export interface Refusal {
  code: number;
  /** May be a `Status`, or any text. */
  body: string;
}

/**
 * Returns the error of a stream that the server opened by neither protocol. A WebSocket is a GET, which RBAC checks as
 * the verb `get`; SPDY is a POST, so `create`. The refusal of the POST says which right is missing; if the server has
 * no SPDY, both rights are. An answer of the API itself counts more than the text of a proxy.
 * https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-verb-resource
 */
export function upgradeError(
  { get, post }: { get?: Refusal; post?: Refusal },
  at: ServerRef,
): KodamaError {
  const counts = get === undefined || (post !== undefined &&
    (get.code === 403
      ? !refusesSpdy(post)
      : parseStatus(get.body) === undefined && parseStatus(post.body) !== undefined));
  if (counts) return responseError(post?.code ?? 0, post?.body ?? "", at);
  const error = responseError(get.code, get.body, at);
  if (post === undefined || error.kind !== "forbidden") return error;
  return new KodamaError("forbidden", error.message, {
    hint: hint`${error.hint ?? ""} (${
      plainText(serverText(at))
    } accepts WebSocket only, so both "get" and "create" are needed)`,
  });
}

/** Returns whether the server, or a proxy in front of it, may have refused the protocol and not the request. */
export function refusesSpdy({ code }: Refusal): boolean {
  return [101, 400, 405, 426, 501].includes(code);
}

/** 414 and 431 come from the HTTP server below the API, which has no better message. */
function tooLong(code: number): string | undefined {
  return code === 414 || code === 431
    ? "the request is too long for the server (the words and variables of a command are part of it)"
    : undefined;
}

/**
 * Returns the error of a request that got no answer. An error that is neither the network's nor the runtime's but
 * kodama's own bug is returned unchanged: reported as an unreachable server, it would never be found.
 *
 * @param sentAll the complete request is known to be sent.
 */
export function linkError<E>(error: E, at: ServerRef, sentAll = false): KodamaError | E {
  if (error instanceof KodamaError) return error;
  const denied = permissionError(error);
  if (denied !== undefined) return denied;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new KodamaError("timeout", `no answer in time from ${serverText(at)}`, { cause: error });
  }
  if (error instanceof DOMException && error.name === "AbortError") {
    return new KodamaError("cancelled", `stopped while asking ${serverText(at)}`, { cause: error });
  }
  const text = errorText(error);
  const known = causes.find(({ pattern }) => pattern.test(text));
  if (error instanceof ProxyError) {
    return proxyError(error, known?.reason ?? plainText(error.message, 300), at);
  }
  if (known === undefined && isBug(error)) return error;
  const reason = known?.reason ?? (plainText(text, 300) || "the link broke");
  const sent = sentAll ? "all" : known?.dialling === true ? "nothing" : "some";
  return new LinkError(`cannot reach ${serverText(at)}: ${reason}`, { at, reason, sent }, {
    cause: error,
    ...(known === undefined
      ? {}
      : { hint: known.ofClient === true ? expiryText(at) ?? known.hint : known.hint }),
  });
}

function proxyError({ proxy, cause }: ProxyError, reason: string, at: ServerRef): LinkError {
  const text = `its proxy ${proxy}: ${reason}`;
  return new LinkError(
    `cannot reach ${serverText(at)}: ${text}`,
    { at, reason: text, sent: "nothing" },
    {
      hint: "is the proxy running? proxy-url in the kubeconfig, or HTTPS_PROXY, names it",
      cause,
    },
  );
}

/** Undefined if the client certificate hasn't expired. */
function expiryText({ expiredAt }: ServerRef): string | undefined {
  return expiredAt &&
    `the client certificate in the kubeconfig expired on ${
      expiredAt.toISOString().slice(0, 16).replace("T", " ")
    } UTC: log in again, or have it renewed`;
}

/** Returns the error of a server that accepted a request and doesn't answer. */
export function noResponseError(at: ServerRef, limitMs: number): KodamaError {
  return new KodamaError("unreachable", `${serverText(at)}: no answer in ${limitMs / 1000}s`, {
    hint: "is it the address of a Kubernetes API server, and does that respond?",
  });
}

/** Returns the sandbox's refusal with a way out for the user; undefined for any other error. */
export function permissionError(error: unknown): KodamaError | undefined {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; depth++) {
    if (cause instanceof Deno.errors.NotCapable) {
      const required = /requires (\w+) access(?: to "?([^",]+)"?)?/i.exec(cause.message);
      const [what, thing] = [required?.[1] ?? "some", plainText(required?.[2] ?? "", 200)];
      const flag = `--allow-${what}${thing === "" ? "" : `=${thing}`}`;
      return new KodamaError(
        "environment",
        `not allowed: ${what} access${thing === "" ? "" : ` to ${thing}`}`,
        {
          hint: what === "run" && thing !== ""
            ? `allow it with KODAMA_ALLOW_RUN=${thing}`
            : `kodama is sandboxed; allow it with ${flag}`,
          cause: error,
        },
      );
    }
    cause = cause.cause;
  }
  return undefined;
}

/** Returns a `Status` of the API, or undefined if the text isn't one. */
export function parseStatus(text: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isStatus(value: unknown): value is Status {
  if (typeof value !== "object" || value === null || !("status" in value)) return false;
  const { status, message, reason, details } = value as Record<string, unknown>;
  return (status === "Success" || status === "Failure") &&
    (message === undefined || typeof message === "string") &&
    (reason === undefined || typeof reason === "string") &&
    (details === undefined || details === null || typeof details === "object");
}

function kindOfCode(code: number, reason: string | undefined): ErrorKind {
  if (code === 401) return "unauthorized";
  if (code === 403) return "forbidden";
  if (code === 404) return "notFound";
  // 409 is AlreadyExists or Conflict; both are "not in this state".
  if (code === 409) return "conflict";
  if (code === 408 || code === 504 || reason === "Timeout") return "timeout";
  if (code === 502 || code === 503) return "unreachable";
  return "server";
}

/** Rules of a cluster by the words with which it refuses what breaks them, and what to do about them. */
const rules: readonly (readonly [words: RegExp, hint: string])[] = [
  [
    /(?:exceeded|failed) quota/,
    "kubectl describe quota shows what is used, and how much there is",
  ],
  [
    /(?:minimum|maximum) \S+ usage per |max limit to request ratio per /,
    "kubectl describe limits shows the least and the most",
  ],
  [/unable to validate against any security context constraint/, idHint()],
  [
    /violates PodSecurity/,
    "the namespace's label pod-security.kubernetes.io/enforce sets the standard",
  ],
  [/runAsUser|runAsGroup|fsGroup/, idHint()],
  [
    /ImagePullBackOff|ErrImagePull|InvalidImageName|pull(?:ing)? image/,
    "the setting defaults.imagePullSecrets names Secrets with the credentials of registries",
  ],
  [/no PriorityClass with name/, "kubectl get priorityclasses lists them"],
  [
    /denied (?:the )?request/,
    "it is a policy of the cluster, and no missing right; of the pods that kodama makes, the settings defaults.labels, " +
    "defaults.annotations and defaults.runAsUser can be changed",
  ],
];

function idHint(): string {
  return "the setting defaults.runAsUser sets the user id; any leaves it to the cluster";
}

/** Returns what to do about a rule of the cluster; undefined unless a message is a refusal by such a rule. */
export function ruleHint(message: string): string | undefined {
  return rules.find(([words]) => words.test(message))?.[1];
}

function hintOf(kind: ErrorKind, message: string, at: ServerRef): string | undefined {
  const kubectl = at.context === "" ? "kubectl" : `kubectl --context ${at.context}`;
  if (kind === "unauthorized") {
    return expiryText(at) ??
      `the credentials of this context are missing, wrong or expired: log in again, then try ${kubectl} auth whoami`;
  }
  // A policy refuses with the code of its choice.
  const rule = kind === "forbidden" || kind === "server" ? ruleHint(message) : undefined;
  if (rule !== undefined) return rule;
  if (kind === "forbidden") {
    const list = `${[kubectl, "auth", "can-i", "--list"].join(" ")} shows what is allowed`;
    const missing = /cannot ([a-z]+) resource "([a-z0-9./-]+)"/.exec(message);
    return missing === null
      ? list
      : `a role must allow the verb "${missing[1]}" on "${missing[2]}"; ${list}`;
  }
  return undefined;
}

/**
 * Messages of the runtime's and node's network errors, in plain language. `dialling`: no connection was made;
 * `ofClient`: the client certificate is refused.
 */
const causes: readonly {
  pattern: RegExp;
  reason: string;
  hint: string;
  dialling?: true;
  ofClient?: true;
}[] = [
  {
    pattern: /invalid HTTP version|HPE_INVALID|not an HTTP answer/i,
    reason: "it does not speak HTTP",
    hint: "if it is a TLS port, the server in the kubeconfig must start with https://",
  },
  {
    pattern: /InvalidContentType|WRONG_VERSION_NUMBER|wrong version number/i,
    reason: "it does not speak TLS",
    hint: "if it is a plain HTTP port, the server in the kubeconfig must start with http://",
  },
  {
    pattern: /requests to port \d+ are blocked/i,
    reason: "it is a port that no HTTP client may connect to",
    hint: "is the port of the server in the kubeconfig right?",
    dialling: true,
  },
  {
    pattern: /close_notify|handshake eof|connection (?:was )?closed before/i,
    reason: "the server closed the connection without an answer",
    hint:
      "it may be restarting, or a proxy is in between: try again; a TLS port needs https:// in the kubeconfig",
  },
  {
    pattern: /ECONNREFUSED|connection refused/i,
    reason: "connection refused",
    hint: "is the API server running, and the address in the kubeconfig right?",
    dialling: true,
  },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|failed to lookup address|dns error|name or service not known/i,
    reason: "no such host name",
    hint: "is the name in the kubeconfig right, and the VPN up?",
  },
  {
    pattern:
      /UnknownIssuer|unable to verify|unable to get (?:local )?issuer|self[- ]signed|unknown ca|BadSignature/i,
    reason: "its certificate is signed by an authority that isn't trusted",
    hint:
      "is the certificate-authority in the kubeconfig this cluster's? Without one, the system's authorities or SSL_CERT_FILE count",
  },
  {
    pattern: /CERT_HAS_EXPIRED|certificate (?:has )?expired|invalid peer certificate: Expired/i,
    reason: "its certificate has expired",
    hint: "the cluster's certificate must be renewed (or this machine's clock is wrong)",
  },
  {
    pattern:
      /not valid for name|NotValidForName|ERR_TLS_CERT_ALTNAME|does not match certificate|Hostname\/IP/i,
    reason: "its certificate is for another name",
    hint: "tls-server-name in the kubeconfig says which name to expect",
  },
  {
    pattern: /extended key usage|InvalidPurpose|unsuitable certificate purpose/i,
    reason: "its certificate isn't one of a server",
    hint: "the server's certificate must allow server authentication",
  },
  {
    pattern:
      /AlertReceived\(|alert (?:number|bad|certificate)|certificate required|BadCertificate/i,
    reason: "it doesn't accept the client certificate",
    hint: "the client certificate is expired, or belongs to another cluster",
    ofClient: true,
  },
  {
    pattern: /EHOSTUNREACH|ENETUNREACH|no route to host|network is unreachable/i,
    reason: "no route to it",
    hint: "is the VPN up?",
    dialling: true,
  },
  {
    pattern: /ETIMEDOUT|timed out/i,
    reason: "no answer in time",
    hint: "is the VPN up, and the address in the kubeconfig right?",
  },
];

/**
 * `fetch` reports all its failures as a TypeError, with the reason as its cause or in this message; node's errors carry
 * a code. Any other error of these classes is a bug.
 */
function isBug(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  if (error.cause !== undefined || "code" in error) return false;
  if (error instanceof TypeError) {
    return !/^(?:fetch failed|error (?:sending|reading)|client error|invalid peer)/i.test(
      error.message,
    );
  }
  return [RangeError, ReferenceError, SyntaxError, EvalError, URIError].some((kind) =>
    error instanceof kind
  );
}

/** Returns an error's message with those of its causes. */
function errorText(error: unknown): string {
  const texts: string[] = [];
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; depth++) {
    texts.push(linkErrorText(cause));
    if ("code" in cause && typeof cause.code === "string") texts.push(cause.code);
    cause = cause.cause;
  }
  return texts.length === 0 ? String(error) : texts.reverse().join(": ");
}

function serverText(at: ServerRef): string {
  return at.context === "" ? at.server : `context ${at.context}, ${at.server}`;
}
