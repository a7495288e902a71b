/** The destinations of allow-lists, as users write them. Pure. */
import { UsageError } from "../base/errors.ts";
import type { EgressRule } from "./model.ts";

/**
 * `10.0.0.0/8`, `203.0.113.7:22,443`, `10.0.0.0/8:443,51820/udp`; of IPv6 `2001:db8::/32` and `[2001:db8::/32]:443`.
 *
 * @throws UsageError
 */
export function egressRule(text: string): EgressRule {
  const match = /^(?:\[([^\]]+)\]|(\d+\.[\d./]+)|([\da-f:.]+(?:\/\d+)?))(?::(.+))?$/i.exec(text);
  const [, bracketed, four, six, list] = match ?? [];
  const block = bracketed ?? four ?? six ?? "";
  const cidr = block.includes(":") ? sixBlock(block) : fourBlock(block);
  const ports = list === undefined ? [] : list.split(",").map(portOf);
  if (cidr === undefined || ports.includes(undefined)) {
    throw new UsageError(`${JSON.stringify(text.slice(0, 60))} isn't a destination`, {
      hint: "destinations are addresses with ports, as in 10.0.0.0/8, 140.82.112.0/20:22,443, " +
        "192.0.2.1:51820/udp or [2001:db8::/32]:443; names of hosts can't be given",
    });
  }
  const of = (protocol: string) =>
    ports.flatMap((one) => one?.protocol === protocol ? [one.port] : []);
  const [tcp, udp] = [of("tcp"), of("udp")];
  return {
    cidr,
    ...(tcp.length === 0 ? {} : { ports: tcp }),
    ...(udp.length === 0 ? {} : { udpPorts: udp }),
  };
}

/** Returns the destination as a user writes it. */
export function egressText({ cidr, ports = [], udpPorts = [] }: EgressRule): string {
  const list = [...ports.map(String), ...udpPorts.map((port) => `${port}/udp`)];
  if (list.length === 0) return cidr;
  return `${cidr.includes(":") ? `[${cidr}]` : cidr}:${list.join(",")}`;
}

/** Returns whether a list allows a TCP port of an address: the list as written, without the defaults of every list. */
export function allowsTcp(rules: readonly EgressRule[], address: string, port: number): boolean {
  return rules.some(({ cidr, ports, udpPorts }) => {
    const any = ports === undefined && udpPorts === undefined;
    return (any || ports?.includes(port) === true) && contains(cidr, address);
  });
}

function contains(cidr: string, address: string): boolean {
  const [network = "", bits] = cidr.split("/");
  const isSix = address.includes(":");
  if (network.includes(":") !== isSix) return false;
  const rest = BigInt((isSix ? 128 : 32) - Number(bits));
  const value = (text: string) => isSix ? sixValue(shortestSix(text)) : fourValue(text);
  return value(network) >> rest === value(address) >> rest;
}

/** Without leading zeros, which some read as octal. */
const number = /^(?:0|[1-9]\d*)$/;

function fourBlock(text: string): string | undefined {
  const [address = "", bits = "32", ...more] = text.split("/");
  const parts = address.split(".");
  const valid = more.length === 0 && parts.length === 4 && number.test(bits) &&
    Number(bits) <= 32 &&
    parts.every((part) => number.test(part) && Number(part) < 256);
  if (!valid) return undefined;
  refuseHostBits(text, fourValue(address), 32 - Number(bits));
  return `${address}/${bits}`;
}

function fourValue(address: string): bigint {
  return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function sixBlock(text: string): string | undefined {
  const [address = "", bits = "128", ...more] = text.split("/");
  if (more.length > 0 || !number.test(bits) || Number(bits) > 128) return undefined;
  if (!URL.canParse(`http://[${address}]/`)) return undefined;
  const shortest = shortestSix(address);
  refuseHostBits(text, sixValue(shortest), 128 - Number(bits));
  return `${shortest}/${bits}`;
}

function shortestSix(address: string): string {
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

/** Takes an address in its shortest form, which has no dots. */
function sixValue(address: string): bigint {
  const [before = "", after] = address.split("::");
  const groups = (part: string) => part === "" ? [] : part.split(":");
  const [head, tail] = [groups(before), groups(after ?? "")];
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].reduce(
    (sum, group) => sum * 65536n + BigInt(`0x${group}`),
    0n,
  );
}

/** `10.1.2.3/8` is one address to some and sixteen million to others; Kubernetes warns about it, and will refuse it. */
function refuseHostBits(text: string, value: bigint, hostBits: number): void {
  if (value % (1n << BigInt(hostBits)) === 0n) return;
  const [address] = text.split("/");
  throw new UsageError(
    `${JSON.stringify(text)} says an address, and a network that begins elsewhere`,
    {
      hint: `${address} alone is this one address; a network's own address ends with zeros`,
    },
  );
}

function portOf(text: string): { port: number; protocol: string } | undefined {
  const [digits = "", protocol = "tcp", ...more] = text.trim().toLowerCase().split("/");
  const port = number.test(digits) ? Number(digits) : 0;
  const known = protocol === "tcp" || protocol === "udp";
  return more.length === 0 && known && port >= 1 && port <= 65535 ? { port, protocol } : undefined;
}
