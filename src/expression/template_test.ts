/** The language, from the text to the value, the type or the problem. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue } from "../base/json_value.ts";
import { evaluationLimits } from "./budget.ts";
import { namesUsed } from "./names_used.ts";
import { ExpressionError } from "./problem.ts";
import { checkTemplate, evaluateTemplate, hasExpression, parseTemplate } from "./template.ts";
import { listOf, numberType, recordOf, textType, type Type } from "./type.ts";

const names: Readonly<Record<string, Type>> = {
  params: {
    kind: "record",
    fields: { count: numberType, region: textType, tags: listOf(textType) },
  },
  steps: {
    kind: "record",
    fields: {
      version: {
        kind: "record",
        fields: { byTarget: recordOf(recordOf(textType)), distinct: listOf(textType) },
      },
    },
  },
};

const values = {
  params: { count: 3, region: "eu", tags: ["x", "y"] },
  steps: {
    version: { byTarget: { "w-0": { stdout: "1.2" }, "w-1": { stdout: "1.3" } }, distinct: [] },
  },
};

/** Returns the value of a text, or the messages of its problems, each with the part of the text that it is about. */
function outcome(text: string): JsonValue | string[] {
  const { template, problems } = parseTemplate(text);
  const all = [...problems, ...checkTemplate(template, names).problems];
  if (all.length > 0) {
    return all.map(({ start, end, message }) => `${text.slice(start, end)}: ${message}`);
  }
  return evaluateTemplate(template, values);
}

const results: readonly (readonly [text: string, value: JsonValue])[] = [
  ["no expression", "no expression"],
  ["${{ params.count }}", 3],
  ["n=${{ params.count }}", "n=3"],
  ["${{ params.tags }}", ["x", "y"]],
  ["tags: ${{ params.tags }}", 'tags: ["x","y"]'],
  ["$${{ params.count }}", "${{ params.count }}"],
  ["a $${{ b }} ${{ 1 }}", "a ${{ b }} 1"],
  ["${ x } {{ y }} $ { }}", "${ x } {{ y }} $ { }}"],
  ["${{ {'a': {'b': 1}} }}", { a: { b: 1 } }],
  ["${{ '}}' }}", "}}"],
  ["${{\n  1 +\n  2\n}}", 3],
  ["${{ 1 + 2 * 3 - 4 }}", 3],
  ["${{ 7 / 2 }}", 3.5],
  ["${{ -7 % 3 }}", -1],
  ["${{ --1 }}", 1],
  ["${{ !true || 1 < 2 && 'a' != 'b' }}", true],
  ["${{ false ? 1 : true ? 2 : 3 }}", 2],
  ["${{ 'x' in params.tags && 'w-0' in steps.version.byTarget }}", true],
  ["${{ [1, 2] + [3] == [1, 2, 3] }}", true],
  ["${{ {'a': 1, 'b': [null]} == {'b': [null], 'a': 1} }}", true],
  ["${{ params.tags.map(tag, tag + '!').join(' ') }}", "x! y!"],
  [
    "${{ steps.version.byTarget.filter(pod, steps.version.byTarget[pod].stdout != '1.2') }}",
    ["w-1"],
  ],
  ["${{ [1, 2, 3].exists_one(n, n > 2) && [1].all(n, n == 1) && ![].exists(n, n) }}", true],
  ["${{ has(params.region) && has(steps.version) }}", true],
  ["${{ default(json('{\"a\": null}').a.b.c, 'none') }}", "none"],
  ["${{ default([1][5], 0) }}", 0],
  ["${{ params.tags[1] + params['region'] }}", "yeu"],
  ["${{ size('héé') + size([1]) + size({}) }}", 4],
  ["${{ r'\\n' + \"\\u0041\\t\" }}", "\\nA\t"],
  ["${{ json('{\"__proto__\": 1}').__proto__ }}", 1],
  ["${{ {'__proto__': 2}['__proto__'] }}", 2],
];

for (const [text, value] of results) {
  Deno.test(`${JSON.stringify(text)} evaluates to ${JSON.stringify(value)}`, () => {
    assert.deepEqual(outcome(text), value);
  });
}

