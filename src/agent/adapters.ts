/** All adapters, by name. */
import type { Adapter } from "./adapter.ts";
import { type AdapterName, adapterNames } from "./adapter_names.ts";
import { claudeAdapter } from "./claude.ts";
import { commandAdapter } from "./command.ts";

const byName: Readonly<Record<AdapterName, Adapter>> = {
  claude: claudeAdapter,
  command: commandAdapter,
};

/** Returns the adapter of a name. An unknown name from a pod, of a later kodama's adapter, is read as plain output. */
export function adapterNamed(name: string): Adapter {
  const known = adapterNames.find((one) => one === name);
  return known === undefined ? commandAdapter : byName[known];
}
