import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import fc from "fast-check";
import { allowsTcp, egressRule, egressText } from "./egress_rule.ts";

Deno.test("destinations are addresses, networks, and ports of TCP or UDP", () => {
  const cases: [text: string, rule: ReturnType<typeof egressRule>][] = [
    ["10.0.0.0/8", { cidr: "10.0.0.0/8" }],
    ["0.0.0.0/0:443", { cidr: "0.0.0.0/0", ports: [443] }],
    ["1.2.3.4:22,443", { cidr: "1.2.3.4/32", ports: [22, 443] }],
    ["1.2.3.4:443,51820/udp", { cidr: "1.2.3.4/32", ports: [443], udpPorts: [51820] }],
    ["1.2.3.4:443/tcp, 443/UDP", { cidr: "1.2.3.4/32", ports: [443], udpPorts: [443] }],
    ["::1", { cidr: "::1/128" }],
    ["2001:DB8::/32", { cidr: "2001:db8::/32" }],
    ["[2001:db8::/32]:443", { cidr: "2001:db8::/32", ports: [443] }],
    ["[fe80::1]:22", { cidr: "fe80::1/128", ports: [22] }],
    ["::ffff:1.2.3.4", { cidr: "::ffff:102:304/128" }],
  ];
  for (const [text, rule] of cases) {
    assert.deepEqual(egressRule(text), rule, text);
    assert.deepEqual(egressRule(egressText(rule)), rule, `${text} as it is shown`);
  }
});

Deno.test("what names no destination, or two at once, is refused", () => {
  const bad = [
    ...["github.com:443", "github.com", "", "1.2.3", "1.2.3.400", "01.2.3.4", "10.0.0.0/33"],
    ...["1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:", "1.2.3.4:22,", "1.2.3.4:22/sctp", "1.2.3.4:22/"],
    ...["10.0.0.0/08", "10.0.0.0/8/8", "[1.2.3.4", "::1/129", "1:2:3", "[]:443", "::g"],
    ...["10.1.2.3/8", "2001:db8::1/32"],
  ];
  for (const text of bad) assert.throws(() => egressRule(text), { kind: "usage" }, text);
});

Deno.test("an address alone is that one address, however it is written", () => {
  fc.assert(fc.property(fc.ipV4(), (address) => {
    assert.equal(egressRule(address).cidr, `${address}/32`);
    assert.equal(egressRule(`${address}/32:1`).cidr, `${address}/32`);
  }));
  fc.assert(fc.property(fc.ipV6(), (address) => {
    const { cidr } = egressRule(`[${address}]:1`);
    const [read = "", bits] = cidr.split("/");
    assert.ok(isIPv6(read) && bits === "128", cidr);
    assert.equal(new URL(`http://[${read}]/`).hostname, new URL(`http://[${address}]/`).hostname);
  }));
});

Deno.test("a list allows what one of its rules does", () => {
  const rules = ["10.0.0.0/8:443", "192.0.2.7", "2001:db8::/33:22,53/udp", "203.0.113.0/24:9/udp"]
    .map(egressRule);
  const yes: [string, number][] = [
    ...[["10.96.0.1", 443], ["192.0.2.7", 1], ["2001:db8:7fff::1", 22]] as [string, number][],
  ];
  const no: [string, number][] = [
    ...[["10.96.0.1", 80], ["11.0.0.1", 443], ["192.0.2.8", 1], ["::10.0.0.1", 443]],
    ...[["2001:db8:8000::1", 22], ["2001:db8::1", 53], ["203.0.113.1", 9]],
  ] as [string, number][];
  for (const [address, port] of yes) assert.ok(allowsTcp(rules, address, port), address);
  for (const [address, port] of no) assert.ok(!allowsTcp(rules, address, port), address);
  assert.ok(allowsTcp([egressRule("::/0")], "::1", 1) && !allowsTcp([], "10.0.0.1", 1));
});
