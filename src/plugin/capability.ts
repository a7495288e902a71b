/** The host's functions for a plugin besides drawing: each permission links the imports of its name. */
import { KodamaError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest_names.ts";

/** Permissions, and the import that each of them links. */
export const capabilities = {
  "k8s:list:pods": "list_pods",
  "k8s:get:secrets": "get_secrets",
  "clipboard:write": "clipboard_write",
} as const;

/** A permission. */
export type Capability = keyof typeof capabilities;

/** An import that a permission links. */
export type CapabilityImport = typeof capabilities[Capability];

/**
 * Returns the permissions of an entry.
 *
 * @throws KodamaError `config` for an unknown permission, with the nearest.
 */
export async function parseCapabilities(names: readonly string[]): Promise<Capability[]> {
  const known = Object.keys(capabilities);
  const parsed: Capability[] = [];
  for (const name of names) {
    if (isCapability(name)) parsed.push(name);
    else {
      throw new KodamaError("config", `no permission "${name}"${await didYouMean(name, known)}`, {
        hint: `the permissions of plugins are ${known.join(", ")}`,
      });
    }
  }
  return [...new Set(parsed)];
}

/** Returns whether a name is a permission. */
export function isCapability(name: string): name is Capability {
  return Object.hasOwn(capabilities, name);
}
