import assert from "node:assert/strict";
import fc from "fast-check";
import { withinBudget } from "./budget.ts";

const measure = (value: unknown) => JSON.stringify(value, null, 2).length;

const pod = (name: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    namespace: "shop",
    uid: "4e2f6b1c-0000-0000-0000-000000000000",
    resourceVersion: "12345",
    managedFields: [{ manager: "kubectl", fieldsV1: { "f:metadata": { "f:labels": {} } } }],
    labels: { app: "web" },
  },
  spec: {
    containers: Array.from({ length: 6 }, (_, at) => ({
      name: `c${at}`,
      image: `registry/image-${at}:1`,
      env: Array.from({ length: 10 }, (_, at) => ({ name: `NAME_${at}`, value: `value ${at}` })),
    })),
  },
  status: {
    phase: "Pending",
    conditions: ["PodScheduled", "Ready", "Initialized"].map((type) => ({
      type,
      status: "False",
      reason: "Unschedulable",
      message: "0/3 nodes are available: 3 Insufficient cpu.",
    })),
  },
});

Deno.test("withinBudget() returns a value that fits unchanged", () => {
  const value = pod("web-0");
  const result = withinBudget(value, { characters: 100_000, measure });
  assert.equal(result.value, value);
  assert.deepEqual(result.omitted, []);
});

Deno.test("withinBudget() keeps names and the status, and drops bookkeeping and the ends of lists first", () => {
  const { value, omitted } = withinBudget(pod("web-0"), { characters: 1500, measure });
  const short = value as ReturnType<typeof pod>;
  assert.equal(short.metadata.name, "web-0");
  assert.deepEqual(short.status, pod("web-0").status);
  assert.equal(short.spec.containers[0]?.name, "c0");
  assert.equal(Object.hasOwn(short.metadata, "managedFields"), false);
  assert.ok(omitted.includes("metadata.managedFields"));
  assert.ok(omitted.some((one) => /^spec\.containers(\[\d\])?/.test(one)), omitted.join("\n"));
});

Deno.test("withinBudget() follows the order of the sections that is asked for", () => {
  const long = Array.from({ length: 40 }, (_, at) => ({ name: `n${at}`, value: `value ${at}` }));
  const value = { kind: "X", metadata: { name: "x" }, spec: { long }, status: { long } };
  const sizes = (sections: readonly string[]) => {
    const result = withinBudget(value, { characters: 1500, measure, sections }).value;
    const { spec, status } = result as typeof value;
    return [spec, status].map((one) => one.long.length);
  };
  const [spec = 0, status = 0] = sizes(["spec", "status"]);
  assert.ok(spec > status && status > 0, `${spec} and ${status} items`);
  assert.deepEqual(sizes(["status", "spec"]), [status, spec]);
});

Deno.test("withinBudget() summarises the items of a list, each by its own sections", () => {
  const items = Array.from({ length: 50 }, (_, at) => pod(`web-${at}`));
  const list = { apiVersion: "v1", kind: "List", items };
  const { value, omitted } = withinBudget(list, { characters: 4000, measure });
  const short = value as typeof list;
  assert.ok(short.items.length > 3, `${short.items.length} items`);
  assert.deepEqual(
    short.items.map(({ metadata }) => metadata.name),
    items.slice(0, short.items.length).map(({ metadata }) => metadata.name),
  );
  assert.ok(omitted.includes(`items: ${50 - short.items.length} of 50 items`));
});

Deno.test("withinBudget() applies the limits of lists and levels to what would fit, too", () => {
  const options = { characters: 100_000, measure };
  const few = withinBudget(pod("web-0"), { ...options, listItems: 2 });
  assert.equal((few.value as ReturnType<typeof pod>).spec.containers.length, 2);
  assert.ok(few.omitted.includes("spec.containers: 4 of 6 items"));
  const flat = withinBudget(pod("web-0"), { ...options, depth: 2 });
  assert.deepEqual((flat.value as ReturnType<typeof pod>).status, { phase: "Pending" });
  assert.ok(flat.omitted.includes("status.conditions: 3 items"), flat.omitted.join());
});

Deno.test("withinBudget() leaves alone what is in no object, and what fits within its part", () => {
  const long = "x".repeat(500);
  assert.deepEqual(withinBudget(long, { characters: 20, measure }), { value: long, omitted: [] });
  const probe = { lastProbeTime: "2026-01-01T00:00:00Z", ready: "yes" };
  const value = { kind: "X", status: { probe }, spec: { long, short: "y" } };
  const result = withinBudget(value, { characters: 300, measure });
  // The bookkeeping of an object that is not shortened stays in it.
  assert.deepEqual(result.value, { kind: "X", status: { probe }, spec: { short: "y" } });
  assert.deepEqual(result.omitted, ["spec.long: 500 characters"]);
  const limited = withinBudget(value, { characters: 3000, measure, depth: 9 });
  assert.deepEqual(limited.omitted, ["status.probe.lastProbeTime"]);
  const list = { kind: "X", status: { probe: { all: [1, 2] } }, spec: { long } };
  const first = withinBudget(list, { characters: 3000, measure, listItems: 1 });
  assert.deepEqual(first.omitted, ["status.probe.all: 1 of 2 items"]);
});

/** Whether each value of a shortened object is a value of the whole, at the same path. */
function isPartOf(short: unknown, whole: unknown): boolean {
  if (Array.isArray(short)) {
    return Array.isArray(whole) && short.every((item, at) => isPartOf(item, whole[at]));
  }
  if (typeof short === "object" && short !== null) {
    return typeof whole === "object" && whole !== null &&
      Object.entries(short).every(([name, value]) =>
        Object.hasOwn(whole, name) && isPartOf(value, (whole as Record<string, unknown>)[name])
      );
  }
  return Object.is(short, whole);
}

Deno.test("withinBudget() never cuts within a value, keeps to the budget, and says so if anything is missing", () => {
  fc.assert(fc.property(
    fc.dictionary(fc.constantFrom("spec", "status", "data", "items", "x"), fc.jsonValue()),
    fc.integer({ min: 20, max: 400 }),
    (value, characters) => {
      const result = withinBudget(value, { characters, measure });
      assert.ok(isPartOf(result.value, value), JSON.stringify(result.value));
      const isSame = JSON.stringify(result.value) === JSON.stringify(value);
      assert.equal(result.omitted.length === 0, isSame, JSON.stringify([value, result]));
      const hasNames = /"(?:apiVersion|kind|name|namespace|type|status|reason|phase)"/.test(
        JSON.stringify(value),
      );
      if (!hasNames) assert.ok(measure(result.value) <= characters, JSON.stringify(result));
    },
  ));
});
