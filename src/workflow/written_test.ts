import assert from "node:assert/strict";
import * as v from "valibot";
import { YamlSource } from "../base/yaml/source.ts";
import { stepKinds } from "./step_registry.ts";
import { inspected, loaded } from "./testing/step_fixture.ts";
import { evaluatedAs, misfit, written } from "./written.ts";
import { numberType, textType } from "../expression/type.ts";
import { countFromOne, duration } from "./fields.ts";

type Json = Record<string, unknown>;

/** Returns copies of a value, in each of which another scalar is replaced. */
function* replaced(value: unknown, by: unknown): Generator<{ path: string[]; value: unknown }> {
  if (typeof value !== "object" || value === null) return yield { path: [], value: by };
  for (const [name, inner] of Object.entries(value)) {
    for (const one of replaced(inner, by)) {
      const copy = Array.isArray(value) ? [...value] : { ...value };
      (copy as Json)[name] = one.value;
      yield { path: [name, ...one.path], value: copy };
    }
  }
}

const any = "${{ params.any[0] }}";

for (const kind of stepKinds) {
  Deno.test(`every scalar field of a ${kind.name} step may be an expression`, async () => {
    const file = YamlSource.parse({ path: "e.yaml", text: kind.example }).plain as Json;
    const steps = file.steps as Json[];
    const own = steps.findIndex((step) => Object.hasOwn(step, kind.name));
    const step = { ...steps[own], timeout: "1m", attempts: { most: 2, delay: "1s", factor: 2 } };
    for (const { path: [field = "", ...inner], value } of replaced(step, any)) {
      const isCommand = field === kind.command && inner.length > 0;
      const lists = Object.values(kind.inner).filter((list) =>
        list.every((name, at) => name === [field, ...inner][at])
      );
      const isInList = lists.some((list) => list.length <= inner.length);
      if (isInList || field === kind.command && !isCommand) continue;
      const isFixed = lists.length > 0 || [...kind.fixed, "id"].includes(field) && !isCommand;
      const changed = steps.with(own, value as Json);
      const params = { ...file.params as Json, any: [1] };
      const text = JSON.stringify({ ...file, params, steps: changed });
      const { diagnostics } = await inspected({ "w.yaml": text, "other.yaml": "command: [id]" });
      const errors = diagnostics.filter(({ severity, rule }) =>
        severity === "error" && rule !== "uses" && rule !== "permission"
      );
      const messages = errors.map(({ message }) => message);
      if (isFixed) assert.ok(messages.length > 0, `${field} accepts an expression`);
      else assert.deepEqual(messages, [], [field, ...inner].join("."));
    }
  });
}

Deno.test("`written()` accepts a list as a whole by an expression, and only such a text", () => {
  const list = v.pipe(v.array(countFromOne, "a list"), v.nonEmpty("an item"));
  for (const good of [[1], any, [any, 2]]) assert.ok(v.is(written(list), good));
  for (const bad of [[], "text", ["text"], [0], 1]) assert.ok(!v.is(written(list), bad), `${bad}`);
});

Deno.test("`misfit()` is the expected value if an expression's type can't be one", () => {
  const entries = { n: v.optional(countFromOne), d: duration, l: v.array(countFromOne, "a list") };
  assert.equal(misfit(entries, ["n"], textType), "a whole number from 1");
  assert.equal(misfit(entries, ["n"], numberType), undefined);
  assert.equal(misfit(entries, ["l", 0], textType), "a whole number from 1");
  assert.equal(misfit(entries, ["l"], numberType), "a list");
  assert.equal(misfit(entries, ["unknown"], numberType), undefined);
});

Deno.test("`evaluatedAs()` names the field of a value that doesn't fit", () => {
  const shape = v.object({ attempts: v.object({ attempts: countFromOne }) });
  assert.throws(
    () => evaluatedAs(shape, { attempts: { attempts: "many" } }, ["steps"]),
    /steps.attempts.attempts: expected a whole number from 1, found "many"/,
  );
});

Deno.test("a field whose expression evaluates to null is absent", async () => {
  const text = `params: { c: { type: text } }
select: { container: "\${{ params.c }}" }
steps: [{ exec: [id], workdir: "\${{ params.c }}" }]
`;
  assert.ok((await loaded({ "w.yaml": text })).workflow);
});
