/**
 * A plugin's file before it is compiled: a WebAssembly module whose imports, exports and limits are checked, and whose
 * memory gets the limit that the runtime can't set from outside.
 *
 * V8 lets a module's own memory grow to the maximum that the module declares, up to 4 GiB, and has no other limit for
 * it. So the maximum is written into the module: growth beyond it fails inside the plugin, as `memory.grow` defines.
 */
import { joinBytes } from "../base/byte_buffer.ts";
import { KodamaError } from "../base/errors.ts";
import { capabilities, type Capability } from "./capability.ts";

/** Limits of a plugin. */
export const pluginLimits = {
  /** The size of the file. */
  moduleBytes: 16 * 1024 * 1024,
  memoryBytes: 32 * 1024 * 1024,
  /** The elements of each table, which are outside of the memory. */
  tableElements: 65_536,
} as const;

/** A checked plugin. */
export interface PluginModule {
  /** The module with its limits, ready to compile. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The permissions that its imports need. */
  readonly needs: readonly Capability[];
  /** The lifecycle functions that it exports, of {@link pluginExports}. */
  readonly exports: readonly string[];
}

interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

type ValueType = "i32" | "i64" | "f32" | "f64" | "other";

const i32s = (count: number): ValueType[] => Array.from({ length: count }, () => "i32");
const signature = (params: number, results: 0 | 1): Signature => ({
  params: i32s(params),
  results: i32s(results),
});

/** The functions that the host calls; only `plugin_on_command` is required. */
const pluginExports: Readonly<Record<string, Signature>> = {
  plugin_on_command: signature(2, 1),
  plugin_init: signature(2, 1),
  plugin_on_open: signature(1, 0),
  plugin_on_close: signature(1, 0),
  plugin_on_tick: signature(0, 0),
  plugin_alloc: signature(1, 1),
};

/** The functions that every plugin may import. */
const freeImports: Readonly<Record<string, Signature>> = {
  host_send_render: signature(2, 0),
  host_last_error: signature(2, 1),
};

const capabilityImports: Readonly<Record<string, Signature>> = {
  list_pods: signature(4, 1),
  get_secrets: signature(4, 1),
  clipboard_write: signature(2, 1),
};

/** AssemblyScript's report of a failed assertion. */
const abortSignature = signature(4, 0);

/** `env` is where `extern "C"` of Rust and C puts functions without an import module. */
const importModules: readonly string[] = ["kubetile", "env"];

/**
 * Checks a module, and limits its memory and tables.
 *
 * @throws KodamaError `config` that names the forbidden or missing parts of the module.
 */
export function preparePlugin(file: Uint8Array): PluginModule {
  if (file.length > pluginLimits.moduleBytes) {
    throw refusal(`the file is larger than ${pluginLimits.moduleBytes / 1024 / 1024} MiB`);
  }
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (!header.every((byte, index) => file[index] === byte)) {
    throw refusal("it is not a WebAssembly module of version 1");
  }
  const found: Found = { types: [], functions: [], exports: new Map(), needs: new Set() };
  const parts: Uint8Array[] = [file.subarray(0, header.length)];
  const reader = new Reader(file, header.length, file.length);
  while (!reader.ended) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.u32();
    const content = reader.section(size);
    const limited = readSection(id, content, found);
    parts.push(limited === undefined ? file.subarray(start, reader.at) : section(id, limited));
  }
  checkExports(found);
  return {
    bytes: joinBytes(parts),
    needs: [...found.needs],
    exports: Object.keys(pluginExports).filter((name) => found.exports.has(name)),
  };
}

/** The contents of the sections. */
interface Found {
  readonly types: Signature[];
  /** The type of each function, the imported functions first. */
  readonly functions: number[];
  /** Exported functions by name, and the memory. */
  readonly exports: Map<string, { kind: "function"; index: number } | { kind: "other" }>;
  readonly needs: Set<Capability>;
}

const sectionIds = { type: 1, import: 2, function: 3, table: 4, memory: 5, export: 7 } as const;

/** Returns the new content of a section that is changed. */
function readSection(id: number, reader: Reader, found: Found): Uint8Array | undefined {
  switch (id) {
    case sectionIds.type:
      reader.vector(() => found.types.push(readType(reader)));
      return undefined;
    case sectionIds.import:
      reader.vector(() => readImport(reader, found));
      return undefined;
    case sectionIds.function:
      reader.vector(() => found.functions.push(reader.u32()));
      return undefined;
    case sectionIds.table:
      return limitTables(reader);
    case sectionIds.memory:
      return limitMemory(reader);
    case sectionIds.export:
      reader.vector(() => {
        const name = reader.name();
        const kind = reader.byte();
        const index = reader.u32();
        found.exports.set(name, kind === 0 ? { kind: "function", index } : { kind: "other" });
      });
      return undefined;
    default:
      return undefined;
  }
}

const valueTypes: Readonly<Record<number, ValueType>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "other",
  0x70: "other",
  0x6f: "other",
};

function readType(reader: Reader): Signature {
  // Structures and arrays would be in the program's own heap, which has no limit for each plugin.
  if (reader.byte() !== 0x60) throw refusal("types of the garbage collector aren't supported");
  const types = () => {
    const list: ValueType[] = [];
    reader.vector(() => {
      const type = valueTypes[reader.byte()];
      if (type === undefined) throw refusal("a type of the garbage collector isn't supported");
      list.push(type);
    });
    return list;
  };
  return { params: types(), results: types() };
}

