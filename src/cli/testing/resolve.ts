/** Tests of the first half of a command: args -> options. */
import assert from "node:assert/strict";
import { UsageError } from "../../base/errors.ts";
import { choose } from "../run.ts";
import type { Command } from "../parser/command.ts";
import { BadValue, type Flags, joinContents } from "../parser/flag.ts";
import { badValueError } from "../../operation/field.ts";
import { resolveArgs, sortArgs } from "../parser/parse.ts";
import { programOf } from "../program.ts";

/** One command line, what it resolves to, and what further args change. */
export interface ResolveTable {
  /** After `kodama`, without quotes: words are separated by blanks. */
  line: string;
  /** All options; those that are undefined needn't be named. Absent if the line is refused. */
  options?: unknown;
  /** The message, if the line is refused. */
  error?: RegExp;
  /** Args in front of `--`, and the options that they change: nested objects name only what differs. */
  changes?: readonly (readonly [args: string, changed: unknown])[];
  /** Args in front of `--` that are refused, and the message. */
  errors?: readonly (readonly [args: string, message: RegExp])[];
}

/**
 * Declares a test for each row, and one for each command: that every flag has a row.
 *
 * @param tested flags with tests of their own, by their long names.
 */
export function testResolve(tables: readonly ResolveTable[], tested: Flags = {}): void {
  const args = new Map<string, string[]>();
  for (const { line, options, error, changes = [], errors = [] } of tables) {
    if (error !== undefined) {
      testRefused(line, error);
      continue;
    }
    Deno.test(`kodama ${line}`, async () => {
      assert.deepEqual(defined((await resolved(line)).options), defined(options));
    });
    for (const [more, changed] of changes) {
      Deno.test(`kodama ${withArgs(line, more)}`, async () => {
        const actual = (await resolved(withArgs(line, more))).options;
        assert.deepEqual(defined(actual), defined(merged(options, changed)));
      });
    }
    for (const [more, message] of errors) testRefused(withArgs(line, more), message);
    const rows = [line, ...changes.map(([more]) => more), ...errors.map(([more]) => more)];
    args.set(line, rows.flatMap((row) => row.split(" ")));
  }
  Deno.test("every flag of these commands has a row", async () => {
    const given = new Map<string, { command: Command; args: string[] }>();
    for (const [line, words] of args) {
      const { path, command } = await resolved(line);
      const all = given.get(path)?.args ?? [];
      given.set(path, { command, args: [...all, ...words] });
    }
    for (const [path, { command, args }] of given) {
      const missing = Object.entries(command.flags).filter(([name, flag]) =>
        flag.hidden !== true && !ofMany.has(name) &&
        (name !== "read-only" || path === "k") && tested[name] === undefined &&
        !args.some((one) =>
          one === `--${name}` || one.startsWith(`--${name}=`) ||
          flag.short !== undefined && one === `-${flag.short}`
        )
      ).map(([name]) => `--${name}`);
      assert.deepEqual(missing, [], `kodama ${path}`);
    }
  });
}

/** Flags of many commands, with tests of their own: `-v`, `--explain` and `--kubeconfig`. */
const ofMany: ReadonlySet<string> = new Set(["verbose", "explain", "model", "kubeconfig"]);

function testRefused(line: string, message: RegExp): void {
  Deno.test(`refused: kodama ${line}`, async () => {
    await assert.rejects(resolved(line), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}

function withArgs(line: string, more: string): string {
  if (more === "") return line;
  const [before = "", ...command] = line.split(/(?= -- )/);
  return `${before} ${more}${command.join("")}`;
}

/** Resolves a command line after `kodama`. Throws `UsageError`. */
export async function resolved(
  line: string,
): Promise<{ path: string; command: Command; options: unknown }> {
  const choice = await choose(line.split(" "), programOf("kodama"));
  if (choice.kind === "help") throw new Error(`help is requested: ${line}`);
  const { command } = await choice.leaf.load();
  const path = choice.path.join(" ");
  const spoken = `kodama ${path}`;
  const { texts, operands } = await sortArgs(command, choice.args, spoken, path);
  try {
    const words = resolveArgs(command, {
      texts: new Map([...texts].map(([name, given]) => [name, contents(command, name, given)])),
      operands,
      trailing: choice.trailing,
      line: choice.args,
    }, { environment: () => undefined, spoken });
    return { path, command, options: command.resolve(words) };
  } catch (error) {
    throw error instanceof BadValue ? await badValueError(error) : error;
  }
}

/** A file or a run that a flag names holds the line `web-0`. */
function contents(command: Command, name: string, given: readonly string[]): readonly string[] {
  const flag = command.flags[name];
  if (!flag?.readsFile && !flag?.readsRun) return given;
  return [joinContents({ name: given.at(-1) ?? "", text: "web-0\n" })];
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/** Returns a value without the properties that are undefined. */
function defined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(defined);
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined)
      .map(([name, one]) => [name, defined(one)]),
  );
}

function merged(value: unknown, changed: unknown): unknown {
  if (!isPlain(value) || !isPlain(changed)) return changed;
  const result: Record<string, unknown> = { ...value };
  for (const [name, one] of Object.entries(changed)) result[name] = merged(result[name], one);
  return result;
}
