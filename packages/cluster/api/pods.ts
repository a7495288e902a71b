/** The container that a request for streams or logs refers to. */
import type { ContainerStatus, Pod } from "../../../src/kube/types.ts";
import { type ContainerRef, NodeError } from "../model.ts";
import { resources } from "../resources.ts";
import type { ApiContext } from "./context.ts";
import type { ResourceRoute } from "./route.ts";
import { type ApiError, badRequest, failedStatus, internalError, notFound } from "./status.ts";

const defaultContainer = "kubectl.kubernetes.io/default-container";

/** Returns the pod of a path. Throws a 404. */
export function podAt({ store }: ApiContext, route: ResourceRoute): Pod {
  const pod = store.get(resources.pods, route.namespace, route.name);
  if (pod === undefined) throw notFound(resources.pods, route.name);
  return pod as unknown as Pod;
}

function namesOf(pod: Pod): { main: string[]; init: string[] } {
  return {
    main: (pod.spec?.containers ?? []).map(({ name }) => name),
    init: (pod.spec?.initContainers ?? []).map(({ name }) => name),
  };
}

/**
 * Returns the named container, the annotated one, or the only one. Throws a 400 with the message of the real server.
 */
export function chooseContainer(pod: Pod, requested: string): string {
  const { main, init } = namesOf(pod);
  const podName = pod.metadata?.name;
  if (requested !== "") {
    if ([...main, ...init].includes(requested)) return requested;
    throw badRequest(`container ${requested} is not valid for pod ${podName}`);
  }
  const annotated = pod.metadata?.annotations?.[defaultContainer];
  if (annotated !== undefined && main.includes(annotated)) return annotated;
  const [only, ...others] = main;
  if (only !== undefined && others.length === 0) return only;
  const inits = init.length === 0 ? "" : ` or one of the init containers: [${init.join(" ")}]`;
  throw badRequest(
    `a container name must be specified for pod ${podName}, choose one of: [${
      main.join(" ")
    }]${inits}`,
  );
}

/** Returns the node's reference for it. */
export function containerRef(pod: Pod, container: string): ContainerRef {
  const { namespace = "", name = "", uid = "" } = pod.metadata ?? {};
  return { namespace, pod: name, uid, container };
}

/** Returns the status of one container in the pod's status. */
export function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container);
}

/**
 * Returns the node's refusal as a Status: a kubelet's 400 and 404 retain their message, all others are internal errors.
 */
export function nodeRefusal(error: unknown): ApiError | undefined {
  if (!(error instanceof NodeError)) return undefined;
  if (error.code === 400) return badRequest(error.message);
  if (error.code === 404) return failedStatus(404, "NotFound", error.message, {});
  return internalError(error.message);
}
