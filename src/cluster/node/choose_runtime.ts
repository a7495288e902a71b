/** Finds out, once, what this machine lets containers be. */
import type { ContainerRuntime } from "./runtime.ts";
import { startNamespaceRuntime } from "./namespaces.ts";
import { findTools } from "./tools.ts";

/** The best runtime that works here. */
export async function chooseRuntime(
  folder: string,
  _isolation: "best" | "plain",
): Promise<ContainerRuntime> {
  const user = Deno.uid() === 0 ? "root" : "userNamespace";
  return await startNamespaceRuntime({ folder, tools: await findTools(), user });
}
