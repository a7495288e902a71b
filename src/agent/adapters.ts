/** All adapters, by name. */
import type { Adapter } from "./adapter.ts";
import { claudeAdapter } from "./claude.ts";
import { commandAdapter } from "./command.ts";

/** Every adapter; the first is what a task is given to where nobody says otherwise. */
export const adapters: readonly Adapter[] = [claudeAdapter, commandAdapter];

/** The names of {@link adapters}. */
export const adapterNames = ["claude", "command"] as const;

/** The name of an adapter. */
export type AdapterName = typeof adapterNames[number];

/**
 * The adapter of a name. A name that a pod told, of a later kodama's adapter, is read as plain output.
 */
export function adapterNamed(name: string): Adapter {
  return adapters.find((adapter) => adapter.name === name) ?? commandAdapter;
}
