/** The handshake of TLS as far as it is readable: names, versions, alerts. https://www.rfc-editor.org/rfc/rfc8446 */
import { type Incoming, latin1, type Parsing, Unreadable, unsigned } from "./incoming.ts";
import { escapedText } from "./mask.ts";
import type { TrafficConnection, TrafficConversation } from "./parser.ts";

const record = { alert: 21, handshake: 22 };
const hello = { client: 1, server: 2 };
const extension = { serverName: 0, alpn: 16, supportedVersions: 43 };

const versions: Readonly<Record<number, string>> = {
  0x0301: "TLS 1.0",
  0x0302: "TLS 1.1",
  0x0303: "TLS 1.2",
  0x0304: "TLS 1.3",
};

/** Section 6 of RFC 8446, those that a handshake fails with. */
const alerts: Readonly<Record<number, string>> = {
  40: "handshake_failure",
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  48: "unknown_ca",
  49: "access_denied",
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  109: "missing_extension",
  112: "unrecognized_name",
  116: "certificate_required",
  120: "no_application_protocol",
};

/** Follows a handshake; the bytes after it are encrypted. `inside` is its protocol, if that is known. */
export function tls(connection: TrafficConnection, inside?: string): TrafficConversation {
  const facts: Record<string, string> = inside === undefined ? {} : { inside };
  let isReported = false;
  const report = () => {
    if (isReported) return;
    isReported = true;
    connection.emit({ kind: "protocol", protocol: "tls", facts });
  };

  function* clientHello(): Parsing {
    const { type, body } = yield* handshake(connection.client);
    if (body === undefined || type !== hello.client) throw new Unreadable("no ClientHello");
    Object.assign(facts, clientFacts(body));
    yield* connection.client.skipToEnd();
  }

  function* serverHello(): Parsing {
    const { type, body, alert } = yield* handshake(connection.server);
    if (alert !== undefined) facts.alert = alerts[alert] ?? String(alert);
    else if (body !== undefined && type === hello.server) {
      Object.assign(facts, serverFacts(body));
    }
    report();
    yield* connection.server.skipToEnd();
  }

  return {
    client: clientHello(),
    server: serverHello(),
    closed: () => report(),
  };
}

interface Handshake {
  type: number;
  /** Absent if an alert came instead. */
  body?: Uint8Array;
  alert?: number;
}

/** Reads the first handshake message, which may be cut into several records. */
function* handshake(incoming: Incoming): Parsing<Handshake> {
  const maxBytes = 64 * 1024;
  let bytes = new Uint8Array(0);
  for (;;) {
    const head = yield* incoming.take(5);
    const [type, length] = [head[0], unsigned(head, 3, 2)];
    if (head[1] !== 3 || length === 0 || length > 2 ** 14 + 2048) {
      throw new Unreadable("a record that is not of TLS");
    }
    const fragment = yield* incoming.take(length);
    if (type === record.alert) return { type: 0, alert: fragment[1] ?? 0 };
    if (type !== record.handshake) throw new Unreadable("no handshake");
    const longer = new Uint8Array(bytes.length + fragment.length);
    longer.set(bytes);
    longer.set(fragment, bytes.length);
    bytes = longer;
    const needed = bytes.length < 4 ? 4 : 4 + unsigned(bytes, 1, 3);
    if (needed > maxBytes) throw new Unreadable("a handshake without an end");
    if (bytes.length >= 4 && bytes.length >= needed) {
      return { type: bytes[0] ?? 0, body: bytes.subarray(4, needed) };
    }
  }
}

/** Reads fields of a message; a cut field reads as empty, because the other end reports it. */
class Fields {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.#at >= this.bytes.length;
  }

  number(count: number): number {
    const value = unsigned(this.bytes, this.#at, count);
    this.#at += count;
    return value;
  }

  /** A field whose length is in the `count` bytes before it; or of `count` bytes. */
  sized(count: number): Fields {
    return this.fixed(this.number(count));
  }

  fixed(length: number): Fields {
    const field = new Fields(this.bytes.subarray(this.#at, this.#at + length));
    this.#at += length;
    return field;
  }

  text(): string {
    return escapedText(latin1(this.bytes.subarray(this.#at)).slice(0, 255));
  }
}

function clientFacts(body: Uint8Array): Record<string, string> {
  const fields = new Fields(body);
  const legacy = fields.number(2);
  fields.fixed(32); // random
  fields.sized(1); // session
  fields.sized(2); // cipher suites
  fields.sized(1); // compression
  const facts: Record<string, string> = { offered: versions[legacy] ?? "unknown" };
  for (const [type, value] of extensions(fields)) {
    if (type === extension.serverName) {
      const names = value.sized(2);
      names.number(1);
      facts.sni = names.sized(2).text();
    } else if (type === extension.alpn) {
      facts.alpn = protocols(value).join(",");
    } else if (type === extension.supportedVersions) {
      facts.offered = newest(value.sized(1)) ?? facts.offered ?? "";
    }
  }
  return facts;
}

function serverFacts(body: Uint8Array): Record<string, string> {
  const fields = new Fields(body);
  let version = fields.number(2);
  fields.fixed(32); // random
  fields.sized(1); // session
  fields.number(2 + 1); // cipher suite, compression
  const facts: Record<string, string> = {};
  for (const [type, value] of extensions(fields)) {
    if (type === extension.supportedVersions) version = value.number(2);
    if (type === extension.alpn) facts.selected = protocols(value).join(",");
  }
  facts.version = versions[version] ?? "unknown";
  return facts;
}

function* extensions(fields: Fields): Generator<[type: number, value: Fields]> {
  const list = fields.sized(2);
  while (!list.isAtEnd) yield [list.number(2), list.sized(2)];
}

function protocols(value: Fields): string[] {
  const names: string[] = [];
  for (const list = value.sized(2); !list.isAtEnd && names.length < 16;) {
    names.push(list.sized(1).text());
  }
  return names;
}

function newest(list: Fields): string | undefined {
  let best = 0;
  while (!list.isAtEnd) {
    const version = list.number(2);
    // Reserved values, which keep servers tolerant, have no name: RFC 8701.
    if (versions[version] !== undefined) best = Math.max(best, version);
  }
  return versions[best];
}
