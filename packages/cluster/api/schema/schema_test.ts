import assert from "node:assert/strict";
import fc from "fast-check";
import { resourceTypes } from "../../resources.ts";
import { conform, type DecodeFindings } from "../decode.ts";
import type { Schema } from "./model.ts";
import { definition, definitionName, type TimeKind } from "./definitions.ts";
import { decodeProtobuf } from "./protobuf.ts";

function refs(schema: Schema): string[] {
  if (schema.kind === "object") return [schema.name];
  return schema.kind === "list" || schema.kind === "map" ? refs(schema.of) : [];
}

Deno.test("every definition that a served kind leads to is there, with one number a field", () => {
  const open = resourceTypes.map(definitionName);
  const seen = new Set<string>();
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const { fields } = definition(name);
    const numbers = [...fields.values()].map((field) => field.numbers.join("/")).filter(Boolean);
    assert.equal(new Set(numbers).size, numbers.length, name);
    open.push(...[...fields.values()].flatMap(({ schema }) => refs(schema)));
  }
  assert.ok(seen.size > 150, `${seen.size} definitions`);
});

function conformPod(value: unknown): { value: unknown; found: DecodeFindings } {
  const found: DecodeFindings = { unknownFields: [], wrongTypes: [] };
  return {
    value: conform(value, { kind: "object", name: "io.k8s.api.core.v1.Pod" }, "", found),
    found,
  };
}

Deno.test("empty fields are omitted where Kubernetes omits them, and nowhere else", () => {
  const { value } = conformPod({
    metadata: { name: "", labels: {}, annotations: null },
    spec: {
      containers: [],
      hostNetwork: false,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: "v", emptyDir: {} }],
    },
  });
  assert.deepEqual(value, {
    metadata: {},
    spec: {
      containers: [],
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: "v", emptyDir: {} }],
    },
  });
});

Deno.test("unknown fields and wrong types are reported with their paths", () => {
  const { found } = conformPod({
    spec: { containers: [{ name: 1, colour: "red" }], shape: "round" },
  });
  assert.deepEqual(found.unknownFields, ["spec.containers[0].colour", "spec.shape"]);
  assert.deepEqual(found.wrongTypes, [
    "json: cannot unmarshal number into Go struct field spec.containers[0].name of type string",
  ]);
});

const times: [TimeKind, string, string | RegExp][] = [
  ["time", "2026-11-22T08:23:13Z", "2026-11-22T08:23:13Z"],
  ["time", "2026-11-22T08:23:13.987+02:00", "2026-11-22T06:23:13Z"],
  ["time", "2026", /^parsing time "2026" as "2006-01-02T15:04:05Z07:00"/],
  ["time", "2026-02-30T25:00:00Z", /cannot parse/],
  ["microTime", "2026-11-22T08:23:13.060000Z", "2026-11-22T08:23:13.060000Z"],
  ["microTime", "2026-11-22T10:23:13.000001+02:00", "2026-11-22T08:23:13.000001Z"],
  ["microTime", "2026-11-22T08:23:13.060Z", /cannot parse ".060Z" as ".000000"$/],
  ["microTime", "2026-11-22T08:23:13Z", /cannot parse "Z" as ".000000"$/],
];

for (const [kind, sent, expected] of times) {
  Deno.test(`a ${kind} sent as ${sent} is ${expected}`, () => {
    const found: DecodeFindings = { unknownFields: [], wrongTypes: [] };
    const value = conform(sent, { kind }, "spec.renewTime", found);
    if (typeof expected === "string") assert.deepEqual([value, found.wrongTypes], [expected, []]);
    else assert.match(found.wrongTypes.join(), expected);
  });
}

Deno.test("any JSON at all is held against the schema without an accident", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const { found } = conformPod(value);
    assert.ok(Array.isArray(found.unknownFields));
  }));
});

const text = new TextEncoder();

function field(number: number, payload: Uint8Array | string): Uint8Array {
  const bytes = typeof payload === "string" ? text.encode(payload) : payload;
  return Uint8Array.of(number << 3 | 2, bytes.length, ...bytes);
}

function message(...fields: Uint8Array[]): Uint8Array {
  return Uint8Array.from(fields.flatMap((each) => [...each]));
}

function envelope(apiVersion: string, kind: string, raw: Uint8Array): Uint8Array {
  const typeMeta = message(field(1, apiVersion), field(2, kind));
  return message(text.encode("k8s\0"), field(1, typeMeta), field(2, raw));
}

Deno.test("a protobuf body becomes the object that it holds", () => {
  const metadata = message(field(1, "s"), field(3, ""), field(8, ""));
  const entry = message(field(1, "key"), field(2, Uint8Array.of(1, 2, 255)));
  const raw = message(field(1, metadata), field(2, entry), field(3, "Opaque"));
  assert.deepEqual(decodeProtobuf(envelope("v1", "Secret", raw)), {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s" },
    data: { key: "AQL/" },
    type: "Opaque",
  });
});

Deno.test("a message that JSON doesn't show is passed through", () => {
  // Volume: 1 = name, 2 = the source, in which 2 = emptyDir.
  const volume = message(field(1, "v"), field(2, field(2, "")));
  const raw = field(2, field(1, volume));
  assert.deepEqual(decodeProtobuf(envelope("v1", "Pod", raw)), {
    apiVersion: "v1",
    kind: "Pod",
    spec: { volumes: [{ name: "v", emptyDir: {} }] },
  });
});

Deno.test("a time of a protobuf body is written to the second, a micro time with six digits", () => {
  // Seconds 1, nanoseconds 60,005,999.
  const moment = Uint8Array.of(1 << 3, 1, 2 << 3, 0xef, 0xbc, 0xce, 0x1c);
  const lease = field(2, message(field(1, "me"), field(4, moment)));
  assert.deepEqual(
    decodeProtobuf(envelope("coordination.k8s.io/v1", "Lease", lease))["spec"],
    { holderIdentity: "me", renewTime: "1970-01-01T00:00:01.060005Z" },
  );
  const metadata = field(1, message(field(1, "s"), field(8, moment)));
  assert.deepEqual(
    decodeProtobuf(envelope("v1", "Secret", metadata))["metadata"],
    { name: "s", creationTimestamp: "1970-01-01T00:00:01Z" },
  );
});

Deno.test("bytes that are no protobuf of a known kind are a 400", () => {
  fc.assert(fc.property(fc.uint8Array(), (raw) => {
    for (
      const body of [
        raw,
        envelope("v1", "Pod", raw.subarray(0, 100)),
        envelope("v1", "Nope", raw.subarray(0, 100)),
      ]
    ) {
      try {
        decodeProtobuf(body);
      } catch (error) {
        assert.match(String(error), /the protobuf body can't be read/);
      }
    }
  }));
});
