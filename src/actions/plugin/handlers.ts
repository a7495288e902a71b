/** What permissions let a plugin use: answers to its imports, as JSON values. */
import { KodamaError } from "../../base/errors.ts";
import type { Pod, Secret } from "../../kube/types.ts";
import { PODS, SECRETS } from "../../kube/resources.ts";
import type { CapabilityHandlers } from "../../plugin/session.ts";
import type { Host } from "../host.ts";

/** Of one answer: more would not be read on a screen. */
const maxPods = 5000;

/** Where a plugin's requests go unless they say otherwise. */
export interface RequestScope {
  /** The kubeconfig's current one if absent. */
  readonly context?: string;
  /** For requests without a namespace: the context's if absent, all if empty. */
  readonly namespace?: string;
}

/** Returns the handlers for one scope. */
export function capabilityHandlers(
  host: Host,
  scope: RequestScope,
  writeClipboard: (text: string) => Promise<void> = noClipboard,
): CapabilityHandlers {
  return {
    async list_pods(request, signal) {
      const client = await host.kube(scope.context);
      const { namespace = scope.namespace ?? client.defaultNamespace, labelSelector } = textsOf(
        request,
      );
      const selected = {
        ...(namespace === "" ? {} : { namespace }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
      };
      const pods: object[] = [];
      for await (const { items } of client.list<Pod>(PODS, selected, { signal })) {
        for (const pod of items) pods.push(podAnswer(pod));
        if (pods.length >= maxPods) break;
      }
      return pods.slice(0, maxPods);
    },
    async get_secrets(request, signal) {
      const client = await host.kube(scope.context);
      // A Secret has a namespace, even if all are shown.
      const { namespace = scope.namespace || client.defaultNamespace, name } = textsOf(request);
      if (name === undefined) throw new KodamaError("usage", 'get_secrets: "name" is missing');
      const { data = {} } = await client.get<Secret>(SECRETS, name, { namespace }, {
        signal,
      });
      return { namespace, name, data };
    },
    async clipboard_write(request) {
      await writeClipboard(String(request));
      return null;
    },
  };
}

function noClipboard(): Promise<void> {
  return Promise.reject(new KodamaError("environment", "there is no clipboard"));
}

function podAnswer({ metadata, spec, status }: Pod): object {
  const containers = status?.containerStatuses ?? [];
  return {
    namespace: metadata?.namespace ?? "",
    name: metadata?.name ?? "",
    node: spec?.nodeName ?? "",
    phase: status?.phase ?? "",
    ip: status?.podIP ?? "",
    ready: containers.filter(({ ready }) => ready).length,
    containers: spec?.containers.length ?? 0,
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    labels: metadata?.labels ?? {},
  };
}

/** The fields of a request that are texts. */
function textsOf(
  request: unknown,
): Partial<Record<"namespace" | "name" | "labelSelector", string>> {
  if (typeof request !== "object" || request === null) return {};
  return Object.fromEntries(
    Object.entries(request).filter(([, value]) => typeof value === "string"),
  );
}
