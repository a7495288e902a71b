import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePorts, type PortMapping, portText, servicePort } from "./ports.ts";

const port = fc.integer({ min: 1, max: 65_535 });
const name = fc.constantFrom("http", "https", "h2", "metrics-1");
const mapping = fc.oneof(
  fc.record({ local: fc.record({ kind: fc.constant("port" as const), port }), remote: port }),
  fc.record({ local: fc.record({ kind: fc.constant("port" as const), port }), remote: name }),
  fc.record({ local: fc.record({ kind: fc.constant("same" as const) }), remote: name }),
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
    { name: "dns", port: 53, protocol: "UDP" },
    { name: "dns-tcp", port: 53, targetPort: 1053, protocol: "TCP" },
    { name: "media", port: 5004, protocol: "UDP" },
  ];
  const of = (requested: number | string, isHeadless = false) =>
    servicePort({ ports, isHeadless }, requested);
  const tcp = (remote: number | string, own?: number) => ({ remote, own, isTcp: true });
  assert.deepEqual(of(80), tcp("web", 80));
  assert.deepEqual(of("http"), tcp("web", 80));
  assert.deepEqual(of("raw"), tcp(9000, 7));
  assert.deepEqual(of(5432), tcp(5432, 5432));
  assert.deepEqual([of(81), of("web")], [undefined, undefined]);
  assert.deepEqual([of(81, true), of(80, true)], [tcp(81), tcp(80, 80)]);
  assert.deepEqual(of("http", true), tcp("web", 80));
  assert.deepEqual(of(53), tcp(1053, 53));
  assert.deepEqual([of("dns")?.isTcp, of("media")?.isTcp, of(5004)?.isTcp], [false, false, false]);
});
