import { plainHint } from "../base/hint.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import {
  isTransient,
  isUnsent,
  LinkError,
  linkError,
  permissionError,
  responseError,
  RestartErrors,
  ruleHint,
  upgradeError,
} from "./failures.ts";
import { ProxyError } from "./link/link.ts";

const at = { context: "prod", server: "https://api.test:6443" };
const status = (message: string, reason = "") =>
  JSON.stringify({ kind: "Status", status: "Failure", message, reason });

const answers: [number, string, string, string][] = [
  [401, status("Unauthorized"), "unauthorized", "Unauthorized"],
  [
    403,
    status(`pods is forbidden: User "x" cannot list`),
    "forbidden",
    `pods is forbidden: User "x" cannot list`,
  ],
  [404, status(`pods "x" not found`), "notFound", `pods "x" not found`],
  [408, status("slow"), "timeout", "slow"],
  [409, status("it exists"), "conflict", "it exists"],
  [410, status("too old"), "server", "too old"],
  [422, status("spec.x: Invalid value"), "server", "spec.x: Invalid value"],
  [429, status("busy"), "server", "busy"],
  [500, status("etcd", "InternalError"), "server", "etcd"],
  [500, status("slow", "Timeout"), "timeout", "slow"],
  [502, "<html>bad gateway</html>", "unreachable", "<html>bad gateway</html>"],
  [503, "", "unreachable", "HTTP status 503"],
  [504, "", "timeout", "HTTP status 504"],
  [
    431,
    "431 Request Header Fields Too Large",
    "server",
    "the request is too long for the server (the words and variables of a command are part of it)",
  ],
  [404, "\x1b[31mred\x1b[0m\nline\u202e", "notFound", "red line"],
];

for (const [code, body, kind, message] of answers) {
  Deno.test(`an answer of ${code} is ${kind}: ${JSON.stringify(message)}`, () => {
    const error = responseError(code, body, at);
    assert.equal(error.kind, kind);
    assert.equal(error.message, `${message} (context prod, https://api.test:6443)`);
  });
}

Deno.test("`isTransient()` holds for the server's own failures, and not for what it refused", () => {
  const transient = [408, 410, 429, 500, 502, 503, 504];
  const final = [400, 401, 403, 404, 405, 409, 413, 415, 422, 431];
  for (const code of transient) assert.ok(isTransient(responseError(code, "", at)), String(code));
  for (const code of final) assert.ok(!isTransient(responseError(code, "", at)), String(code));
  assert.ok(!isTransient(new KodamaError("cancelled", "stopped")));
  assert.ok(!isTransient(new TypeError("a bug")));
});

Deno.test("`isUnsent()` holds only for a link that failed before anything was sent", () => {
  const failing = (sent: "nothing" | "some" | "all") =>
    new LinkError("cannot reach it", { at, reason: "connection refused", sent });
  assert.deepEqual((["nothing", "some", "all"] as const).map(failing).map(isUnsent), [
    true,
    false,
    false,
  ]);
  assert.ok(isTransient(failing("all")));
  assert.ok(!isUnsent(new KodamaError("unreachable", "no answer in 10s")));
});