function readImport(reader: Reader, found: Found): void {
  const module = reader.name();
  const name = reader.name();
  const shown = `the import ${JSON.stringify(`${module}.${name}`.slice(0, 80))}`;
  if (reader.byte() !== 0) throw refusal(`${shown} is not a function`);
  const type = reader.u32();
  found.functions.push(type);
  const expected = expectedImport(module, name);
  if (expected === undefined) {
    throw refusal(`${shown} doesn't exist`, {
      hint: `"kubetile" provides ${
        [...Object.keys(freeImports), ...Object.keys(capabilityImports)].join(", ")
      }`,
    });
  }
  checkSignature(shown, found.types[type], expected);
  const needed = Object.entries(capabilities).find(([, provided]) => provided === name);
  if (needed !== undefined) found.needs.add(needed[0] as Capability);
}

function expectedImport(module: string, name: string): Signature | undefined {
  if (module === "env" && name === "abort") return abortSignature;
  if (!importModules.includes(module)) return undefined;
  if (Object.hasOwn(freeImports, name)) return freeImports[name];
  return Object.hasOwn(capabilityImports, name) ? capabilityImports[name] : undefined;
}

function limitTables(reader: Reader): Uint8Array {
  const tables: Uint8Array[] = [];
  reader.vector(() => {
    const type = reader.byte();
    if (type !== 0x70 && type !== 0x6f) throw refusal("a table of this type isn't supported");
    const limits = reader.limits("table");
    if (limits.least > pluginLimits.tableElements) {
      throw refusal(`a table is larger than ${pluginLimits.tableElements} elements`);
    }
    const most = Math.min(limits.most ?? Infinity, pluginLimits.tableElements);
    tables.push(Uint8Array.of(type, 1, ...leb(limits.least), ...leb(most)));
  });
  return joinBytes([leb(tables.length), ...tables]);
}

const pageBytes = 65_536;

function limitMemory(reader: Reader): Uint8Array {
  const memories: Uint8Array[] = [];
  const mostPages = pluginLimits.memoryBytes / pageBytes;
  reader.vector(() => {
    const { least, most = Infinity } = reader.limits("memory");
    if (least > mostPages) {
      const [size, limit] = [least / 16, pluginLimits.memoryBytes / 1024 / 1024];
      throw refusal(`it needs ${size} MiB of memory at its start; the limit is ${limit} MiB`);
    }
    memories.push(Uint8Array.of(1, ...leb(least), ...leb(Math.min(most, mostPages))));
  });
  if (memories.length > 1) throw refusal("it has more than one memory");
  return joinBytes([leb(memories.length), ...memories]);
}

function checkExports({ exports, functions, types }: Found): void {
  if (exports.get("memory")?.kind !== "other") throw refusal('it exports no "memory"');
  for (const [name, expected] of Object.entries(pluginExports)) {
    const found = exports.get(name);
    if (found === undefined) continue;
    const shown = `the export "${name}"`;
    if (found.kind !== "function") throw refusal(`${shown} is not a function`);
    checkSignature(shown, types[functions[found.index] ?? -1], expected);
  }
  if (!exports.has("plugin_on_command")) {
    throw refusal('it exports no "plugin_on_command"', {
      hint: "the host calls plugin_on_command(ptr: i32, len: i32) -> i32 for each command",
    });
  }
}

function checkSignature(shown: string, found: Signature | undefined, expected: Signature): void {
  if (found === undefined || textOf(found) !== textOf(expected)) {
    const has = found === undefined ? "no type" : textOf(found);
    throw refusal(`${shown} has the type ${has} instead of ${textOf(expected)}`);
  }
}

function textOf({ params, results }: Signature): string {
  return `(${params.join(", ")}) -> ${results.length === 0 ? "nothing" : results.join(", ")}`;
}

function refusal(reason: string, options: { hint?: string } = {}): KodamaError {
  return new KodamaError("config", `not a plugin: ${reason}`, options);
}

/* The binary format, as far as it is read here. */

/** Reads numbers and names within bounds. */
class Reader {
  at: number;

  constructor(private readonly bytes: Uint8Array, start: number, private readonly end: number) {
    this.at = start;
  }

  get ended(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    const byte = this.at < this.end ? this.bytes[this.at++] : undefined;
    if (byte === undefined) throw refusal("the file ends within a section");
    return byte;
  }

  /** An unsigned LEB128 number of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw refusal("a number is too large");
  }

  name(): string {
    const part = this.#take(this.u32());
    return new TextDecoder().decode(part);
  }

  section(size: number): Reader {
    const start = this.at;
    this.#take(size);
    return new Reader(this.bytes, start, start + size);
  }

  vector(element: () => void): void {
    for (let left = this.u32(); left > 0; left--) element();
  }

  limits(of: string): { least: number; most: number | undefined } {
    const flags = this.byte();
    if (flags > 1) throw refusal(`a shared or 64-bit ${of} isn't supported`);
    const least = this.u32();
    return { least, most: flags === 1 ? this.u32() : undefined };
  }

  #take(length: number): Uint8Array {
    if (length > this.end - this.at) throw refusal("the file ends within a section");
    const start = this.at;
    this.at += length;
    return this.bytes.subarray(start, this.at);
  }
}

function section(id: number, content: Uint8Array): Uint8Array {
  return joinBytes([Uint8Array.of(id), leb(content.length), content]);
}

function leb(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}
