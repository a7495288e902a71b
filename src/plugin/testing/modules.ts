/** Plugins in WebAssembly's text form, and the host's parts for their tests. */
import { type Clock, systemClock } from "../../base/clock.ts";
import { KodamaError } from "../../base/errors.ts";
import { startUnprivileged } from "../../sandbox/run_script.ts";
import type { Capability } from "../capability.ts";
import {
  type CapabilityHandlers,
  openPlugin,
  PluginEngine,
  type PluginEvent,
  type PluginProcess,
  sessionLimits,
} from "../session.ts";
import wabt from "wabt";

const assembler = await wabt();

/** Returns the module of a text, which may be invalid. */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const features = { threads: true, memory64: true, multi_memory: true, bulk_memory: true };
  const module = assembler.parseWat("plugin.wat", text, features);
  return new Uint8Array(module.toBinary({}).buffer);
}

/** Returns a plugin that has a memory and these definitions; an import is a line of its own. */
export function pluginOf(
  definitions: string,
  { pages }: { pages: number } = { pages: 1 },
): Uint8Array<ArrayBuffer> {
  const lines = definitions.split("\n");
  const isImport = (line: string) => line.trimStart().startsWith("(import ");
  const [imports, others] = [lines.filter(isImport), lines.filter((line) => !isImport(line))];
  return assemble(
    `(module ${imports.join("\n")} (memory (export "memory") ${pages}) ${others.join("\n")})`,
  );
}

/** The import of `host_send_render`, as `$render`. */
export const renderImport = '(import "kubetile" "host_send_render" (func $render (param i32 i32)))';

/** `plugin_on_command` with these instructions before it returns 0. */
export function onCommand(instructions: string): string {
  return `(func (export "plugin_on_command") (param $ptr i32) (param $len i32) (result i32)
    ${instructions} (i32.const 0))`;
}

/** Returns the instructions that render this payload, which the module has at address 1024. */
export function rendering(payload: string): string {
  const bytes = new TextEncoder().encode(payload);
  return `(call $render (i32.const 1024) (i32.const ${bytes.length}))`;
}

/** Returns a data segment with a payload, for {@link rendering}. */
export function dataOf(payload: string | Uint8Array): string {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  const escaped = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  return `(data (i32.const 1024) "${escaped}")`;
}

/** A plugin that shows `smoke-ok`, whatever it gets. */
export const smoke = pluginOf(
  `${renderImport}\n${dataOf('["smoke-ok"]')} ${onCommand(rendering('["smoke-ok"]'))}`,
);

const refused = (): never => {
  throw new KodamaError("forbidden", "not in this test");
};

/** Options of {@link openedPlugin}; the defaults grant nothing. */
export interface OpenOptions {
  granted?: readonly Capability[];
  handlers?: Partial<CapabilityHandlers>;
  config?: unknown;
  clock?: Clock;
  pane?: number;
}

/** Starts a process as the program does. */
export function startProcess(program: string): PluginProcess {
  const programs = { deno: Deno.execPath(), hasShell: true };
  return startUnprivileged(programs, program, sessionLimits.process);
}

/** Opens a plugin in a process of its own, and collects its events. */
export async function openedPlugin(file: Uint8Array<ArrayBuffer>, options: OpenOptions = {}) {
  const events: PluginEvent[] = [];
  let wake = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const plugin = await new PluginEngine().precompile(file);
  const session = openPlugin({
    load: () => Promise.resolve({ plugin, start: startProcess }),
    granted: options.granted ?? [],
    config: options.config ?? {},
    pane: options.pane ?? 1,
    emit: (event) => {
      events.push(event);
      wake.resolve();
      wake = Promise.withResolvers();
    },
    onIdle: started.resolve,
    handlers: {
      list_pods: refused,
      get_secrets: refused,
      clipboard_write: refused,
      ...options.handlers,
    },
    clock: options.clock ?? systemClock,
  });
  return {
    session,
    events,
    /** Resolves when the plugin has started: the next command is sent at once, and its time is limited from then on. */
    started: started.promise,
    /** Resolves with the n-th event, counted from 1; an error is the last event that there is. */
    async event(count = 1): Promise<PluginEvent> {
      while (events.length < count) {
        const last = events.at(-1);
        if (last?.kind === "pluginError") return last;
        await wake.promise;
      }
      return events[count - 1] as PluginEvent;
    },
    [Symbol.asyncDispose]: () => session.close(),
  };
}