const coded = (code: string) => Object.assign(new Error("connect failed"), { code });
const links: [unknown, string, RegExp][] = [
  [
    new TypeError("fetch failed", {
      cause: new Error("client error (SendRequest): invalid HTTP version parsed"),
    }),
    "unreachable",
    /: it does not speak HTTP$/,
  ],
  [
    new TypeError("fetch failed", {
      cause: new Error("the connection was closed before an answer"),
    }),
    "unreachable",
    /: the server closed the connection without an answer$/,
  ],
  [
    new TypeError("Requests to port 1 are blocked"),
    "unreachable",
    /no HTTP client may connect to$/,
  ],
  [
    new Error("received corrupt message of type InvalidContentType"),
    "unreachable",
    /: it does not speak TLS$/,
  ],
  [
    new Error("peer closed connection without sending TLS close_notify: https://docs.rs/x"),
    "unreachable",
    /closed the connection without an answer$/,
  ],
  [
    new Deno.errors.ConnectionRefused("Connection refused (os error 111)"),
    "unreachable",
    /: connection refused$/,
  ],
  [coded("ECONNREFUSED"), "unreachable", /: connection refused$/],
  [new Error("failed to lookup address information"), "unreachable", /: no such host name$/],
  [
    new TypeError("fetch failed", { cause: new Error("invalid peer certificate: UnknownIssuer") }),
    "unreachable",
    /signed by an authority that isn't trusted$/,
  ],
  [coded("CERT_HAS_EXPIRED"), "unreachable", /its certificate has expired$/],
  [new Error(`certificate not valid for name "x"`), "unreachable", /for another name$/],
  [
    new Error("received fatal alert: CertificateRequired AlertReceived(CertificateRequired)"),
    "unreachable",
    /client certificate$/,
  ],
  [coded("EHOSTUNREACH"), "unreachable", /: no route to it$/],
  [new Error("weird\x1b[2J thing"), "unreachable", /: weird thing$/],
  [new DOMException("", "TimeoutError"), "timeout", /^no answer in time from context prod/],
  [new DOMException("", "AbortError"), "cancelled", /^stopped while asking context prod/],
];

for (
  const bug of [new TypeError("x is not a function"), new RangeError("y"), "a text", undefined]
) {
  Deno.test(`an error of kodama's own stays what it is: ${bug}`, () => {
    assert.equal(linkError(bug, at), bug);
  });
}

for (const [error, kind, message] of links) {
  Deno.test(`no answer: ${message.source}`, () => {
    const mapped = linkError(error, at);
    assert.ok(mapped instanceof KodamaError);
    assert.equal(mapped.kind, kind);
    assert.match(mapped.message, message);
    assert.match(mapped.message, /context prod, https:\/\/api\.test:6443/);
  });
}

Deno.test("the reason of a broken link doesn't include a library's help text", () => {
  const cause = new Error("unexpected EOF: https://docs.example/manual#eof");
  const mapped = linkError(new TypeError("error reading a body: https://a.b/c", { cause }), at);
  assert.ok(mapped instanceof LinkError);
  assert.equal(mapped.failure.reason, "unexpected EOF: error reading a body");
});

Deno.test("only a dial that failed is known to have sent nothing", () => {
  const sent = (error: unknown, sentAll?: boolean) => {
    const mapped = linkError(error, at, sentAll);
    assert.ok(mapped instanceof LinkError);
    return mapped.failure.sent;
  };
  assert.equal(sent(coded("ECONNREFUSED")), "nothing");
  assert.equal(sent(coded("ENETUNREACH")), "nothing");
  assert.equal(sent(coded("ECONNRESET")), "some");
  assert.equal(sent(coded("ETIMEDOUT")), "some");
  assert.equal(sent(coded("ENOTFOUND")), "some");
  // A link that was open can end with this message too.
  assert.equal(sent(coded("EHOSTUNREACH"), true), "all");
});

Deno.test("an error of a proxy names the proxy, and nothing has reached the server", () => {
  const table: [cause: Error, reason: string][] = [
    [coded("ECONNREFUSED"), "connection refused"],
    [coded("ENOTFOUND"), "no such host name"],
    [new Error("refused with 407"), "refused with 407"],
  ];
  for (const [cause, reason] of table) {
    const error = linkError(new ProxyError("http://proxy:3128", cause), at);
    assert.ok(error instanceof LinkError);
    assert.equal(error.failure.sent, "nothing");
    assert.equal(
      error.message,
      `cannot reach context prod, https://api.test:6443: its proxy http://proxy:3128: ${reason}`,
    );
    assert.match(plainHint(error.hint ?? ""), /proxy-url in the kubeconfig, or HTTPS_PROXY/);
  }
});

