/** Reads the steps of a file and checks each, at any depth, against the shape of its kind. */
import { isRecord } from "../base/json_value.ts";
import * as v from "valibot";
import { definedOnly } from "../base/defined_only.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { foundText, shapeOfPart } from "../base/yaml/shape.ts";
import type { SourcePath, YamlSource } from "../base/yaml/source.ts";
import type { Diagnostic, Rule } from "./diagnostics.ts";
import { identifier } from "./fields.ts";
import { frameEntries } from "./file_shape.ts";
import type { Step, StepFrame } from "./model.ts";
import { retryOf } from "./read_frame.ts";
import type { StepKind } from "./step_kind.ts";
import { checkStep } from "./steps/check.ts";
import { stepKinds } from "./step_registry.ts";
import type { FileProblem } from "../base/yaml/source.ts";

/** Reads the steps of one file, and collects their problems. */
export class StepReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #source: YamlSource;
  readonly #defaults: FrameFields;
  /** Source locations of the ids that steps set themselves. */
  readonly #ids = new Set<string>();

  constructor(source: YamlSource, defaults: FrameFields) {
    this.#source = source;
    this.#defaults = defaults;
  }

  /** Returns the steps that can be read. */
  async list(plain: readonly unknown[], path: SourcePath): Promise<Step[]> {
    const steps: Step[] = [];
    for (const [index, one] of plain.entries()) {
      const step = await this.#step(one, [...path, index]);
      if (step !== undefined) steps.push(step);
    }
    return steps;
  }

  async #step(plain: unknown, path: SourcePath): Promise<Step | undefined> {
    if (!isRecord(plain)) {
      const message = `expected a step such as \`exec: [weka, version]\`, found ${
        foundText(plain)
      }`;
      return this.#error("shape", this.#source.atValue(path, message));
    }
    const kind = await this.#kind(plain, path);
    if (kind === undefined) return this.#broken(plain, path);
    const shape = v.strictObject({ ...frameEntries, ...kind.entries }, "a mapping of fields");
    const { value, problems } = await shapeOfPart(this.#source, shape, { plain, path });
    for (const problem of problems) this.#error("shape", problem);
    if (value === undefined) return await this.#brokenOf(kind, plain, path);
    const { id, name, when, timeout, retry, continueOn, ...fields } = value as
      & FrameFields
      & Record<string, unknown>;
    for (const { at, message } of kind.check(fields)) {
      this.#error("step", this.#source.atValue([...path, ...at], message));
    }
    this.#claim(id, path);
    return {
      ...this.#frame({ id, name, when, timeout, retry, continueOn }, kind, path),
      kind: kind.name,
      fields,
      inner: await this.#inner(kind, fields, path),
    };
  }

  /** Returns a step of unknown kind, so that its id is known. */
  #broken(plain: Record<string, unknown>, path: SourcePath): Step | undefined {
    const id = idOf(plain);
    if (id === undefined) return undefined;
    this.#claim(id, path);
    const { name } = anyKind;
    return {
      ...this.#frame({ id }, anyKind, path),
      kind: name,
      broken: "kind",
      fields: {},
      inner: {},
    };
  }

  /** Returns a step with invalid fields; its inner steps are read all the same. */
  async #brokenOf(
    kind: StepKind,
    plain: Record<string, unknown>,
    path: SourcePath,
  ): Promise<Step> {
    const id = idOf(plain);
    this.#claim(id, path);
    const own = Object.entries(plain).filter(([field]) => Object.hasOwn(kind.entries, field));
    const inner: Record<string, readonly Step[]> = {};
    for (const field of kind.inner) {
      const list = plain[field];
      inner[field] = Array.isArray(list) ? await this.list(list, [...path, field]) : [];
    }
    return {
      ...this.#frame({ id }, kind, path),
      kind: kind.name,
      broken: "fields",
      fields: Object.fromEntries(own),
      inner,
    };
  }

  #frame(given: FrameFields, kind: StepKind, path: SourcePath): StepFrame {
    const { id, name, when } = given;
    const timeout = given.timeout ?? this.#defaults.timeout;
    const retry = given.retry ?? this.#defaults.retry;
    return {
      id: id ?? `${kind.name}-${Number(path.at(-1)) + 1}`,
      named: id !== undefined,
      at: this.#source.location(path),
      continueOn: given.continueOn ?? this.#defaults.continueOn ?? "nothing",
      ...definedOnly({ title: name, when, timeout }),
      ...(retry === undefined ? {} : { retry: retryOf(retry) }),
    };
  }

  async #inner(
    kind: StepKind,
    fields: Record<string, unknown>,
    path: SourcePath,
  ): Promise<Step["inner"]> {
    const inner: Record<string, readonly Step[]> = {};
    for (const field of kind.inner) {
      inner[field] = await this.list(fields[field] as readonly unknown[], [...path, field]);
    }
    return inner;
  }

  /** Returns the one kind whose field the step has. */
  async #kind(plain: Record<string, unknown>, path: SourcePath): Promise<StepKind | undefined> {
    const [kind, other] = stepKinds.filter(({ name }) => Object.hasOwn(plain, name));
    if (kind === undefined) {
      const names = stepKinds.map(({ name }) => name);
      const unknown = Object.keys(plain).filter((key) => !Object.hasOwn(frameEntries, key));
      const near = await didYouMean(unknown[0] ?? "", names);
      const location = unknown[0] === undefined ? path : [...path, unknown[0]];
      const found = unknown[0] === undefined
        ? "none of them"
        : JSON.stringify(unknown[0].slice(0, 60));
      const message = `expected one of ${names.join(", ")}; found ${found}${near}`;
      return this.#error("shape", this.#source.atKey(location, message));
    }
    if (other === undefined) return kind;
    const message = `a step does one thing, and this has ${kind.name} and ${other.name}`;
    return this.#error("shape", this.#source.atKey([...path, other.name], message));
  }

  #claim(id: string | undefined, path: SourcePath): void {
    if (id === undefined) return;
    if (id === "finally") {
      const message = '"finally" is what the steps at the end are called; take another id';
      this.#error("duplicate-id", this.#source.atValue([...path, "id"], message));
    }
    if (this.#ids.has(id)) {
      const message = `another step has the id "${id}"`;
      this.#error("duplicate-id", this.#source.atValue([...path, "id"], message));
    }
    this.#ids.add(id);
  }

  #error(rule: Rule, problem: FileProblem): undefined {
    this.diagnostics.push({ ...problem, severity: "error", rule, file: this.#source.file });
    return undefined;
  }
}

/** Fields of any step, whatever its kind, and those of `defaults`. */
export interface FrameFields {
  id?: string | undefined;
  name?: string | undefined;
  when?: string | boolean | undefined;
  timeout?: string | undefined;
  retry?: Parameters<typeof retryOf>[0] | undefined;
  continueOn?: Step["continueOn"] | undefined;
}

/** Replaces the kind of a step that has none: it does nothing. */
const anyKind = checkStep;

function idOf({ id }: Record<string, unknown>): string | undefined {
  return v.is(identifier, id) ? id : undefined;
}
