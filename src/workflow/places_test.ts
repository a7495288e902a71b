import assert from "node:assert/strict";
import fc from "fast-check";
import { planOf, planWithChanges } from "./full_plan.ts";
import { noPlaces, ownWhere, placesIn, whereIn, type WhereOverrides } from "./places.ts";
import { requireChoice, selectFields, type Where } from "./selection_fields.ts";
import { endsOf, loaded, play, saying } from "./testing/step_fixture.ts";

const files = {
  "w.yaml": `select: { context: west, namespace: shop, match: web }
steps:
  - { id: top, exec: [id] }
  - { id: own, exec: [id], select: { match: db } }
  - { id: look, kubectl: [get, pods] }
  - { id: used, workflow: ./child.yaml }
`,
  "child.yaml": `select: { selector: app=x }
steps:
  - { id: one, exec: [id] }
  - { id: two, exec: [id], select: { namespace: other } }
  - { id: three, kubectl: [get, pods] }
`,
};

const placeOf = ({ contexts, selection: { namespaces } }: Where) =>
  `${contexts.join("+")} ${
    namespaces.kind === "named" ? namespaces.names.join("+") : namespaces.kind
  }`;

/** Returns where a run looks for pods and uses kubectl, in the order of its steps. */
async function placesOfRun(overrides: WhereOverrides, written: Record<string, string> = files) {
  const found: string[] = [];
  const { ran, events } = await play({
    files: written,
    pods: { a: saying("") },
    input: { overrides },
    environment: {
      find: (where) => {
        found.push(placeOf(where));
        const pod = { context: "c", namespace: "n", pod: "a", container: "a", node: "", ip: "" };
        return Promise.resolve({ targets: [pod], skipped: [], dead: [] });
      },
    },
  });
  return { found, kubectl: ran.map((args) => args.slice(1, -2).join(" ")), ends: endsOf(events) };
}

Deno.test("a step's own select and a used workflow take context and namespace from what is around them", async () => {
  const { found, kubectl } = await placesOfRun({});
  assert.deepEqual(found, ["west shop", "west shop", "west shop", "west other"]);
  assert.deepEqual(kubectl, Array(2).fill("--context west --namespace shop"));
});

Deno.test("the command line's context reaches every step, and those of used workflows", async () => {
  const { found, kubectl } = await placesOfRun({ contexts: ["east"] });
  assert.deepEqual(found, ["east shop", "east shop", "east shop", "east other"]);
  assert.deepEqual(kubectl, Array(2).fill("--context east --namespace shop"));
});

Deno.test("a namespace of the command line is a contradiction to another one that a step names", async () => {
  const selection = { namespaces: { kind: "named", names: ["lab"] } } as const;
  const { found, kubectl, ends } = await placesOfRun({ selection });
  assert.deepEqual(found, ["west lab", "west lab", "west lab"]);
  assert.deepEqual(kubectl, ["--context west --namespace lab"]);
  assert.match(
    ends.find((end) => end.startsWith("used/two")) ?? "",
    /failed: step two names the namespace "other", and the command line lab/,
  );
  const { workflow, uses } = await loaded(files);
  const plan = planOf(workflow, {
    params: {},
    overrides: { selection },
    uses,
    find: () => Promise.resolve({ targets: [], skipped: [], dead: [] }),
  });
  await assert.rejects(plan, /step two names the namespace "other"/, "it is known before the run");
});

Deno.test("a used workflow whose own context isn't the command line's is an error of the plan", async () => {
  const { workflow, uses } = await loaded({
    "w.yaml": "steps: [{ workflow: ./child.yaml }]\n",
    "child.yaml": "select: { context: west, match: a }\nsteps: [{ exec: [id] }]\n",
  });
  const planned = (contexts: string[]) =>
    planOf(workflow, {
      params: {},
      overrides: { contexts },
      uses,
      find: () => Promise.resolve({ targets: [], skipped: [], dead: [], none: "none" }),
    });
  await assert.rejects(planned(["east"]), /workflow child names the context "west"/);
  const both = await planned(["east", "west"]);
  assert.deepEqual(both.steps[0]?.steps[0]?.scopes, [{ context: "west", namespace: null }]);
});