const denials: [string, string, string][] = [
  [
    `Requires run access to "aws", run again with the --allow-run flag`,
    "not allowed: run access to aws",
    "allow it with KODAMA_ALLOW_RUN=aws",
  ],
  [
    `Requires net access to "api.test:6443", run again with the --allow-net flag`,
    "not allowed: net access to api.test:6443",
    "kodama is sandboxed; allow it with --allow-net=api.test:6443",
  ],
];

for (const [said, message, hint] of denials) {
  Deno.test(`the sandbox: ${message}`, () => {
    const wrapped = new TypeError("failed", { cause: new Deno.errors.NotCapable(said) });
    const error = permissionError(wrapped);
    assert.deepEqual([error?.kind, error?.message, error?.hint], ["environment", message, hint]);
  });
}

const cannot = (verb: string) => ({
  code: 403,
  body: status(`User "ann" cannot ${verb} resource "pods/exec" in API group ""`),
});
const noSpdy = { code: 400, body: status("this server upgrades to websocket alone") };

for (
  const [refusals, message, hint] of [
    [{ get: cannot("get"), post: cannot("create") }, /cannot create/, /allow the verb "create" on/],
    [
      { post: cannot("create") },
      /cannot create/,
      /allow the verb "create" on "pods\/exec"; kubectl/,
    ],
    [{ get: cannot("get"), post: noSpdy }, /cannot get/, /both "get" and "create" are needed/],
    [{ get: cannot("get"), post: { code: 404, body: status("gone") } }, /^gone /, /undefined/],
    [{ get: { code: 404, body: status("gone") } }, /^gone /, /undefined/],
    [
      { get: { code: 502, body: "<html>" }, post: { code: 404, body: status("gone") } },
      /^gone /,
      /undefined/,
    ],
    [{ get: { code: 404, body: status("gone") }, post: noSpdy }, /^gone /, /undefined/],
  ] as const
) {
  Deno.test(`upgradeError(): ${JSON.stringify(refusals).slice(0, 90)} names the missing verb`, () => {
    const error = upgradeError(refusals, at);
    assert.match(error.message, message);
    assert.match(plainHint(error.hint ?? "undefined"), hint);
  });
}

Deno.test("refusals may be those of a restart for a minute, from the first or after a success", () => {
  let nowMs = 5000;
  const restart = new RestartErrors({ elapsedMs: () => nowMs });
  const refused = new KodamaError("forbidden", "no");
  const table: [number, unknown, boolean][] = [
    [0, refused, true],
    [59_999, new KodamaError("unauthorized", "no"), true],
    [1, refused, false],
    [0, new KodamaError("unreachable", "down"), true],
    [0, new KodamaError("notFound", "no"), false],
  ];
  for (const [afterMs, error, expected] of table) {
    nowMs += afterMs;
    assert.equal(restart.mayRetry(error), expected);
  }
  restart.reset();
  assert.equal(restart.mayRetry(refused), true);
});

Deno.test("a 403 of a rule has a hint for that rule, and one of RBAC a hint about rights", () => {
  const cases: readonly (readonly [message: string, hint: RegExp | undefined])[] = [
    [`pods "a" is forbidden: exceeded quota: few, requested: pods=1`, /kubectl describe quota/],
    [`pods "a" is forbidden: failed quota: compute: must specify limits.cpu`, /describe quota/],
    [`pods "a" is forbidden: maximum cpu usage per Container is 500m`, /describe limits/],
    [`pods "a" is forbidden: violates PodSecurity "restricted:latest"`, /pod-security/],
    [
      `pods "a" is forbidden: unable to validate against any security context constraint`,
      /defaults\.runAsUser/,
    ],
    [
      `pods "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`,
      /defaults\.labels/,
    ],
    [`pods is forbidden: User "x" cannot create resource "pods"`, undefined],
  ];
  for (const [message, hint] of cases) {
    assert.equal(ruleHint(message) !== undefined, hint !== undefined);
    // A policy refuses with the code of its choice.
    for (const code of [403, 422]) {
      const given = plainHint(responseError(code, status(message), at).hint ?? "");
      if (hint !== undefined) assert.match(given, hint);
    }
  }
});
