import assert from "node:assert/strict";
import { parse } from "yaml";
import { simulatedHost } from "../../actions/testing/simulated_host.ts";
import { WatchedCluster } from "../../actions/testing/watched_cluster.ts";
import type { Host } from "../../actions/host.ts";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { CONFIG_MAPS } from "../../kube/resources.ts";
import { lineText } from "../../terminal/grid.ts";
import type { PaneEvent } from "../pane.ts";
import { PaneRegistry } from "../registry.ts";
import { defaultTheme } from "../theme.ts";
import { registerDocuments } from "./documents.ts";

const object: ObjectRef = {
  context: "lab",
  resource: CONFIG_MAPS,
  namespace: "n",
  name: "flags",
};

/** Opens a pane with the object, and copies its text when it is there. */
async function copied(key: "yaml" | "describe", part: Partial<Host>) {
  const { host } = simulatedHost({});
  const registry = new PaneRegistry();
  registerDocuments(registry);
  const events: PaneEvent[] = [];
  const loaded = Promise.withResolvers<void>();
  const pane = registry.create(key, {
    pane: 1,
    host: { ...host, ...part },
    scope: { namespaces: { kind: "default" } },
    kube: undefined,
    config: { objects: [object] },
    theme: defaultTheme,
    emit: (event) => {
      events.push(event);
      if (event.kind === "changed") loaded.resolve();
    },
    ask: () => Promise.resolve(undefined),
    signal: new AbortController().signal,
  });
  await loaded.promise;
  pane?.act?.("copy");
  const [text] = events.flatMap((event) => event.kind === "clipboard" ? [event.text] : []);
  const [toast] = events.flatMap((event) => event.kind === "toast" ? [event.text] : []);
  return { text, toast, status: lineText(pane?.status ?? []) };
}

Deno.test("an object's YAML means the same to kubectl, whose YAML is of version 1.1", async () => {
  const cluster = new WatchedCluster("lab");
  const data = { enabled: "yes", mode: "0755", start: "12:30", note: "a\u2028b", tabs: "\ta\nb\n" };
  const stored = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "flags" }, data };
  cluster.objects.set("configmaps/flags", stored);
  const { text, toast } = await copied("yaml", { kube: () => Promise.resolve(cluster.client) });
  assert.deepEqual(parse(text ?? "", { version: "1.1" }), stored);
  assert.equal(toast, "copied");
});

Deno.test("a description that was cut says so, also when it is copied", async () => {
  const kubectl = (isTruncated: boolean): Partial<Host> => ({
    kubectl: () =>
      Promise.resolve({
        run: () => Promise.resolve(0),
        read: () =>
          Promise.resolve({ exitCode: 0, stdout: "Name: flags\n", stderr: "", isTruncated }),
      }),
  });
  assert.equal((await copied("describe", kubectl(false))).toast, "copied");
  const { toast, status } = await copied("describe", kubectl(true));
  assert.equal(toast, "copied the first 4 MiB");
  assert.match(status, /the first 4 MiB/);
});
