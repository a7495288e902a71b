/**
 * A watch: the changes of a collection after a version, as the server sends them. `live_list.ts` resumes it.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { KodamaError } from "../../base/errors.ts";
import { isRecord } from "../../base/json_value.ts";
import { plainText } from "../../base/plain_text.ts";
import type {
  ApiResource,
  ListScope,
  PrinterColumn,
  Tabled,
  WatchEvent,
  WatchOptions,
} from "../client.ts";
import { ExpiredError } from "../failures.ts";
import { resourcePath, scopeQuery } from "../resources.ts";
import { includeObject, tableAccept, tabled, tableRows } from "./list.ts";
import type { Transport } from "./transport.ts";

/** Far above the largest object that etcd stores. */
const maxLine = 16 * 1024 * 1024;

/** Resolves when the server starts to send. Rejects, and throws, as {@link KubeClient.watch} says. */
export async function openWatch<T>(
  transport: Transport,
  resource: ApiResource,
  scope: ListScope,
  { signal, resourceVersion, as, random }: WatchOptions & { random: () => number },
): Promise<AsyncIterable<WatchEvent<T>>> {
  const query = scopeQuery(scope);
  query.set("watch", "true");
  query.set("allowWatchBookmarks", "true");
  query.set("resourceVersion", resourceVersion);
  if (as === "table") query.set(...includeObject);
  // The server ends it between five and ten minutes, so that clients spread over its replicas.
  query.set("timeoutSeconds", String(Math.round(300 * (1 + random()))));
  const path = `${resourcePath(resource, scope.namespace)}?${query}`;
  if (as === undefined) {
    const response = await transport.request({ method: "GET", path, signal });
    return readWatch<T>(transport.readBody(response, signal));
  }
  const accept = tableAccept;
  const response = await transport.request({ method: "GET", path, signal, accept });
  const events = readWatch<Record<string, unknown>>(transport.readBody(response, signal));
  return tabledEvents(events) as AsyncIterable<WatchEvent<Tabled>> as AsyncIterable<WatchEvent<T>>;
}

/** Unpacks tables of one row; of a server that prints none, the objects themselves. */
export async function* tabledEvents(
  events: AsyncIterable<WatchEvent<Record<string, unknown>>>,
): AsyncGenerator<WatchEvent<Tabled>, void> {
  let columns: readonly PrinterColumn[] = [];
  for await (const event of events) {
    if (event.kind === "bookmark") {
      yield event;
      continue;
    }
    const rows = tableRows(event.object, columns) ?? [tabled(event.object)];
    columns = rows[0]?.printed?.columns ?? columns;
    for (const object of rows) {
      yield { ...event, object };
    }
  }
}

/**
 * Splits a body into lines, a JSON document each, and reads them.
 *
 * @throws ExpiredError if the version is too old; a `server` error if it isn't a watch.
 */
export async function* readWatch<T>(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchEvent<T>, void> {
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

const kinds = { ADDED: "added", MODIFIED: "modified", DELETED: "deleted" } as const;

function readLine<T>(line: string): WatchEvent<T> {
  const { type, object } = parse(line);
  const resourceVersion = versionOf(object) || versionOfRow(object);
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") {
    // The caller set the type together with the resource that it watches.
    return { kind: kinds[type], object: object as T, resourceVersion };
  }
  if (type === "BOOKMARK") return { kind: "bookmark", resourceVersion };
  if (type !== "ERROR") throw new KodamaError("server", "an event of a watch has no known type");
  const message = typeof object["message"] === "string"
    ? plainText(object["message"])
    : "no reason";
  if (object["code"] === 410) throw new ExpiredError(message);
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

/** A table has its version, or else its only row has it. */
function versionOfRow(table: Record<string, unknown>): string {
  const rows = table["rows"];
  const row = Array.isArray(rows) ? rows[0] : undefined;
  return isRecord(row) && isRecord(row["object"]) ? versionOf(row["object"]) : "";
}