Deno.test("a plan has the context and the namespace of each step", async () => {
  const { workflow, uses } = await loaded(files);
  const { plan } = await planWithChanges(workflow, {
    params: {},
    overrides: { contexts: ["east"] },
    uses,
    find: ({ contexts, selection: { namespaces } }) =>
      Promise.resolve({
        targets: namespaces.kind !== "named" ? [] : namespaces.names.map((namespace) => ({
          ...{ context: contexts[0] ?? "", namespace, pod: "a", container: "a", node: "", ip: "" },
        })),
        skipped: [],
        dead: [],
      }),
  });
  const shop = [{ context: "east", namespace: "shop" }];
  const [top, own, look, used] = plan.steps;
  assert.deepEqual([top, own, look].map((step) => step?.scopes), [shop, shop, shop]);
  assert.equal(used?.scopes, null);
  assert.deepEqual(
    used?.steps.map(({ scopes }) => scopes?.map(({ namespace }) => namespace)),
    [["shop"], ["other"], ["shop"]],
  );
});

Deno.test("a plan has the one context and namespace of a step that names objects, or is refused", async () => {
  const planned = async (select: string, step: string, overrides: WhereOverrides = {}) => {
    const { workflow, uses } = await loaded({
      "w.yaml":
        `params: { ns: b }\npermissions: { read: [m.yaml] }\nselect: { ${select}, match: a }\n` +
        `steps:\n  - { id: first, prompt: \"?\", free: true }\n  - { id: k, ${step} }\n`,
    });
    const plan = await planOf(workflow, {
      params: { ns: "b" },
      overrides,
      uses,
      find: () => Promise.resolve({ targets: [], skipped: [], dead: [], none: "none" }),
    });
    const { scopes } = plan.steps[1] ?? {};
    return scopes?.map(({ context, namespace }) => `${context} ${namespace}`).join(", ") ?? null;
  };
  const value = "${{ steps.first.answer }}";
  const found: readonly (readonly [select: string, step: string, place: string | null])[] = [
    ["context: c", "kubectl: [get, pods]", "c null"],
    ["namespace: a", "kubectl: [get, pods, -A]", "null *"],
    ["namespace: a", "kubectl: [get, pods, -n, b]", "null b"],
    ["namespace: a", "kubectl: [get, pods, '-n${{ params.ns }}']", "null b"],
    ["namespace: [a, b]", "kubectl: [get, nodes]", "null null"],
    ["namespace: [a, b]", "apply: m.yaml", "null null"],
    ["namespace: [a, b]", `kubectl: [get, pods, '--namespace=${value}']`, "null null"],
    ["context: [c, d]", "kubectl: [get, pods], context: d", "d null"],
    ["context: [c, d]", `kubectl: [get, pods], context: '${value}'`, null],
  ];
  for (const [select, step, place] of found) {
    assert.equal(await planned(select, step), place, `${select} ${step}`);
  }
  const lab: WhereOverrides = { selection: { namespaces: { kind: "named", names: ["lab"] } } };
  const refused: readonly (readonly [select: string, step: string, RegExp, WhereOverrides?])[] = [
    ["context: [c, d]", "kubectl: [get, pods]", /^KodamaError: step k needs .*several contexts/],
    ["context: [c, d]", "apply: m.yaml", /several contexts/],
    [
      "namespace: [a, b]",
      "kubectl: [get, pods]",
      /^KodamaError: step k needs .*several namespaces/,
    ],
    ["allNamespaces: true", "kubectl: [delete, pod, x]", /several namespaces/],
    ["namespace: a", "kubectl: [get, pods, -A]", /step k names all namespaces/, lab],
  ];
  for (const [select, step, message, overrides] of refused) {
    await assert.rejects(planned(select, step, overrides), message, `${select} ${step}`);
  }
});

