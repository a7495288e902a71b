/** Reads objects of any kind that a server has. */
import { findResource } from "../../kube/discovery.ts";
import type { ApiResource } from "../../kube/client.ts";
import { NoMatchError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { Host } from "../host.ts";

/** Which objects. */
interface GetObjectsOptions {
  /** As kubectl names it. */
  kind: string;
  /** All that the rest selects if absent. */
  name?: string;
  namespace?: string;
  allNamespaces?: boolean;
  selector?: string;
  fieldSelector?: string;
  context?: string;
  signal: AbortSignal;
}

/** More aren't read: a list of this length answers no question. */
const maxObjects = 20_000;

/**
 * Returns the objects and their kind.
 *
 * @throws KodamaError `notFound` if there is no such kind or object; NoMatchError if nothing is selected.
 */
export async function getObjects(
  host: Host,
  options: GetObjectsOptions,
): Promise<{ resource: ApiResource; objects: Record<string, unknown>[] }> {
  const { kind, name, signal, selector, fieldSelector } = options;
  const client = await host.kube(options.context);
  const resource = await findResource(client, kind, signal);
  const namespace = resource.namespaced && options.allNamespaces !== true
    ? options.namespace ?? client.defaultNamespace
    : undefined;
  const scope = namespace === undefined ? {} : { namespace };
  if (name !== undefined) {
    const object = await client.get<Record<string, unknown>>(resource, name, scope, { signal });
    return { resource, objects: [object] };
  }
  const selected = { ...scope, ...definedOnly({ labelSelector: selector, fieldSelector }) };
  const objects: Record<string, unknown>[] = [];
  for await (
    const { items } of client.list<Record<string, unknown>>(resource, selected, { signal })
  ) {
    objects.push(...items);
    if (objects.length >= maxObjects) break;
  }
  if (objects.length > 0) return { resource, objects };
  const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
  throw new NoMatchError(`no ${resource.plural} match${where} (context ${client.context})`);
}
