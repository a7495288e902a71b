/// <reference path="../../workflows/kodama.d.ts" />
/** The types of `kodama` in editors match the objects that a script finds: the type checker compares them. */
import assert from "node:assert/strict";
import type { JsonValue } from "../base/json_value.ts";
import type { ScriptApi, TargetResult } from "../workflow/model.ts";
import { runFixture } from "./testing/script_fixture.ts";

/** In both directions: neither type has a field that the other lacks. */
type Same<A, B> = [A] extends [B] ? [B] extends [A] ? true : never : never;
type Declared = typeof kodama;
type Request<N extends "exec" | "get" | "logs"> = Parameters<ScriptApi[N]>[0];

/** Every `true` is checked by the type checker. */
const same: readonly true[] = [
  true satisfies Same<KodamaJson, JsonValue>,
  true satisfies Same<KodamaTargetResult, Readonly<TargetResult>>,
  true satisfies Same<
    Awaited<ReturnType<Declared["exec"]>>,
    Awaited<ReturnType<ScriptApi["exec"]>>
  >,
  true satisfies Same<
    Awaited<ReturnType<Declared["logs"]>>,
    Awaited<ReturnType<ScriptApi["logs"]>>
  >,
  true satisfies Same<Parameters<Declared["exec"]>[0], Request<"exec">["command"]>,
  true satisfies Same<
    NonNullable<Parameters<Declared["exec"]>[1]>,
    Omit<Request<"exec">, "command">
  >,
  true satisfies Same<
    NonNullable<Parameters<Declared["get"]>[1]>,
    Omit<Request<"get">, "resource">
  >,
];

/** The names of the declaration: a record type without any of them fails the type check. */
const names: Readonly<Record<keyof Declared, true>> = {
  input: true,
  targets: true,
  exec: true,
  get: true,
  logs: true,
  log: true,
  output: true,
};

Deno.test("the `kodama` object has exactly what workflows/kodama.d.ts declares", async () => {
  assert.ok(same.every(Boolean));
  const { end } = await runFixture("kodama.output(Object.keys(kodama).sort());");
  assert.deepEqual(end, { kind: "ok", output: Object.keys(names).toSorted() });
});

Deno.test("the `kodama` object is frozen", async () => {
  const { end } = await runFixture("'use strict'; kodama.exec = () => 1;");
  assert.match(end.kind === "failed" ? end.message : end.kind, /^TypeError: Cannot assign/);
});
