/** `http`: a request to a server that `permissions.net` names. */
import * as v from "valibot";
import { type JsonValue, parseJson } from "../../base/json_value.ts";
import { described, maxOutput, text } from "../fields.ts";
import { tooLargeReason } from "../engine/cut_values.ts";
import { defineStep, failed, ok } from "../step_kind.ts";
import { answerOutput, limitOf } from "./local_output.ts";

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
const reading: readonly string[] = ["GET", "HEAD"];

const status = v.pipe(
  v.number("a status such as 200"),
  v.integer("a status such as 200"),
  v.minValue(100, "a status such as 200"),
  v.maxValue(599, "a status such as 200"),
);

const oneOrMoreStatus = v.union([
  status,
  v.pipe(v.array(status, "a list of statuses"), v.nonEmpty("at least one status")),
], "a status such as 200, or a list of them");

/** Returns `example.com:443`, as a grant names it; undefined for what isn't an http address. */
function hostOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return undefined;
  return `${parsed.hostname}:${parsed.port || (parsed.protocol === "https:" ? 443 : 80)}`;
}

/** The kind `http`. */
export const httpStep = defineStep({
  name: "http",
  summary: "Sends a request to a server that `permissions.net` names. Redirects are not followed.",
  entries: {
    http: described(
      v.pipe(
        text,
        v.regex(/^https?:\/\/\S/, "an address such as https://example.com/"),
        v.check(
          (url) => !/^https?:\/\/\S/.test(url) || hostOf(url) !== undefined,
          "an address such as https://example.com/",
        ),
      ),
      "The URL.",
    ),
    method: v.optional(described(
      v.picklist(methods, `one of ${methods.join(", ")}`),
      "The method; GET by default.",
    )),
    headers: v.optional(described(
      v.record(v.string(), v.string("a text"), "headers and their values"),
      "Headers of the request.",
    )),
    body: v.optional(
      described(v.unknown(), "The body: a text is sent as it is, other data as JSON."),
    ),
    upload: v.optional(
      described(
        text,
        "A local file that is sent as the body, with its length if that is at most 64 MiB, and otherwise in chunks; `permissions.read` must grant it.",
      ),
    ),
    download: v.optional(described(
      text,
      "A local file that the body of the answer is written to, whatever its size; `permissions.write` must grant it. The output has no body then.",
    )),
    expect: v.optional(described(
      oneOrMoreStatus,
      "The expected status, or several; any from 200 to 299 by default.",
    )),
    maxOutput: v.optional(
      described(
        maxOutput,
        "The size up to which the response body is available to expressions; 1Mi by default.",
      ),
    ),
  },
  output: answerOutput,
  example: `
permissions: { net: [127.0.0.1], read: [.], write: [saved] }
params: { port: 9 }
steps:
  - id: health
    http: http://127.0.0.1:\${{ params.port }}/healthz
    expect: 200
    maxOutput: 4Mi
    allowFailure: true
  - name: with a body, which is sent as JSON
    http: http://127.0.0.1:\${{ params.port }}/runs
    method: POST
    headers: { authorization: none }
    body: { run: "\${{ run.id }}" }
    allowFailure: true
  - name: to a file, and from one
    http: http://127.0.0.1:\${{ params.port }}/files
    method: PUT
    upload: data.json
    download: saved/answer.json
    expect: [200, 201]
    allowFailure: true
outputs:
  status: \${{ steps.health.status }}
`,
  needs: ({ http, upload, download }) => {
    const host = hostOf(http);
    return [
      ...(host === undefined ? [] : [{ kind: "net" as const, what: host }]),
      ...(upload === undefined ? [] : [{ kind: "read" as const, what: upload }]),
      ...(download === undefined ? [] : [{ kind: "write" as const, what: download }]),
    ];
  },
  check: ({ body, upload }) =>
    body === undefined || upload === undefined
      ? []
      : [{ at: ["upload"], message: "the body is either `body` or the file of `upload`" }],
  refine: { not: { required: ["body", "upload"] } },
  plan: ({ http, method = "GET" }) => ({
    does: `${method} ${http}`,
    where: "here",
    effect: reading.includes(method) ? "reads" : "changes",
  }),
  run: async (fields, step) => {
    const { http, method = "GET", headers = {}, body, upload, download, expect, maxOutput } =
      fields;
    const host = hostOf(http);
    if (host === undefined) return failed(`http: expected an address, found ${http}`);
    step.require("net", host);
    const maxOutputBytes = limitOf(maxOutput);
    const path = upload === undefined ? undefined : await step.requirePath("read", upload);
    await using file = download === undefined ? undefined : await step.create(download);
    const answer = await step.environment.local.fetch({
      ...(path === undefined ? {} : { upload: path }),
      ...(file === undefined ? {} : { download: (bytes) => file.write(bytes) }),
      maxOutputBytes,
      method,
      url: http,
      headers: {
        ...(body === undefined || typeof body === "string"
          ? {}
          : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    }, step.signal);
    const output = {
      status: answer.status,
      body: answer.body,
      headers: answer.headers,
      json: answer.truncated ? null : parsed(answer.body),
      truncated: answer.truncated,
    };
    const reason = tooLargeReason(`the answer of ${host}`, maxOutputBytes);
    const cut = answer.truncated ? [["body"], ["json"]].map((path) => ({ path, reason })) : [];
    const good = expect !== undefined
      ? [expect].flat().includes(answer.status)
      : answer.status >= 200 && answer.status < 300;
    if (good) {
      await file?.complete();
      return { ...ok(output), cut };
    }
    const kept = await file?.keep();
    const where = kept === undefined ? "" : `; its body is ${kept}`;
    return { ...failed(`${host} answered ${answer.status}${where}`, output), cut };
  },
});

function parsed(body: string): JsonValue {
  try {
    return parseJson(body, "exact");
  } catch {
    return null;
  }
}
