/** Files of plugins: refusals, and the limits that are written into them. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { KodamaError } from "../base/errors.ts";
import { preparePlugin } from "./module.ts";
import { assemble, onCommand, pluginOf, smoke } from "./testing/modules.ts";

const command = onCommand("");

/** Modules that can't be plugins, and the start of the reason. */
const refusals: Readonly<Record<string, [text: string, reason: RegExp]>> = {
  "no memory": [`(module ${command})`, /exports no "memory"/],
  "no command": ['(module (memory (export "memory") 1))', /exports no "plugin_on_command"/],
  "too much memory": [
    `(module (memory (export "memory") 513) ${command})`,
    /needs 32.0625 MiB of memory at its start; the limit is 32 MiB/,
  ],
  "shared memory": [
    `(module (memory (export "memory") 1 2 shared) ${command})`,
    /a shared or 64-bit memory/,
  ],
  "64-bit memory": [`(module (memory (export "memory") i64 1) ${command})`, /64-bit memory/],
  "two memories": [`(module (memory (export "memory") 1) (memory 1) ${command})`, /more than one/],
  "an imported memory": [
    `(module (import "kubetile" "memory" (memory 1)) (export "memory" (memory 0)) ${command})`,
    /the import "kubetile.memory" is not a function/,
  ],
  "an unknown import": [
    `(module (import "kubetile" "exec" (func)) (memory (export "memory") 1) ${command})`,
    /the import "kubetile.exec" doesn't exist/,
  ],
  "the system interface": [
    `(module (import "wasi_snapshot_preview1" "fd_write" (func)) (memory (export "memory") 1) ${command})`,
    /doesn't exist/,
  ],
  "an import of another type": [
    `(module (import "kubetile" "host_send_render" (func (param i64))) (memory (export "memory") 1) ${command})`,
    /has the type \(i64\) -> nothing instead of \(i32, i32\) -> nothing/,
  ],
  "an export of another type": [
    '(module (memory (export "memory") 1) (func (export "plugin_on_command") (result i32) (i32.const 0)))',
    /the export "plugin_on_command" has the type \(\) -> i32/,
  ],
  "a global for a function": [
    '(module (memory (export "memory") 1) (global (export "plugin_on_command") i32 (i32.const 0)))',
    /is not a function/,
  ],
  "a huge table": [
    `(module (memory (export "memory") 1) (table 100000 funcref) ${command})`,
    /a table is larger than 65536/,
  ],
};

for (const [name, [text, reason]] of Object.entries(refusals)) {
  Deno.test(`a module with ${name} is refused`, () => {
    assert.throws(() => preparePlugin(assemble(text)), (error) => {
      assert.ok(error instanceof KodamaError && error.kind === "config");
      assert.match(error.message, reason);
      return true;
    });
  });
}

/** Globals of its host that a module may try to reach. */
const probed = [
  ["kubetile", "constructor"],
  ["kubetile", "__proto__"],
  ["kubetile", "toString"],
  ["env", "eval"],
  ["env", "hasOwnProperty"],
  ["__proto__", "host_send_render"],
  ["Deno", "readFileSync"],
  ["wasi_unstable", "proc_exit"],
  ["wasm:js-string", "length"],
  ["", ""],
];

for (const [module, name] of probed) {
  Deno.test(`the import "${module}.${name}" doesn't exist`, () => {
    const text = `(import "${module}" "${name}" (func))`;
    const plugin = assemble(`(module ${text} (memory (export "memory") 1) ${command})`);
    assert.throws(() => preparePlugin(plugin), /doesn't exist/);
  });
}

Deno.test("types of the garbage collector are refused: their values have no limit", () => {
  // (type (array i8)), as bytes: the assembler doesn't know it.
  const array = [0x01, 0x04, 0x01, 0x5e, 0x78, 0x00];
  assert.throws(
    () => preparePlugin(Uint8Array.of(...smoke.subarray(0, 8), ...array)),
    /garbage collector/,
  );
});

Deno.test("memory and tables can't grow beyond their limits", async () => {
  const grows = `(module (memory (export "memory") 1) (table $t 1 funcref)
    (func (export "memory_to") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table_to") (param i32) (result i32)
      (table.grow $t (ref.null func) (local.get 0))) ${command})`;
  const { instance } = await WebAssembly.instantiate(preparePlugin(assemble(grows)).bytes, {});
  const grow = instance.exports as Record<string, (by: number) => number>;
  assert.equal(grow["memory_to"]?.(512), -1);
  assert.equal(grow["memory_to"]?.(511), 1);
  assert.equal(grow["table_to"]?.(65_536), -1);
  assert.equal(grow["table_to"]?.(65_535), 1);
});

Deno.test("needs and exports of a plugin are known before it runs", () => {
  const { needs, exports } = preparePlugin(pluginOf(`
    (import "env" "list_pods" (func (param i32 i32 i32 i32) (result i32)))
    (func (export "plugin_on_tick")) ${command}`));
  assert.deepEqual({ needs, exports }, {
    needs: ["k8s:list:pods"],
    exports: ["plugin_on_command", "plugin_on_tick"],
  });
});

Deno.test("any bytes are a plugin, or refused with a reason", () => {
  const cut = fc.nat(smoke.length - 1).map((length) => smoke.slice(0, length));
  const flipped = fc.tuple(fc.nat(smoke.length - 9), fc.nat(255)).map(([at, byte]) => {
    const bytes = smoke.slice();
    bytes[at + 8] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(cut, flipped, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      try {
        preparePlugin(bytes);
      } catch (error) {
        assert.ok(error instanceof KodamaError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
