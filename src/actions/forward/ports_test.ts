import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePorts, type PortMapping, portText, servicePort } from "./ports.ts";

const port = fc.integer({ min: 1, max: 65_535 });
const name = fc.constantFrom("http", "https", "h2", "metrics-1");
const mapping = fc.oneof(
  fc.record({ local: fc.record({ kind: fc.constant("port" as const), port }), remote: port }),
  fc.record({ local: fc.record({ kind: fc.constant("port" as const), port }), remote: name }),
  fc.record({
    local: fc.record({ kind: fc.constant("free" as const) }),
    remote: fc.oneof(port, name),
  }),
  fc.record({
    local: fc.record({
      kind: fc.constant("unix" as const),
      path: fc.constantFrom("/run/a.sock", "b:c", "C:\\x"),
    }),
    remote: fc.oneof(port, name),
  }),
);

Deno.test("parsePorts(): the text of a mapping parses to the mapping", () => {
  fc.assert(fc.property(mapping, (one: PortMapping) => {
    assert.deepEqual(parsePorts(portText(one)), [JSON.parse(JSON.stringify(one))]);
  }));
});

Deno.test("servicePort(): as kubectl resolves the port of a service", () => {
  const ports = [
    { name: "http", port: 80, targetPort: "web" },
    { name: "raw", port: 7, targetPort: 9000 },
    { name: "same", port: 5432 },
  ];
  const of = (remote: number | string, isHeadless = false) =>
    servicePort({ ports, isHeadless }, remote);
  assert.deepEqual([of(80), of("http"), of("raw"), of(5432)], ["web", "web", 9000, 5432]);
  assert.deepEqual([of(81), of("web")], [undefined, undefined]);
  assert.deepEqual([of(81, true), of(80, true), of("http", true)], [81, 80, "web"]);
});
