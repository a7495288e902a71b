/** Reads objects of any kind that a server has. */
import { findResource } from "../../kube/discovery.ts";
import type { ApiResource, Tabled } from "../../kube/client.ts";
import { NoMatchError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { Host } from "../host.ts";

/** Which objects. */
interface GetObjectsOptions {
  /** The kind, or its name as in kubectl. */
  kind: ApiResource | string;
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

/** An object, with the columns that the server prints of it in a list, if it does. */
export interface FoundObject {
  object: Record<string, unknown>;
  printed?: NonNullable<Tabled["printed"]>;
}

/**
 * Returns the objects, their kind, and the context that they are of.
 *
 * @throws KodamaError `notFound` if there is no such kind or object; NoMatchError if nothing is selected.
 */
export async function getObjects(
  host: Host,
  options: GetObjectsOptions,
): Promise<{ resource: ApiResource; context: string; objects: FoundObject[] }> {
  const { kind, name, signal, selector, fieldSelector } = options;
  const client = await host.kube(options.context);
  const resource = typeof kind === "string" ? await findResource(client, kind, signal) : kind;
  const namespace = resource.namespaced && options.allNamespaces !== true
    ? options.namespace ?? client.defaultNamespace
    : undefined;
  const scope = namespace === undefined ? {} : { namespace };
  if (name !== undefined) {
    const object = await client.get<Record<string, unknown>>(resource, name, scope, { signal });
    return { resource, context: client.context, objects: [{ object }] };
  }
  const selected = { ...scope, ...definedOnly({ labelSelector: selector, fieldSelector }) };
  const objects: FoundObject[] = [];
  for await (const { items } of client.list<Tabled>(resource, selected, { as: "table", signal })) {
    for (const { object, printed } of items) objects.push({ object, ...definedOnly({ printed }) });
    if (objects.length >= maxObjects) break;
  }
  if (objects.length > 0) return { resource, context: client.context, objects };
  const where = namespace === undefined ? "" : ` in namespace ${namespace}`;
  throw new NoMatchError(`no ${resource.plural} match${where} (context ${client.context})`);
}
