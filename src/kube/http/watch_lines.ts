/** The lines of a watch: one JSON document each. */
import { isRecord } from "../../base/json_value.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";

/** A parsed line of a watch. */
export type WatchLine<T> =
  | { kind: "added" | "modified" | "deleted"; object: T; resourceVersion: string }
  | { kind: "bookmark"; resourceVersion: string }
  /** The version is too old: everything must be listed again. */
  | { kind: "expired" };

/** Far above the largest object that etcd stores. */
const maxLine = 16 * 1024 * 1024;

const kinds = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;

/** Splits bytes into lines and reads each. Throws a `server` error if it isn't a watch. */
export async function* watchLines<T>(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchLine<T>, void> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  let length = 0;
  for await (const chunk of body) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    pending.push(first);
    length += first.length;
    for (const next of others) {
      const line = pending.join("");
      pending = [next];
      length = next.length;
      if (line !== "") yield readLine<T>(line);
    }
    if (length > maxLine) throw new KodamaError("server", "a watch event is larger than 16 MiB");
  }
}

function readLine<T>(line: string): WatchLine<T> {
  const { type, object } = parse(line);
  const resourceVersion = versionOf(object);
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") {
    // The caller set the type together with the resource that it watches.
    return { kind: kinds[type], object: object as T, resourceVersion };
  }
  if (type === "BOOKMARK") return { kind: "bookmark", resourceVersion };
  if (type !== "ERROR") throw new KodamaError("server", "an event of a watch has no known type");
  if (object["code"] === 410) return { kind: "expired" };
  const message = typeof object["message"] === "string"
    ? plainText(object["message"])
    : "no reason";
  throw new KodamaError("server", `the server ended a watch: ${message}`);
}

function parse(line: string): { type: unknown; object: Record<string, unknown> } {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value) && isRecord(value["object"])) {
      return { type: value["type"], object: value["object"] };
    }
  } catch {
    // Reported below, together with JSON that isn't an event.
  }
  throw new KodamaError("server", `an event of a watch can't be read: ${plainText(line, 80)}`);
}

function versionOf(object: Record<string, unknown>): string {
  const metadata = object["metadata"];
  const version = isRecord(metadata) ? metadata["resourceVersion"] : undefined;
  return typeof version === "string" ? version : "";
}