const wrong: readonly (readonly [text: string, ...problems: string[]])[] = [
  ["${{ parms.count }}", 'parms: unknown name "parms"; did you mean "params"?'],
  ["${{ xyzzy }}", 'xyzzy: unknown name "xyzzy"; available: steps, params'],
  ["${{ params.cuont }}", 'cuont: unknown name "cuont"; did you mean "count"?'],
  ["${{ params['cuont'] }}", '\'cuont\': unknown name "cuont"; did you mean "count"?'],
  ["${{ steps.versoin.stdout }}", 'versoin: unknown name "versoin"; did you mean "version"?'],
  ["${{ distict([]) }}", 'distict: unknown function "distict"; did you mean "distinct"?'],
  ["${{ size }}", 'size: unknown name "size"; size(…) is a function'],
  ["${{ 'a'.split() }}", "split: split takes 2 arguments, found 1"],
  ["${{ params.tags.join(1) }}", "1: join takes a text as argument 2, found a number"],
  ["${{ 'a' + 1 }}", "'a' + 1: a text + a number has no result; string(…) makes a text of it"],
  ["${{ params.count == 'x' }}", "params.count == 'x': a number is never equal to a text"],
  ["${{ params.count && true }}", "params.count: && takes true or false, found a number"],
  ["${{ params.tags.map(t, u) }}", 'u: unknown name "u"; available: t, steps, params'],
  [
    "${{ params.count.map(t, t) }}",
    "params.count: map iterates over a list or a record, found a number",
  ],
  ["${{ params.region.a }}", 'a: a text has no "a"'],
  [
    "${{ query(1, 'a[') }}",
    '\'a[\': "a[" is not a path, from "[" on; one such is "spec.containers[*].image"',
  ],
  ["${{ 1 + }}", '}: expected a value, found "}"'],
  ["${{ }}", '}: expected a value, found "}"'],
  ["${{ a b }}", 'b: expected "}}" after the expression, found "b"'],
  ["${{ (1 }}", '}: expected ")" (the closing parenthesis), found "}"'],
  ["${{ params.count = 3 }}", '=: "=" is not allowed in an expression; == compares'],
  ["${{ 'a }}", "'a }}: the text has no closing '"],
  [
    "${{ 10Gi }}",
    '10Gi: "10Gi" is not a number; a size or duration is a text: quantity("10Gi"), seconds("30s")',
  ],
  ["${{ 1", '${{: "${{" has no closing "}}"'],
  ["${{ for }}", 'for: "for" is reserved and can\'t be a name'],
  [
    "${{ parms }} and ${{ 1 + }} and ${{ distict([]) }}",
    '}: expected a value, found "}"',
    'parms: unknown name "parms"; did you mean "params"?',
    'distict: unknown function "distict"; did you mean "distinct"?',
  ],
];

for (const [text, ...problems] of wrong) {
  Deno.test(`${JSON.stringify(text)} has the right problems`, () => {
    assert.deepEqual(outcome(text), problems);
  });
}

/** Fails only in the run: the types don't show it. */
const failing: readonly (readonly [text: string, place: string, message: RegExp])[] = [
  [
    "${{ json('{\"abc\": 1}').abd }}",
    "json('{\"abc\": 1}').abd",
    /unknown name "abd"; did you mean "abc"/,
  ],
  ["${{ 1 + json('\"x\"') }}", "1 + json('\"x\"')", /a number \+ a text has no result/],
  ["${{ 1 / (params.count - 3) }}", "1 / (params.count - 3)", /division by zero/],
  ["${{ params.tags[2] }}", "params.tags[2]", /a list of 2 has no item 2; the first one is 0/],
  ["${{ json('{') }}", "json('{')", /not JSON/],
  ["${{ number('1e999') }}", "number('1e999')", /too large/],
  ["a ${{ [].first() }}", "[].first()", /the list is empty/],
];

for (const [text, place, message] of failing) {
  Deno.test(`${JSON.stringify(text)} fails with its position`, () => {
    const { template } = parseTemplate(text);
    assert.deepEqual(checkTemplate(template, names).problems, []);
    assert.throws(() => evaluateTemplate(template, values), (error) => {
      assert.ok(error instanceof ExpressionError);
      assert.equal(text.slice(error.start, error.end), place);
      assert.match(error.message, message);
      return true;
    });
  });
}

const list = `[${Array.from({ length: 200 }, (_, index) => index).join(",")}]`;

/** Small texts that would take unlimited time or memory. */
const costly: readonly (readonly [title: string, text: string])[] = [
  ["loops in loops", `\${{ ${list}.map(a, ${list}.map(b, ${list}.map(c, a + b + c))) }}`],
  [
    "texts that grow in loops",
    `\${{ ${list}.map(a, ${list}.map(b, "${"x".repeat(500)}" + string(a))).join("") }}`,
  ],
  [
    "joins of long texts",
    `\${{ ${list}.map(a, ${list}.map(b, "${"x".repeat(500)}")).toJson() }}`,
  ],
  [
    "replacements of replacements",
    `\${{ "${"a".repeat(300)}"${'.replace("a", "aaaaaaaaaaaaaaaaaaaa")'.repeat(20)} }}`,
  ],
  [
    "wildcards that would go back and forth",
    `\${{ ${list}.map(i, "${"a".repeat(2000)}".like("${"a*".repeat(500)}b")) }}`,
  ],
];

