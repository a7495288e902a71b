/**
 * PostgreSQL's protocol: kinds of statements, rows and error codes, never a statement's text or a value.
 * https://www.postgresql.org/docs/current/protocol.html
 */
import { latin1, type Parsing, Unreadable, unsigned } from "./incoming.ts";
import { escapedText } from "./mask.ts";
import {
  maxWaiting,
  Stopwatch,
  type TrafficConnection,
  type TrafficConversation,
  Waiting,
} from "./parser.ts";
import { tls } from "./tls.ts";

/** Codes of the first message, instead of a version of the protocol. */
const request = { cancel: 80877102, tls: 80877103, gss: 80877104 };

const maxStartupBytes = 10_000;
/** As much of a statement as its kind needs. */
const maxKindBytes = 1024;
const maxStatements = 1000;

/** The words by which a statement may be reported: anything else could be a value. */
const keywords = new Set(
  "ABORT ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DISCARD DO DROP END EXECUTE EXPLAIN FETCH GRANT IMPORT INSERT LISTEN LOAD LOCK MERGE MOVE NOTIFY PREPARE REASSIGN REFRESH REINDEX RELEASE RESET REVOKE ROLLBACK SAVEPOINT SECURITY SELECT SET SHOW START TABLE TRUNCATE UNLISTEN UPDATE VACUUM VALUES WITH"
    .split(" "),
);

/** An answer that the server owes, in order. */
interface Expected {
  /** `sync` ends a series of extended queries; messages between an error and it are skipped. */
  type: "startup" | "simple" | "execute" | "sync";
  operation: string;
  bytes: number;
  responseBytes: number;
  watch: Stopwatch;
  error: string | undefined;
  rows: number | undefined;
}

/** Returns whether the first eight bytes, or fewer, can be those of a client. */
export function mayBePostgresql(bytes: Uint8Array): boolean {
  if (unsigned(bytes, 0, Math.min(2, bytes.length)) !== 0) return false;
  if (bytes.length < 8) return true;
  const code = unsigned(bytes, 4, 4);
  return Object.values(request).includes(code) || code >>> 16 === 3;
}

/** Follows a connection from its first message. */
export function postgresql(connection: TrafficConnection): TrafficConversation {
  return new Postgresql(connection);
}

class Postgresql implements TrafficConversation {
  readonly client: Parsing;
  readonly server: Parsing;
  readonly #expected = new Waiting<Expected>();
  /** Kinds of prepared statements, and of portals, by name. */
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  /** The client waits for the answer, a byte, to a request for encryption. */
  #requested: "tls" | "gss" | undefined;
  #hasStarted = false;
  #next: TrafficConversation | undefined;

  constructor(private readonly connection: TrafficConnection) {
    this.client = this.#fromClient();
    this.server = this.#fromServer();
  }

  closed(): void {
    for (const expected of this.#expected.takeAll()) {
      if (expected.type !== "sync") this.#report(expected, false);
    }
    this.#next?.closed?.();
  }

  *#fromClient(): Parsing {
    const { client } = this.connection;
    for (;;) {
      yield* client.some();
      const watch = new Stopwatch(this.connection);
      const head = yield* client.take(8);
      const [length, code] = [unsigned(head, 0, 4), unsigned(head, 4, 4)];
      if (length < 8 || length > maxStartupBytes) throw new Unreadable("no start of a session");
      if (code === request.tls || code === request.gss) {
        yield* client.skip(length - 8);
        this.#requested = code === request.tls ? "tls" : "gss";
        yield* client.until(() => this.#requested === undefined);
        if (this.#next !== undefined) return yield* this.#next.client;
        continue;
      }
      if (code === request.cancel) {
        yield* client.skip(length - 8);
        this.#report(this.#expect("startup", "CANCEL", length, watch), true);
        return yield* client.skipToEnd();
      }
      this.#reportStart(latin1(yield* client.take(length - 8)));
      this.#push(this.#expect("startup", "CONNECT", length, watch));
      this.#hasStarted = true;
      return yield* this.#messages();
    }
  }

  #reportStart(parameters: string): void {
    const parts = parameters.split("\0");
    const facts: Record<string, string> = {};
    for (let at = 0; at + 1 < parts.length && parts[at] !== ""; at += 2) {
      const [name = "", value = ""] = parts.slice(at, at + 2);
      if (["user", "database", "application_name"].includes(name)) {
        facts[name] = escapedText(value.slice(0, 64));
      }
    }
    this.connection.emit({ kind: "protocol", protocol: "postgresql", facts });
  }

