/**
 * A foreign document, read with the path of each field: every mismatch ends in one error that names the file, the field
 * and the line.
 *
 * Narrowed by hand rather than by a schema: a kubeconfig has forty fields of four shapes, and this gives exact source
 * locations for free.
 */
import { isRecord } from "../../base/json_value.ts";
import { KodamaError } from "../../base/errors.ts";

/** More characters than any fleet's kubeconfig has, and fewer than would stall a parser noticeably. */
export const maxLength = 2 * 1024 * 1024;

/** Keys and indexes, from the top of a document. */
export type Place = readonly (string | number)[];

/** The source of a document. */
export interface DocumentSource {
  /** The kind of the document, before its path in errors. */
  what: string;
  path: string;
  /** Returns the line of the nearest path that exists; undefined if lines aren't known. */
  lineOf(place: Place): number | undefined;
}

/** One node of a document. Absent, `null` and the empty text all count as "not there", as in kubectl. */
export class Node {
  constructor(
    private readonly source: DocumentSource,
    private readonly place: Place,
    private readonly value: unknown,
  ) {}

  isAbsent(): boolean {
    return this.value === undefined || this.value === null || this.value === "";
  }

  field(name: string): Node {
    const object = this.isAbsent() ? {} : this.record();
    return new Node(this.source, [...this.place, name], object[name]);
  }

  objectOrEmpty(): Node {
    return this.isAbsent() ? new Node(this.source, this.place, {}) : this;
  }

  record(): Record<string, unknown> {
    if (isRecord(this.value)) return this.value;
    return this.fail(`expected a mapping, found ${shapeOf(this.value)}`);
  }

  items(): Node[] {
    if (this.isAbsent()) return [];
    if (!Array.isArray(this.value)) {
      return this.fail(`expected a list, found ${shapeOf(this.value)}`);
    }
    return this.value.map((item, index) => new Node(this.source, [...this.place, index], item));
  }

  optionalText(): string | undefined {
    if (this.isAbsent()) return undefined;
    if (typeof this.value === "string") return this.value;
    return this.fail(`expected a text, found ${shapeOf(this.value)}`);
  }

  text(): string {
    return this.optionalText() ?? this.fail("must be there");
  }

  /** Returns one of the given keywords; `problem` lists them. */
  oneOf<T extends string>(words: readonly T[], problem: string): T {
    const text = this.text();
    return words.find((word) => word === text) ?? this.fail(problem);
  }

  flag(): boolean {
    if (this.isAbsent()) return false;
    if (typeof this.value === "boolean") return this.value;
    return this.fail(`expected true or false, found ${shapeOf(this.value)}`);
  }

  /** Throws the `config` error of this node. */
  fail(problem: string): never {
    const { what, path, lineOf } = this.source;
    const place = this.place.reduce<string>(
      (text, part) =>
        typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`,
      "",
    );
    const line = lineOf(this.place);
    const where = line === undefined ? "" : `line ${line}: `;
    const subject = place === "" ? "" : `${place}: `;
    throw new KodamaError("config", `${what} ${path}: ${where}${subject}${problem}`);
  }
}

function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isRecord(value)) return "a mapping";
  return typeof value === "string" ? "a text" : `${typeof value} ${String(value).slice(0, 40)}`;
}
