/** Operations in every front end: each option is offered, or its declaration has the reason why not. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { UsageError } from "../src/base/errors.ts";
import { operations } from "../src/actions/operations.ts";
import { selectionFields } from "../src/actions/selection.ts";
import { nodeAt } from "../src/cli/parser/node.ts";
import { flagName } from "../src/cli/parser/option_flag.ts";
import { tree } from "../src/cli/tree.ts";
import { type Face, faces, type Fields, offered } from "../src/operation/field.ts";
import { formSchema } from "../src/operation/form.ts";
import { inputOf, type Operation } from "../src/operation/operation.ts";
import { tools } from "../src/toolbox/toolbox.ts";
import { selectShape } from "../src/workflow/selection_fields.ts";
import { stepKinds } from "../src/workflow/step_registry.ts";
import { operationsFile, operationsPage } from "../tools/operations_page.ts";

/** The names of fields that `select` has in singular. */
const inSelect: Readonly<Record<string, string>> = { namespaces: "namespace", contexts: "context" };

/** Returns the names that a front end really accepts; undefined if it hasn't the operation. */
async function namesIn(
  face: Face,
  { name, step = name, input, operands, absentFrom }: Operation<Fields>,
): Promise<Set<string> | undefined> {
  switch (face) {
    case "command line": {
      const node = nodeAt(tree, name.split("."));
      assert.ok(node?.kind === "leaf", name);
      const { command: { flags } } = await node.load();
      return new Set(
        Object.entries(input).filter(([name, field]) =>
          operands.includes(name) || Object.hasOwn(flags, flagName(name, field))
        ).map(([name]) => name),
      );
    }
    case "tools": {
      const tool = tools.find((one) => one.name === name);
      return tool && new Set(Object.keys(tool.inputSchema["properties"] as object));
    }
    case "page":
      if (absentFrom?.page !== undefined) return undefined;
      return new Set(Object.keys(formSchema(offered(input, face)).properties));
    case "workflows": {
      const kind = stepKinds.find((one) => one.name === step);
      if (kind === undefined) return undefined;
      const own = kind.entries[step] as unknown as { entries?: object };
      const names = [...Object.keys(kind.entries), ...Object.keys(own.entries ?? {})];
      const selected = Object.keys(selectShape.entries);
      return new Set(
        Object.entries(input).filter(([name, field]) =>
          Object.values(selectionFields).includes(field as typeof selectionFields.match)
            ? selected.includes(inSelect[name] ?? name)
            : names.includes(field.entry ?? name)
        ).map(([name]) => name),
      );
    }
  }
}

for (const declared of operations) {
  const { name, effect, view } = declared;
  const input: Fields = declared.input;
  const operation: Operation<Fields> = declared as unknown as Operation<Fields>;
  for (const face of faces) {
    Deno.test(`every option of ${name} is offered by the ${face}, or has a reason`, async () => {
      const names = await namesIn(face, operation);
      assert.equal(names === undefined, operation.absentFrom?.[face] !== undefined, name);
      const wrong = Object.entries(input).filter(([name, { absentFrom }]) =>
        names !== undefined && names.has(name) === (absentFrom?.[face] !== undefined)
      );
      assert.deepEqual(wrong.map(([name]) => name), []);
    });
  }

  Deno.test(`the fields that ${name} relates to each other exist; its tool changes what it says`, () => {
    const all: Fields = { ...input, ...view };
    for (const { excludes = {}, needs = [] } of Object.values(all)) {
      for (const other of [...Object.keys(excludes), ...needs]) {
        assert.ok(Object.hasOwn(all, other), other);
      }
    }
    const tool = tools.find((one) => one.name === name);
    if (tool !== undefined) assert.equal(tool.mayChange, effect === "changes");
  });
}

Deno.test("a text and data are the same request, whichever front end has them", async () => {
  const [logs] = operations;
  const texts = { since: "5s", tail: "7", previous: "true", grep: "a" };
  const data = { since: 5000, tail: 7, previous: true, grep: ["a"] };
  for (const face of faces) {
    assert.deepEqual(await inputOf(logs, face, texts), await inputOf(logs, face, data), face);
  }
});

Deno.test("a front end's own default applies if nothing is given, and is what it would be given", async () => {
  const [logs] = operations;
  const defaults = async (face: Face) => {
    const { tail, maxLogRequests, initContainers } = await inputOf(logs, face, {});
    return { tail, maxLogRequests, initContainers };
  };
  const none = { tail: undefined, maxLogRequests: undefined };
  assert.deepEqual(await defaults("command line"), { ...none, initContainers: false });
  assert.deepEqual(await defaults("tools"), { ...none, initContainers: true });
  assert.deepEqual(await defaults("page"), { ...none, tail: 1000, initContainers: true });
  assert.deepEqual(await defaults("workflows"), {
    ...{ tail: 100, maxLogRequests: 16, initContainers: false },
  });
});

Deno.test("whatever is given to an operation becomes its input or a usage error, in every front end", async () => {
  for (const declared of operations) {
    const operation = declared as unknown as Operation<Fields>;
    const given = fc.dictionary(
      fc.constantFrom(...Object.keys(operation.input), "other"),
      fc.oneof(fc.string(), fc.constantFrom("/(/", "1h", "true", "-1", "a=b"), fc.jsonValue()),
      { maxKeys: 4 },
    );
    await fc.assert(fc.asyncProperty(given, fc.constantFrom(...faces), async (given, face) => {
      try {
        await inputOf(operation, face, given);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }));
  }
});

Deno.test("models give texts: an expression of theirs is taken literally", async () => {
  const [logs] = operations;
  const given = { grep: "(a+)+$", match: "/web/", container: "/x/" };
  const { grep, match, container } = await inputOf(logs, "tools", given);
  assert.ok(grep[0]?.test("(a+)+$") && !grep[0].test("aaa"));
  assert.deepEqual([match, container], [
    [{ kind: "substring", text: "/web/" }],
    [{ kind: "exact", name: "/x/" }],
  ]);
});

Deno.test("docs/operations.md has the options of each front end (deno task schema:update)", async () => {
  assert.equal(await Deno.readTextFile(operationsFile), operationsPage());
});
