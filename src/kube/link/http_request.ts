/** The head of an HTTP/1.1 request, as bytes for a link. RFC 9112. */
import { KodamaError } from "../../base/errors.ts";

/** Names and values in their order. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/**
 * One header. Throws `config` for a value that HTTP can't carry: it comes from a kubeconfig or a credential program,
 * and a line break in it would start another header.
 */
export function header(name: string, value: string): readonly [string, string] {
  // Tab, printable ASCII, and the upper half of Latin-1: RFC 9110, 5.5.
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value) || !/^[!#$%&'*+.^`|~\w-]+$/.test(name)) {
    throw new KodamaError(
      "config",
      `the credentials have a character that the header ${name.replace(/\W/g, "-")} can't carry`,
    );
  }
  return [name, value];
}

/** The request up to its body. */
export function requestHead(method: string, url: URL, headers: HeaderPairs): Uint8Array {
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
}