Deno.test("only pods of steps that change something are a part of the question", async () => {
  const { workflow, uses } = await loaded({
    "w.yaml": `select: { namespace: shop, match: web }
steps:
  - { id: reads, exec: [cat, /etc/hostname] }
  - { id: changes, exec: [rm, /tmp/x], select: { match: db } }
  - { id: later, exec: [rm, /tmp/y], targets: "\${{ steps.reads.ok }}" }
  - { id: objects, kubectl: [delete, pod, x] }
`,
  });
  const { changes } = await planWithChanges(workflow, {
    params: {},
    overrides: {},
    uses,
    find: ({ selection: { match } }) =>
      Promise.resolve({
        targets: [{
          ...{ context: "c", namespace: "shop", container: "a", node: "", ip: "" },
          pod: match.length === 1 && JSON.stringify(match).includes("db") ? "db" : "web",
        }],
        skipped: [],
        dead: [],
      }),
  });
  assert.deepEqual(
    changes.map(({ id, targets, scopes }) => [id, targets?.map(({ pod }) => pod), scopes]),
    [
      ["changes", ["db"], [{ context: "c", namespace: "shop" }]],
      ["later", ["web"], [{ context: "c", namespace: "shop" }]],
      ["objects", undefined, [{ context: null, namespace: "shop" }]],
    ],
  );
});

Deno.test("property: whatever a file selects, nothing leaves the contexts and namespaces of the command line", () => {
  const name = fc.constantFrom<string>("a", "b", "c");
  const names = fc.uniqueArray(name, { minLength: 1, maxLength: 2 });
  const fields = fc.record(
    { context: names, namespace: names, allNamespaces: fc.boolean() },
    { requiredKeys: [] },
  );
  const said = fc.uniqueArray(name, { minLength: 1, maxLength: 2 });
  const check = fc.property(
    fc.array(fields, { minLength: 1, maxLength: 4 }),
    said,
    said,
    ([own, ...inner], contexts, namespaces) => {
      const around = {
        overrides: { contexts, selection: { namespaces: { kind: "named", names: namespaces } } },
        places: noPlaces,
      } as const;
      const wheres = [ownWhere(selectFields(own), around, "w")];
      try {
        for (const one of inner) {
          wheres.push(whereIn(selectFields(one), placesIn(wheres.at(-1) as Where, around), "s"));
        }
      } catch (error) {
        assert.match(String(error), /names/);
      }
      for (const where of wheres) {
        assert.ok(
          where.contexts.length > 0 && where.contexts.every((one) => contexts.includes(one)),
        );
        const { namespaces: found } = where.selection;
        assert.ok(found.kind === "named" && found.names.every((one) => namespaces.includes(one)));
      }
    },
  );
  fc.assert(check);
});

Deno.test("an absent or empty choice never means every pod, unless the file says all", () => {
  const isRefused = (fields: Record<string, unknown>, overrides: WhereOverrides = {}) => {
    const where = ownWhere(selectFields(fields), { overrides, places: noPlaces }, "w");
    try {
      requireChoice(where);
      return false;
    } catch (error) {
      assert.match(String(error), /never means every pod/);
      return true;
    }
  };
  const refused = [{}, { namespace: "n" }, { selector: "" }, { exclude: "a" }, { sample: 1 }, {
    all: false,
  }];
  assert.deepEqual(refused.map((fields) => isRefused(fields)), refused.map(() => true));
  const chosen = [{ match: "a" }, { selector: "a=b" }, { pods: "a" }, { node: "n" }, { all: true }];
  assert.deepEqual(chosen.map((fields) => isRefused(fields)), chosen.map(() => false));
  assert.equal(isRefused({}, { all: true }), false);
  assert.equal(isRefused({}, { selection: { labelSelector: "a=b" } }), false);
  assert.equal(isRefused({}, { only: [{ context: "c", namespace: "n", pod: "p" }] }), false);
});
