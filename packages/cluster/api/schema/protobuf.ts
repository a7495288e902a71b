/**
 * Decodes Kubernetes' protobuf, in bodies that clients send. kubectl does since 1.32 for objects that it creates
 * itself. https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
import type { Field, ScalarKind, Schema } from "./model.ts";
import { definition, definitionName, type TimeKind, timeText } from "./definitions.ts";
import { badRequest } from "../status.ts";

/** `k8s` and a zero byte precede every message. */
const magic = [0x6b, 0x38, 0x73, 0x00];

/** One field of a message as it is on the wire: a number, or the bytes of a text, a message, a list. */
interface WireField {
  number: number;
  value: bigint | Uint8Array;
}

/** Returns the object in a body. Throws a 400 if it can't be read, or its kind is unknown. */
export function decodeProtobuf(body: Uint8Array): Record<string, unknown> {
  try {
    if (!magic.every((byte, index) => body[index] === byte)) {
      throw new RangeError("no magic number");
    }
    const envelope = wireFields(body.subarray(magic.length));
    const typeMeta = wireFields(bytesOf(envelope, 1));
    const [apiVersion, kind] = [textOf(typeMeta, 1), textOf(typeMeta, 2)];
    const group = apiVersion.includes("/") ? apiVersion.split("/")[0] ?? "" : "";
    const object = message(bytesOf(envelope, 2), definitionName({ group, kind }), 0);
    return { ...object, apiVersion, kind };
  } catch (error) {
    throw badRequest(
      `the protobuf body can't be read: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function bytesOf(fields: readonly WireField[], number: number): Uint8Array {
  const value = fields.findLast((each) => each.number === number)?.value;
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function textOf(fields: readonly WireField[], number: number): string {
  return new TextDecoder().decode(bytesOf(fields, number));
}

/** https://protobuf.dev/programming-guides/encoding/ */
function wireFields(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = bytes[offset++];
      if (byte === undefined || shift > 63n) throw new RangeError("a number is cut short");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7n;
    }
  };
  const take = (length: number) => {
    if (offset + length > bytes.length) throw new RangeError("a field is cut short");
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  while (offset < bytes.length) {
    const key = Number(varint());
    const number = key >> 3;
    switch (key & 7) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        take(8);
        break;
      case 2:
        fields.push({ number, value: take(Number(varint())) });
        break;
      case 5:
        take(4);
        break;
      default:
        throw new RangeError(`a field has the unknown wire type ${key & 7}`);
    }
  }
  return fields;
}

/** No object of the API is this deep, unless made on purpose. */
const depthLimit = 64;

function message(bytes: Uint8Array, name: string, depth: number): Record<string, unknown> {
  if (depth > depthLimit) throw new RangeError("messages are nested too deeply");
  const cache = new Map<string, WireField[]>([["", wireFields(bytes)]]);
  const level = (path: readonly number[]): WireField[] => {
    const key = path.join("/");
    let found = cache.get(key);
    if (found === undefined) {
      found = wireFields(bytesOf(level(path.slice(0, -1)), path.at(-1) ?? 0));
      cache.set(key, found);
    }
    return found;
  };
  const object: Record<string, unknown> = {};
  for (const [field, known] of definition(name).fields) {
    const number = known.numbers.at(-1);
    if (number === undefined) continue;
    const values = level(known.numbers.slice(0, -1)).filter((each) => each.number === number)
      .map(({ value }) => value);
    if (values.length > 0) setField(object, field, known, values, depth);
  }
  return object;
}

function setField(
  object: Record<string, unknown>,
  name: string,
  { schema, keepsEmpty }: Field,
  values: readonly (bigint | Uint8Array)[],
  depth: number,
): void {
  const decoded = fieldValue(schema, values, depth);
  // A field that isn't a pointer in Go is always written, and is empty if it was never set.
  const unset = decoded === undefined || (!keepsEmpty && (decoded === 0 || decoded === ""));
  const emptyMessage = !keepsEmpty && schema.kind === "object" &&
    (values.at(-1) as Uint8Array).length === 0;
  const meaningless = emptyMessage && ["metadata", "status"].includes(name);
  if (!unset && !meaningless) object[name] = decoded;
}

function fieldValue(
  schema: Schema,
  values: readonly (bigint | Uint8Array)[],
  depth: number,
): unknown {
  switch (schema.kind) {
    case "list":
      return values.flatMap((value) =>
        schema.of.kind === "int" && value instanceof Uint8Array
          ? packed(value)
          : [single(schema.of, value, depth)]
      );
    case "map":
      return Object.fromEntries(values.map((value) => {
        const entry = wireFields(value instanceof Uint8Array ? value : new Uint8Array());
        const item = entry.findLast((each) => each.number === 2)?.value ?? new Uint8Array();
        return [textOf(entry, 1), single(schema.of, item, depth)];
      }));
    default:
      return single(schema, values.at(-1) ?? new Uint8Array(), depth);
  }
}

/** Several numbers in one field. */
function packed(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte >= 0x80) continue;
    numbers.push(value);
    [value, scale] = [0, 1];
  }
  return numbers;
}

function single(schema: Schema, value: bigint | Uint8Array, depth: number): unknown {
  if (typeof value === "bigint") {
    return schema.kind === "bool" ? value !== 0n : Number(BigInt.asIntN(64, value));
  }
  switch (schema.kind) {
    case "object":
      return message(value, schema.name, depth + 1);
    case "list":
      // A list inside a map is a message with the list as its first field.
      return wireFields(value).map((each) => single(schema.of, each.value, depth + 1));
    case "map":
      return fieldValue(schema, [value], depth + 1);
    case "any":
      return JSON.parse(textOf(wireFields(value), 1) || "null");
    default:
      return scalar(schema.kind, value);
  }
}

function scalar(kind: ScalarKind, value: Uint8Array): unknown {
  switch (kind) {
    case "bytes":
      return value.toBase64();
    case "quantity":
      return textOf(wireFields(value), 1);
    case "time":
    case "microTime":
      return time(kind, value);
    case "intOrString": {
      const fields = wireFields(value);
      const isText = fields.some(({ number, value }) => number === 1 && value === 1n);
      return isText ? textOf(fields, 3) : numberOf(fields, 2);
    }
    default:
      return new TextDecoder().decode(value);
  }
}

function numberOf(fields: readonly WireField[], number: number): number {
  const value = fields.findLast((each) => each.number === number)?.value;
  return typeof value === "bigint" ? Number(BigInt.asIntN(64, value)) : 0;
}

/** Seconds since 1970 and nanoseconds; all zero means no time. */
function time(kind: TimeKind, value: Uint8Array): string | undefined {
  const fields = wireFields(value);
  const [seconds, nanos] = [numberOf(fields, 1), numberOf(fields, 2)];
  return seconds === 0 && nanos === 0 ? undefined : timeText(kind, seconds, nanos);
}
