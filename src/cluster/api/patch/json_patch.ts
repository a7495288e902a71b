/** JSON Patch, RFC 6902. */
import { sameJson } from "../../store/equality.ts";
import { isRecord } from "../../../base/json_value.ts";
import { badRequest, failedStatus } from "../status.ts";

/** The maximum number of operations that a real server accepts in one patch. */
const operationLimit = 10_000;

/**
 * How much longer all `copy` operations of one patch may make an object, in bytes of JSON: without it
 * forty of them, each of which doubles the object, fill any memory. A real server's
 * `JSONPatchMaxCopyBytes`.
 */
const copyLimitBytes = 3 * 1024 * 1024;

/**
 * Returns the document after all operations. Throws a 400 for an invalid patch, and a 422 for one that doesn't apply.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest("a JSON patch must be an array of operations");
  if (patch.length > operationLimit) {
    throw failedStatus(
      413,
      "RequestEntityTooLarge",
      `The allowed maximum operations in a JSON patch is ${operationLimit}, got ${patch.length}`,
    );
  }
  let copiedBytes = 0;
  const copy = (value: unknown) => {
    const text = JSON.stringify(value);
    copiedBytes += new TextEncoder().encode(text).length;
    if (copiedBytes > copyLimitBytes) throw unprocessable();
    return JSON.parse(text) as unknown;
  };
  return patch.reduce<unknown>(
    (state, operation) => {
      if (!isRecord(operation)) throw badRequest("an operation of a JSON patch must be an object");
      return applyOperation(state, operation, copy);
    },
    structuredClone(document),
  );
}

function applyOperation(
  document: unknown,
  operation: Record<string, unknown>,
  copy: (value: unknown) => unknown,
): unknown {
  const path = pointer(operation["path"]);
  const value = () => structuredClone(operation["value"]);
  switch (operation["op"]) {
    case "add":
      return write(document, path, "add", value());
    case "replace":
      read(document, path);
      return write(document, path, "replace", value());
    case "remove":
      read(document, path);
      return write(document, path, "remove", undefined);
    case "move": {
      const from = pointer(operation["from"]);
      const moved = read(document, from);
      return write(write(document, from, "remove", undefined), path, "add", moved);
    }
    case "copy":
      return write(document, path, "add", copy(read(document, pointer(operation["from"]))));
    case "test":
      if (sameJson(read(document, path), operation["value"])) return document;
      throw unprocessable();
    default:
      throw badRequest(`unexpected kind of operation: ${JSON.stringify(operation["op"])}`);
  }
}

/** Returns the error. A real server doesn't report which operation it was either. */
function unprocessable(): Error {
  const message = "the server rejected our request due to an error in our request";
  return failedStatus(422, "Invalid", message, {});
}

/** Returns the steps of a JSON Pointer, RFC 6901. */
function pointer(text: unknown): string[] {
  if (text === "") return [];
  if (typeof text !== "string" || !text.startsWith("/")) {
    throw badRequest(`${JSON.stringify(text)} isn't a JSON pointer`);
  }
  return text.slice(1).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(document: unknown, path: readonly string[]): unknown {
  return path.reduce((value, step) => {
    const found = Array.isArray(value)
      ? value[indexOf(step, value.length - 1)]
      : isRecord(value) && Object.hasOwn(value, step)
      ? value[step]
      : undefined;
    if (found === undefined) throw unprocessable();
    return found as unknown;
  }, document);
}

function indexOf(step: string, last: number): number {
  const index = /^(0|[1-9]\d{0,8})$/.test(step) ? Number(step) : NaN;
  if (Number.isNaN(index) || index > last) throw unprocessable();
  return index;
}

function write(
  document: unknown,
  path: readonly string[],
  how: "add" | "replace" | "remove",
  value: unknown,
): unknown {
  const last = path.at(-1);
  if (last === undefined) return how === "remove" ? null : value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const end = how === "add" ? parent.length : parent.length - 1;
    const index = last === "-" && how === "add" ? parent.length : indexOf(last, end);
    parent.splice(index, how === "add" ? 0 : 1, ...(how === "remove" ? [] : [value]));
  } else if (isRecord(parent)) {
    if (how === "remove") delete parent[last];
    else {Object.defineProperty(parent, last, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });}
  } else throw unprocessable();
  return document;
}