  *#messages(): Parsing {
    const { client } = this.connection;
    for (;;) {
      yield* client.some();
      const watch = new Stopwatch(this.connection);
      const type = String.fromCharCode(yield* client.byte());
      const length = unsigned(yield* client.take(4), 0, 4) - 4;
      if (length < 0 || !/[BCDEFHPQSXcdfp]/.test(type)) throw new Unreadable("an unknown message");
      const read = Math.min(length, maxKindBytes);
      // A password may be in `p`: it isn't read.
      const start = "QPBE".includes(type) ? latin1(yield* client.take(read)) : "";
      yield* client.skip(length - start.length);
      watch.sent();
      this.#message(type, start, length + 5, watch);
    }
  }

  #message(type: string, start: string, bytes: number, watch: Stopwatch): void {
    const [first = "", second = ""] = start.split("\0", 2);
    if (type === "Q") this.#push(this.#expect("simple", kindOf(first), bytes, watch));
    else if (type === "P") remember(this.#statements, first, kindOf(second));
    else if (type === "B") {
      remember(this.#portals, first, this.#statements.get(second) ?? "OTHER");
    } else if (type === "E") {
      const operation = this.#portals.get(first) ?? "OTHER";
      this.#push(this.#expect("execute", operation, bytes, watch));
    } else if (type === "F") this.#push(this.#expect("simple", "FUNCTION", bytes, watch));
    else if (type === "S") this.#push(this.#expect("sync", "SYNC", bytes, watch));
  }

  *#fromServer(): Parsing {
    const { server } = this.connection;
    for (;;) {
      yield* server.some();
      if (this.#hasStarted) return yield* this.#responses();
      // Before a session, only a request for encryption has an answer.
      if (this.#requested === undefined) throw new Unreadable("an answer to nothing");
      const answer = String.fromCharCode(yield* server.byte());
      if (answer === "S" && this.#requested === "tls") {
        this.#next = tls(this.connection, "postgresql");
      } else if (answer === "G") this.#next = this.#encrypted();
      else if (answer !== "N") throw new Unreadable("no answer to a request for encryption");
      this.#requested = undefined;
      yield* server.handOver();
      if (this.#next !== undefined) return yield* this.#next.server;
    }
  }

  #encrypted(): TrafficConversation {
    const { client, server } = this.connection;
    const facts = { encryption: "GSSAPI" };
    this.connection.emit({ kind: "protocol", protocol: "postgresql", facts });
    return { client: client.skipToEnd(), server: server.skipToEnd() };
  }

  *#responses(): Parsing {
    const { server } = this.connection;
    for (;;) {
      yield* server.some();
      this.#expected.first?.watch.answered();
      const type = String.fromCharCode(yield* server.byte());
      const length = unsigned(yield* server.take(4), 0, 4) - 4;
      if (length < 0 || !/[\w]/.test(type)) throw new Unreadable("an unknown message");
      const expected = this.#expected.first;
      if (expected !== undefined) expected.responseBytes += 5;
      const read = "CE".includes(type) ? Math.min(length, maxKindBytes) : 0;
      const start = read === 0 ? "" : latin1(yield* server.take(read));
      if (expected !== undefined) expected.responseBytes += read;
      yield* server.skip(length - read, (bytes) => {
        if (expected !== undefined) expected.responseBytes += bytes;
      });
      this.#response(type, start);
    }
  }

  #response(type: string, start: string): void {
    const first = this.#expected.first;
    if (first === undefined) return;
    if (type === "C" && first.type !== "startup") {
      const rows = /^[A-Z ]+ (?:\d+ )?(\d{1,15})\0/.exec(start)?.[1];
      if (rows !== undefined) first.rows = (first.rows ?? 0) + Number(rows);
    }
    if (type === "E") this.#error(/(?:^|\0)C([A-Z\d]{5})\0/.exec(start)?.[1] ?? "XX000");
    // Command complete, empty query, portal suspended.
    else if ("CIs".includes(type) && first.type === "execute") this.#finish();
    else if (type === "Z") this.#ready();
  }

  /** The server skips everything up to the next sync. */
  #error(code: string): void {
    const first = this.#expected.first;
    if (first === undefined) return;
    first.error = code;
    if (first.type === "simple") return;
    // Sync: an error in a statement that wasn't executed yet.
    if (first.type === "startup" || first.type === "sync") {
      return first.type === "sync" ? this.#report(first, true) : this.#finish();
    }
    this.#finish();
    while (this.#expected.first?.type === "execute") this.#expected.shift();
  }

  #ready(): void {
    const first = this.#expected.first;
    if (first?.type === "sync") this.#expected.shift();
    else if (first !== undefined && first.type !== "execute") this.#finish();
  }

  #finish(): void {
    const expected = this.#expected.shift();
    if (expected !== undefined) this.#report(expected, true);
  }

  #expect(
    type: Expected["type"],
    operation: string,
    bytes: number,
    watch: Stopwatch,
  ): Expected {
    const unanswered = { responseBytes: 0, error: undefined, rows: undefined };
    return { type, operation, bytes, watch, ...unanswered };
  }

  #push(expected: Expected): void {
    if (!this.#expected.push(expected)) {
      throw new Unreadable(`more than ${maxWaiting} queries without a response`);
    }
  }

  #report({ operation, bytes, responseBytes, watch, error, rows }: Expected, complete: boolean) {
    this.connection.emit({
      kind: "exchange",
      protocol: "postgresql",
      operation,
      ...error !== undefined && { status: error },
      failed: error !== undefined,
      complete,
      requestBytes: bytes,
      responseBytes,
      ...rows !== undefined && { rows },
      ...watch.times(),
    });
  }
}

/** Returns the first keyword of a statement; `OTHER` if it isn't a known keyword. */
function kindOf(statement: string): string {
  let text = statement.trimStart();
  for (;;) {
    const rest = text.startsWith("--")
      ? text.slice(`${text}\n`.indexOf("\n") + 1)
      : text.startsWith("/*")
      ? text.slice(text.indexOf("*/") === -1 ? text.length : text.indexOf("*/") + 2)
      : text.startsWith("(") || text.startsWith(";")
      ? text.slice(1)
      : text;
    if (rest === text) break;
    text = rest.trimStart();
  }
  const keyword = /^[A-Za-z]{2,12}(?![\w$])/.exec(text)?.[0].toUpperCase() ?? "";
  return text === "" ? "EMPTY" : keywords.has(keyword) ? keyword : "OTHER";
}

/** Stores a kind by name; the oldest name is forgotten if there are too many. */
function remember(kinds: Map<string, string>, name: string, kind: string): void {
  kinds.delete(name);
  if (kinds.size >= maxStatements) {
    const [oldest] = kinds.keys();
    if (oldest !== undefined) kinds.delete(oldest);
  }
  kinds.set(name, kind);
}
