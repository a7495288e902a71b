/** Sessions of all namespaces, with rights in some of them. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { KubeClient, ListPage, ListScope } from "../../kube/client.ts";
import { NAMESPACES } from "../../kube/resources.ts";
import type { ApiResource } from "../../kube/client.ts";
import { stateObject } from "../../session/state.ts";
import { sampleSession } from "../../session/testing/session.ts";
import type { SyncControl } from "../../sync/daemon/model.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { list } from "./list.ts";

/** Returns a host whose cluster has three namespaces with a session each, and lets the caller read only some. */
function hostWith(rights: { namespaces: boolean; readable: readonly string[] }): Host {
  const forbidden = () => new KodamaError("forbidden", "configmaps is forbidden");
  async function* pages(
    resource: ApiResource,
    { namespace }: ListScope,
  ): AsyncGenerator<ListPage<unknown>> {
    await Promise.resolve();
    if (resource === NAMESPACES) {
      if (!rights.namespaces) throw forbidden();
      yield page(["a", "b", "c"].map((name) => ({ metadata: { name } })));
      return;
    }
    if (namespace === undefined || !rights.readable.includes(namespace)) throw forbidden();
    const session = sampleSession({ namespace, name: `in-${namespace}` });
    yield page(resource.plural === "configmaps" ? [stateObject(session)] : []);
  }
  const page = (items: unknown[]) => ({ items, resourceVersion: "1" });
  const { host } = simulatedHost({});
  const client = { context: "c", defaultNamespace: "a", list: pages } as unknown as KubeClient;
  const control = { keys: () => Promise.resolve([]) } as unknown as SyncControl;
  return {
    ...host,
    kube: () => Promise.resolve(client),
    sync: () => Promise.resolve(control),
  };
}

const { signal } = new AbortController();
const everywhere = { allNamespaces: true, tasks: false };
const namesOn = async (host: Host) =>
  (await list(host, everywhere, signal)).rows.map((row) =>
    row.kind === "session" ? row.session.name : row.name
  );

Deno.test("without the right to list all namespaces at once, those that may be read are listed", async () => {
  assert.deepEqual(await namesOn(hostWith({ namespaces: true, readable: ["a", "c"] })), [
    "in-a",
    "in-c",
  ]);
  for (
    const rights of [{ namespaces: true, readable: [] }, { namespaces: false, readable: ["a"] }]
  ) {
    await assert.rejects(namesOn(hostWith(rights)), { kind: "forbidden" });
  }
});
