import assert from "node:assert/strict";
import {
  type ErrorKind,
  KodamaError,
  NoMatchError,
  UnconfirmedError,
  UsageError,
} from "../base/errors.ts";
import { plainStyle } from "../terminal/style.ts";
import { type ErrorOptions, reportError } from "./report_error.ts";

const plain: ErrorOptions = { json: false, debug: false, style: plainStyle };

const codes: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  noMatch: 2,
  unconfirmed: 2,
  config: 1,
  unreachable: 4,
  unauthorized: 1,
  forbidden: 1,
  notFound: 1,
  conflict: 1,
  timeout: 3,
  readOnly: 1,
  untrusted: 1,
  declined: 1,
  cancelled: 130,
  server: 1,
  environment: 1,
};

for (const [kind, exitCode] of Object.entries(codes)) {
  Deno.test(`exit code of ${kind}`, () => {
    assert.equal(reportError(new KodamaError(kind as ErrorKind, "x"), plain).exitCode, exitCode);
  });
}

Deno.test("an error is printed with its hint", () => {
  const error = new NoMatchError("no pod matches", { hint: "kodama pods lists them" });
  assert.deepEqual(reportError(error, plain), {
    text: "error: no pod matches\nhint: kodama pods lists them\n",
    exitCode: 2,
  });
});

Deno.test("an error's words can't steer the terminal", () => {
  const { text } = reportError(new KodamaError("server", "a\x1b[2Jb"), plain);
  assert.equal(text, "error: a\\x1b[2Jb\n");
});

Deno.test("json: one line, whatever the words", () => {
  const { text } = reportError(new UsageError('a "b"\nc', { hint: "d" }), { ...plain, json: true });
  assert.equal(text.split("\n").length, 2);
  assert.deepEqual(JSON.parse(text), { error: { kind: "usage", message: 'a "b"\nc', hint: "d" } });
});

Deno.test("json: a program is given the question that a person is to answer", () => {
  const asked = "Run in 24 pods:  touch /tmp/x\n  context    prod";
  const error = new UnconfirmedError("refusing to run in 24 pods", { asked });
  const { text } = reportError(error, { ...plain, json: true });
  assert.equal(JSON.parse(text).error.question, asked);
});

Deno.test("whatever else is thrown is a bug, and says so", () => {
  for (const thrown of [new TypeError("x is undefined"), "text", undefined, null, { a: 1 }]) {
    const { text, exitCode } = reportError(thrown, plain);
    assert.equal(exitCode, 1);
    assert.match(text, /^error: this is a bug in kodama: /);
    assert.match(text, /\nhint: KODAMA_DEBUG=1/);
    assert.doesNotMatch(text, /\.ts:\d+/);
  }
  assert.equal(JSON.parse(reportError(null, { ...plain, json: true }).text).error.kind, "bug");
});

Deno.test("a full disk, a read-only folder and the like are no bugs, and have a way out", () => {
  for (
    const [code, wayOut] of [
      ["EROFS", /KODAMA_CONFIG_DIR/],
      ["EACCES", /KODAMA_CONFIG_DIR/],
      ["ENOSPC", /free space/],
      ["EMFILE", /ulimit -n/],
    ] as const
  ) {
    const error = Object.assign(new Error(`It can't be done (os error 1): mkdir '/x'`), { code });
    const { text, exitCode } = reportError(error, plain);
    assert.equal(exitCode, 1);
    assert.match(text, /^error: It can't be done/);
    assert.match(text, wayOut);
  }
});

Deno.test("KODAMA_DEBUG shows the stack, and the errors underneath", () => {
  const cause = new Error("underneath");
  const { text } = reportError(new KodamaError("server", "above", { cause }), {
    ...plain,
    debug: true,
  });
  assert.match(text, /report_error_test\.ts:\d+/);
  assert.match(text, /caused by:\nError: underneath/);
});

Deno.test("a ring of causes has an end", () => {
  const error = new Error("round");
  error.cause = error;
  assert.ok(reportError(error, { ...plain, debug: true }).text.length < 20_000);
});
