import assert from "node:assert/strict";
import fc from "fast-check";
import { podNamed, type TestApi, testApi } from "../testing/api.ts";
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from "./patch.ts";

const podSpec = { kind: "object", name: "io.k8s.api.core.v1.PodSpec" } as const;

const jsonPatches: [string, unknown, unknown][] = [
  ["adds a field", [{ op: "add", path: "/b", value: 2 }], { a: [1, 2], b: 2 }],
  ["adds into a list", [{ op: "add", path: "/a/1", value: 9 }], { a: [1, 9, 2] }],
  ["adds at a list's end", [{ op: "add", path: "/a/-", value: 9 }], { a: [1, 2, 9] }],
  ["removes", [{ op: "remove", path: "/a/0" }], { a: [2] }],
  ["replaces", [{ op: "replace", path: "/a", value: 3 }], { a: 3 }],
  ["moves", [{ op: "move", from: "/a/0", path: "/b" }], { a: [2], b: 1 }],
  ["copies", [{ op: "copy", from: "/a/0", path: "/b" }], { a: [1, 2], b: 1 }],
  ["goes on after a test that holds", [
    { op: "test", path: "/a/0", value: 1 },
    { op: "add", path: "/~1~0", value: 0 },
  ], { a: [1, 2], "/~": 0 }],
];

for (const [name, patch, expected] of jsonPatches) {
  Deno.test(`a JSON patch ${name}`, () => {
    const document = { a: [1, 2] };
    assert.deepEqual(applyJsonPatch(document, patch), expected);
    assert.deepEqual(document, { a: [1, 2] });
  });
}

const brokenPatches: [unknown, RegExp][] = [
  [{}, /must be an array/],
  [[{ op: "remove", path: "/b" }], /an error in our request$/],
  [[{ op: "add", path: "/a/7", value: 1 }], /an error in our request$/],
  [[{ op: "test", path: "/a/0", value: 2 }], /an error in our request$/],
  [[{ op: "turn", path: "/a" }], /unexpected kind of operation: "turn"/],
  [[{ op: "add", path: "a", value: 1 }], /isn't a JSON pointer/],
];

for (const [patch, message] of brokenPatches) {
  Deno.test(`the JSON patch ${JSON.stringify(patch)} is refused`, () => {
    assert.throws(() => applyJsonPatch({ a: [1, 2] }, patch), message);
  });
}

Deno.test("the copies of a JSON patch are limited to 3 MiB in all, as a real server limits them", () => {
  const doubling = (count: number) => [
    { op: "add", path: "/a", value: "0123456789".repeat(100) },
    ...Array.from({ length: count }, (_, index) => ({ op: "copy", from: "", path: `/x${index}` })),
  ];
  assert.ok(applyJsonPatch({}, doubling(11)));
  assert.throws(() => applyJsonPatch({}, doubling(40)), /an error in our request$/);
});

Deno.test("a JSON patch that names a prototype changes the document alone", () => {
  applyJsonPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

const plain = { noNullPrototype: true };
const documents = fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.nat(), plain), plain);

Deno.test("a merge patch with itself changes nothing; null removes", () => {
  fc.assert(
    fc.property(documents, (document) => {
      assert.deepEqual(applyMergePatch(document, document), { ...document });
      const nulls = Object.fromEntries(Object.keys(document).map((key) => [key, null]));
      assert.deepEqual(applyMergePatch(document, nulls), {});
    }),
  );
});

const two = { containers: [{ name: "a", image: "1", args: ["x"] }, { name: "b", image: "1" }] };

const strategicPatches: [string, unknown, unknown][] = [
  ["merges items by their key", { containers: [{ name: "b", image: "2" }] }, {
    containers: [{ name: "a", image: "1", args: ["x"] }, { name: "b", image: "2" }],
  }],
  ["puts an item with a new key ahead of those that it doesn't name", {
    containers: [{ name: "c" }],
  }, {
    containers: [{ name: "c" }, ...two.containers],
  }],
  [
    "puts a new item where it is named among others",
    { containers: [{ name: "b" }, { name: "c" }] },
    {
      containers: [...two.containers, { name: "c" }],
    },
  ],
  ["deletes an item", { containers: [{ name: "a", $patch: "delete" }] }, {
    containers: [{ name: "b", image: "1" }],
  }],
  ["replaces a whole list", { containers: [{ $patch: "replace" }, { name: "z" }] }, {
    containers: [{ name: "z" }],
  }],
  ["replaces lists without a key", { containers: [{ name: "a", args: ["y"] }] }, {
    containers: [{ name: "a", image: "1", args: ["y"] }, { name: "b", image: "1" }],
  }],
  ["orders", { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }], containers: [] }, {
    containers: [two.containers[1], two.containers[0]],
  }],
  ["removes a field", { containers: [{ name: "a", args: null }] }, {
    containers: [{ name: "a", image: "1" }, { name: "b", image: "1" }],
  }],
];

for (const [name, patch, expected] of strategicPatches) {
  Deno.test(`a strategic merge patch ${name}`, () => {
    assert.deepEqual(applyStrategicPatch(structuredClone(two), patch, podSpec), expected);
  });
}

