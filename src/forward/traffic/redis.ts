/**
 * Redis' protocol, RESP 2 and 3: names of commands and the kind of an error, never keys or values.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import { type Incoming, latin1, type Parsing, Unreadable } from "./incoming.ts";
import {
  maxWaiting,
  Stopwatch,
  type TrafficConnection,
  type TrafficConversation,
  Waiting,
} from "./parser.ts";

const maxCommandName = 64;

/** Commands whose next argument is part of the name. */
const containers = new Set(
  "ACL CLIENT CLUSTER COMMAND CONFIG DEBUG FUNCTION LATENCY MEMORY MODULE OBJECT PUBSUB SCRIPT SENTINEL SLOWLOG XGROUP XINFO"
    .split(" "),
);

/** Each channel has an answer of its own; with RESP 3 a pushed answer. */
const subscriptions = /^(?:SUBSCRIBE|PSUBSCRIBE|SSUBSCRIBE|UNSUBSCRIBE|PUNSUBSCRIBE|SUNSUBSCRIBE)$/;

interface Command {
  name: string;
  bytes: number;
  responseBytes: number;
  /** Answers that are still to come. */
  answers: number;
  watch: Stopwatch;
}

/** Returns whether the first bytes, 32 at most, can be those of a client that sends arrays. */
export function mayBeRedis(bytes: Uint8Array): boolean {
  return /^\*(?:[1-9]\d{0,6}(?:\r(?:\n(?:\$(?:\d{1,9}(?:\r(?:\n.*)?)?)?)?)?)?)?$/s
    .test(latin1(bytes));
}

/** Follows commands and their answers. */
export function redis(connection: TrafficConnection): TrafficConversation {
  connection.emit({ kind: "protocol", protocol: "redis", facts: {} });
  const { client, server } = connection;
  const waiting = new Waiting<Command>();

  function* commands(): Parsing {
    for (;;) {
      yield* client.some();
      const watch = new Stopwatch(connection);
      const { name, count, bytes } = yield* command(client);
      if (name === "") continue;
      watch.sent();
      const answers = subscriptions.test(name) ? Math.max(1, count - 1) : 1;
      if (!waiting.push({ name, bytes, responseBytes: 0, answers, watch })) {
        throw new Unreadable(`more than ${maxWaiting} commands without a response`);
      }
    }
  }

  function* answers(): Parsing {
    for (;;) {
      yield* server.some();
      const isPushed = (yield* server.peek(0)) === 0x3e;
      const current = waiting.first;
      const isAnswer = current !== undefined &&
        (!isPushed || subscriptions.test(current.name));
      if (isAnswer) current.watch.answered();
      const { bytes, error } = yield* reply(server);
      if (!isAnswer) {
        connection.emit({
          kind: "message",
          protocol: "redis",
          from: "server",
          type: "push",
          bytes,
        });
        continue;
      }
      current.responseBytes += bytes;
      if (--current.answers > 0 && error === undefined) continue;
      waiting.shift();
      report(current, error, true);
    }
  }

  function report(command: Command, error: string | undefined, complete: boolean): void {
    connection.emit({
      kind: "exchange",
      protocol: "redis",
      operation: command.name,
      ...error !== undefined && { status: error },
      failed: error !== undefined,
      complete,
      requestBytes: command.bytes,
      responseBytes: command.responseBytes,
      ...command.watch.times(),
    });
  }

  return {
    client: commands(),
    server: answers(),
    closed() {
      for (const command of waiting.takeAll()) report(command, undefined, false);
    },
  };
}

/** Reads a command; its name is empty if the line was. */
function* command(from: Incoming): Parsing<{ name: string; count: number; bytes: number }> {
  const line = yield* from.line();
  let bytes = line.length + 2;
  if (!line.startsWith("*")) {
    const words = line.trim().split(/\s+/);
    return { name: nameOf(words[0] ?? "", words[1]), count: words.length, bytes };
  }
  const count = sizeIn(line);
  const words: string[] = [];
  for (let index = 0; index < count; index++) {
    const size = yield* from.line();
    if (!size.startsWith("$")) throw new Unreadable("an argument without a length");
    const length = sizeIn(size);
    bytes += size.length + 2 + length + 2;
    const isName = index === 0 || (index === 1 && containers.has((words[0] ?? "").toUpperCase()));
    if (isName && length <= maxCommandName) words.push(latin1(yield* from.take(length)));
    else yield* from.skip(length);
    yield* lineEnd(from);
  }
  return { name: count === 0 ? "" : nameOf(words[0] ?? "", words[1]), count, bytes };
}

/** Returns a command's name; `OTHER` if it doesn't look like one, because it could be a value. */
function nameOf(first: string, second: string | undefined): string {
  const name = first.toUpperCase();
  if (name === "") return "";
  if (!/^[A-Z][A-Z\d._|-]{0,31}$/.test(name)) return "OTHER";
  const part = (second ?? "").toUpperCase();
  return containers.has(name) && /^[A-Z][A-Z-]{1,20}$/.test(part) ? `${name} ${part}` : name;
}

/** Reads a value, however deep: it is counted, not nested. */
function* reply(from: Incoming): Parsing<{ bytes: number; error: string | undefined }> {
  let bytes = 0;
  let error: string | undefined;
  for (let values = 1, isFirst = true; values > 0; isFirst = false) {
    const line = yield* from.line();
    bytes += line.length + 2;
    values--;
    const type = line[0] ?? "";
    if ("+:_#,(".includes(type) && type !== "") continue;
    if (type === "-") {
      if (isFirst) error = /^-([A-Z][A-Z\d_]{1,31})(?: |$)/.exec(line)?.[1] ?? "ERR";
    } else if (type === "$" || type === "=" || type === "!") {
      const length = line === "$-1" ? -2 : sizeIn(line);
      const start = type === "!" && isFirst && length <= 1024
        ? latin1(yield* from.take(length))
        : undefined;
      if (start !== undefined) error = /^([A-Z][A-Z\d_]{1,31})(?: |$)/.exec(start)?.[1] ?? "ERR";
      else if (length > 0) yield* from.skip(length);
      if (length >= 0) yield* lineEnd(from);
      bytes += length + 2;
    } else if (type === "*" || type === "~" || type === ">") {
      if (line !== "*-1") values += sizeIn(line);
    } else if (type === "%") values += 2 * sizeIn(line);
    // Attributes come before the value that they describe.
    else if (type === "|") values += 2 * sizeIn(line) + 1;
    else throw new Unreadable("a value of an unknown type");
  }
  return { bytes, error };
}

function sizeIn(line: string): number {
  if (!/^.\d{1,12}$/.test(line)) throw new Unreadable("a value without a size");
  return Number(line.slice(1));
}

function* lineEnd(from: Incoming): Parsing {
  const [first, second] = [yield* from.byte(), yield* from.byte()];
  if (first !== 13 || second !== 10) throw new Unreadable("a value longer than its size");
}