for (const [title, text] of costly) {
  Deno.test(`evaluation stops at its limits: ${title}`, () => {
    const { template, problems } = parseTemplate(text);
    assert.deepEqual(problems, []);
    assert.throws(() => evaluateTemplate(template, {}), /more than (?:1,000,000 steps|16 Mi)/);
  });
}

Deno.test("`like()` with a hostile pattern stops at the limits", () => {
  const [within, part] = ["a".repeat(1_000_000), `b${"a".repeat(500_000)}`];
  for (const call of ["contains(part)", "split(part)", "indexOf(part)", 'replace(part, "")']) {
    const { template } = parseTemplate(`\${{ within.${call} }}`);
    assert.throws(() => evaluateTemplate(template, { within, part }), /more than 1,000,000 steps/);
  }
  const { template } = parseTemplate('${{ within.contains("no such line in it") }}');
  assert.equal(evaluateTemplate(template, { within }), false);
});

Deno.test("`parseTemplate()` reports too deep or too long expressions", () => {
  const texts = [
    `\${{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`,
    `\${{ ${"[".repeat(5000)}${"]".repeat(5000)} }}`,
    `\${{ ${"!".repeat(5000)}true }}`,
    `\${{ ${"-".repeat(5000)}1 }}`,
    `\${{ a${".b".repeat(5000)} }}`,
    `\${{ ${"1 + ".repeat(5000)}1 }}`,
    `\${{ ${"true ? 1 : ".repeat(5000)}1 }}`,
    "${{ 1 }}".repeat(5000),
    `\${{ "${"x".repeat(300_000)}" }}`,
  ];
  for (const text of texts) {
    const { problems } = parseTemplate(text);
    assert.ok(problems.length > 0, text.slice(0, 40));
  }
});

Deno.test("the longest allowed chain is evaluated without a stack overflow", () => {
  const { template, problems } = parseTemplate(`\${{ ${"1 + ".repeat(999)}1 }}`);
  assert.deepEqual(problems, []);
  assert.equal(evaluateTemplate(template, {}), 1000);
});

Deno.test("five thousand targets are within the limits", () => {
  const byTarget = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [`pod-${index}`, { stdout: String(index % 7) }]),
  );
  const { template } = parseTemplate(
    "${{ byTarget.filter(pod, byTarget[pod].stdout.trim() == '3').map(pod, pod + '!').size() }}",
  );
  assert.equal(evaluateTemplate(template, { byTarget }), 714);
  assert.ok(evaluationLimits.steps >= 1_000_000);
});

Deno.test("`namesUsed()` returns literal paths, without the variables of macros", () => {
  const { template } = parseTemplate(
    "${{ steps.a['b'].c + params.x.map(p, p.y + env.Z).join(steps[params.n].o) }}",
  );
  assert.deepEqual(namesUsed(template).map(({ path }) => path.join(".")), [
    "steps.a.b.c",
    "params.x",
    "env.Z",
    "steps",
    "params.n",
  ]);
});

Deno.test("`parseTemplate()` never throws, and its problems have positions in the text", () => {
  const part = fc.oneof(
    fc.constantFrom("${{", "}}", "$${{", "'", '"', "a", ".", "(", ")", "[", "]", "1", " + ", "\\"),
    fc.string(),
  );
  fc.assert(fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
    const text = parts.join("");
    const { template, problems } = parseTemplate(text);
    for (const { start, end } of [...problems, ...checkTemplate(template, {}).problems]) {
      assert.ok(start >= 0 && start < end && end <= text.length + 1, `${start}-${end} of ${text}`);
    }
    if (!hasExpression(text)) assert.equal(evaluateTemplate(template, {}), text);
  }));
});

Deno.test("a value is unchanged by a template of its own", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
    const given = JSON.parse(JSON.stringify(value)) as JsonValue;
    const { template } = parseTemplate("${{ v }}");
    assert.deepEqual(evaluateTemplate(template, { v: given }), given);
    const read = parseTemplate("${{ json(toJson(v)) == v }}").template;
    assert.equal(evaluateTemplate(read, { v: given }), true);
  }));
});

Deno.test("equal is reflexive and symmetric, and distinct agrees with it", () => {
  const value = fc.jsonValue({ maxDepth: 2 });
  const { template } = parseTemplate(
    "${{ [a == a, (a == b) == (b == a), a == b, [a, b].distinct().size()] }}",
  );
  fc.assert(fc.property(value, value, (one, other) => {
    const [a, b] = JSON.parse(JSON.stringify([one, other])) as [JsonValue, JsonValue];
    const [self, symmetric, same, size] = evaluateTemplate(template, { a, b }) as JsonValue[];
    assert.deepEqual([self, symmetric, size], [true, true, same === true ? 1 : 2]);
  }));
});