Deno.test("a strategic merge patch retains the one source of a volume that it names", () => {
  const before = { volumes: [{ name: "v", emptyDir: {} }] };
  const patch = {
    volumes: [{ $retainKeys: ["name", "hostPath"], name: "v", hostPath: { path: "/" } }],
  };
  assert.deepEqual(applyStrategicPatch(before, patch, podSpec), {
    volumes: [{ name: "v", hostPath: { path: "/" } }],
  });
});

Deno.test("a strategic merge patch takes values out of a set", () => {
  const before = { finalizers: ["a", "b"] };
  const patch = { "$deleteFromPrimitiveList/finalizers": ["a"], finalizers: ["c"] };
  const meta = { kind: "object", name: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" } as const;
  assert.deepEqual(applyStrategicPatch(before, patch, meta), { finalizers: ["c", "b"] });
});

const configMaps = "/api/v1/namespaces/default/configmaps/cm";

function apply(api: TestApi, manager: string, data: Record<string, string>, more = "") {
  const headers = { "content-type": "application/apply-patch+yaml" };
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cm" }, data };
  return api.json("PATCH", `${configMaps}?fieldManager=${manager}${more}`, { headers, body });
}

Deno.test("an apply names its kind, and no other object than its address does", async () => {
  const headers = { "content-type": "application/apply-patch+yaml" };
  const whole = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cm" } };
  for (
    const [change, message] of [
      [{ apiVersion: undefined }, "Object 'apiVersion' is missing in the applied configuration"],
      [{ kind: undefined }, "Object 'kind' is missing in the applied configuration"],
      [
        { metadata: { name: "other" } },
        "the name of the object (other) does not match the name on the URL (cm)",
      ],
    ] as const
  ) {
    const body = { ...whole, ...change };
    const status = await testApi().json("PATCH", `${configMaps}?fieldManager=a`, { headers, body });
    assert.deepEqual([status.code, status.message], [400, message]);
  }
});

Deno.test("apply creates, changes what it owns, and removes what it no longer wants", async () => {
  const api = testApi();
  assert.deepEqual((await apply(api, "one", { a: "1", b: "1" }))["data"], { a: "1", b: "1" });
  assert.deepEqual((await apply(api, "two", { c: "1" }))["data"], { a: "1", b: "1", c: "1" });
  assert.deepEqual((await apply(api, "one", { a: "2" }))["data"], { a: "2", c: "1" });
});

Deno.test("applying the same again changes nothing", async () => {
  const api = testApi();
  const first = await apply(api, "one", { a: "1" });
  api.clock.advance(60_000);
  assert.deepEqual((await apply(api, "one", { a: "1" })).metadata, first.metadata);
});

Deno.test("managers that disagree are a conflict that names both field and owner; force takes it", async () => {
  const api = testApi();
  await apply(api, "one", { a: "1" });
  const status = await apply(api, "two", { a: "2" });
  assert.equal(status.code, 409);
  assert.equal(
    status.message,
    'Apply failed with 1 conflict: conflict with "one": .data.a',
  );
  assert.deepEqual((await apply(api, "two", { a: "2" }, "&force=true"))["data"], { a: "2" });
  // The field is now owned by the second alone: the first releases nothing by not naming it.
  assert.deepEqual((await apply(api, "one", {}))["data"], { a: "2" });
});

Deno.test("managers that agree own a field together", async () => {
  const api = testApi();
  await apply(api, "one", { a: "1" });
  await apply(api, "two", { a: "1" });
  assert.deepEqual((await apply(api, "one", {}))["data"], { a: "1" });
  assert.equal((await apply(api, "two", {}))["data"], undefined);
});

Deno.test("a field that a plain update wrote is its writer's", async () => {
  const api = testApi();
  await apply(api, "one", { a: "1" });
  const headers = {
    "content-type": "application/merge-patch+json",
    "user-agent": "editor/1.0 (linux)",
  };
  await api.json("PATCH", configMaps, { headers, body: { data: { a: "3" } } });
  const status = await apply(api, "one", { a: "1" });
  assert.match(status.message ?? "", /conflict with "editor" using v1: \.data\.a$/);
});

Deno.test("apply asks for a manager, and any patch for a known type", async () => {
  const api = testApi();
  const headers = { "content-type": "application/apply-patch+yaml" };
  assert.match(
    (await api.json("PATCH", configMaps, { headers, body: {} })).message ?? "",
    /fieldManager: Required/,
  );
  await api.json("POST", "/api/v1/namespaces/default/pods", { body: podNamed("a") });
  const status = await api.json("PATCH", "/api/v1/namespaces/default/pods/a", { body: {} });
  assert.equal(status.code, 415);
});

Deno.test("managedFields that a client makes up change nothing but themselves", async () => {
  const api = testApi();
  await apply(api, "one", { a: "1" });
  const headers = { "content-type": "application/json-patch+json" };
  const evil = [
    '{"__proto__":{"polluted":{}}}',
    '{"f:data":{"k:{":{}}}',
    '{"f:data":7}',
    '"text"',
  ];
  for (const fieldsV1 of evil) {
    const entry = `{"manager":"x","operation":"Update","apiVersion":"v1","fieldsV1":${fieldsV1}}`;
    const body = `[{"op":"replace","path":"/metadata/managedFields","value":[${entry}]}]`;
    const answer = await api.json("PATCH", configMaps, { headers, body });
    assert.deepEqual(answer["data"], { a: "1" });
  }
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});
