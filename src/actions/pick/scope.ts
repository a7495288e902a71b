/** Other namespaces and contexts in which to search for pods. */
import type { KubeClient } from "../../kube/client.ts";
import { NAMESPACES } from "../../kube/resources.ts";
import type { Namespace } from "../../kube/types.ts";
import type { Host } from "../host.ts";

/** A namespace or a context. */
export interface ScopeChoice {
  name: string;
  /** The default if none is named. */
  current: boolean;
}

/**
 * Yields the namespaces of a context, page by page; of the current one if none is named.
 *
 * @throws KodamaError `forbidden` if they may not be listed.
 */
export async function* listNamespaces(
  host: Host,
  context: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<ScopeChoice[], void> {
  const client: KubeClient = await host.kube(context);
  for await (const { items } of client.list<Namespace>(NAMESPACES, {}, { signal })) {
    yield items.flatMap(({ metadata }) => {
      const name = metadata?.name;
      return name === undefined ? [] : [{ name, current: name === client.defaultNamespace }];
    });
  }
}
