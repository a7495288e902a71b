/** The clients of one process: one for each context, under each of its names. */
import type { KubeClient } from "../kube/client.ts";

/** Opens the client of a context; of the current one if none is named. */
export type OpenClient = (context: string | undefined) => Promise<KubeClient>;

/**
 * Creates each client once. The current context has a name of its own too: a target that was found through it names it,
 * and must not open, authenticate and connect everything a second time.
 */
export function clientRegistry(open: OpenClient): OpenClient {
  const clients = new Map<string | undefined, Promise<KubeClient>>();
  return async (context) => {
    const known = clients.get(context);
    if (known !== undefined) return await known;
    const current = context === undefined ? undefined : await settled(clients.get(undefined));
    if (current !== undefined && current.context === context) return current;
    // Checked again: another caller may have opened it while this one resolved the current context.
    const opened = clients.get(context) ?? open(context);
    clients.set(context, opened);
    return await opened;
  };
}

/** Returns the client, unless it could not be created: its caller was given the error. */
async function settled(client: Promise<KubeClient> | undefined): Promise<KubeClient | undefined> {
  try {
    return await client;
  } catch {
    return undefined;
  }
}
