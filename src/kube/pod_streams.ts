/**
 * Opens streams into pods: by WebSocket, or by SPDY.
 *
 * To RBAC a WebSocket is a `get` of `pods/exec`, since it starts with a GET; SPDY is a `create`, since it starts with a
 * POST. Many roles grant `create` alone. So a GET that is forbidden is followed by a POST, as kubectl does it:
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/client-go/tools/remotecommand/fallback.go
 * A refused upgrade has started nothing in the pod; no other failure is retried.
 */
import { refusesSpdy, upgradeError } from "./failures.ts";
import type { Transport } from "./http/transport.ts";
import { UpgradeRefused } from "./streams/upgrade.ts";

/** One stream, by either protocol. */
export interface StreamAttempts<S> {
  /** The RBAC inputs that are worth remembering. */
  resource: { namespace: string; subresource: "exec" | "attach" | "portforward" };
  /** SPDY first, if the server has it: it is cheaper for many bytes. */
  prefersSpdy: boolean;
  webSocket: () => Promise<S | UpgradeRefused>;
  spdy: () => Promise<S | UpgradeRefused>;
}

/** Stores which protocol a server accepts. */
export class PodStreams {
  /** SPDY was refused to a stream that preferred it. */
  #withoutSpdy = false;
  /**
   * `NAMESPACE/SUBRESOURCE` of which a GET was forbidden: the next stream starts with the POST, so that a thousand
   * pods don't cost a thousand refusals. Only roles with `resourceNames` could differ within one.
   */
  readonly #forbiddenGets = new Set<string>();

  constructor(private readonly transport: Transport) {}

  /** Rejects with a `KodamaError`. */
  async open<S>({ resource, prefersSpdy, webSocket, spdy }: StreamAttempts<S>): Promise<S> {
    const { trace } = this.transport;
    const key = `${resource.namespace}/${resource.subresource}`;
    const getIsForbidden = this.#forbiddenGets.has(key);
    let post: UpgradeRefused | undefined;
    if (getIsForbidden || (prefersSpdy && !this.#withoutSpdy)) {
      trace?.(
        7,
        `${resource.subresource}: SPDY first, ${
          getIsForbidden ? "a GET is forbidden" : "for many bytes"
        }`,
      );
      const opened = await spdy();
      if (!(opened instanceof UpgradeRefused)) return opened;
      post = opened;
      // A missing pod has refused neither protocol.
      if (post.code === 404 || (getIsForbidden && !refusesSpdy(post))) throw this.#error({ post });
      if (prefersSpdy && post.code !== 403) this.#withoutSpdy = true;
    }
    trace?.(
      7,
      `${resource.subresource}: WebSocket${post === undefined ? "" : ", SPDY was refused"}`,
    );
    const get = await webSocket();
    if (!(get instanceof UpgradeRefused)) return get;
    if (get.code === 403) this.#forbiddenGets.add(key);
    if (get.code === 403 && post === undefined) {
      trace?.(7, `${resource.subresource}: SPDY, since the WebSocket was forbidden`);
      const opened = await spdy();
      if (!(opened instanceof UpgradeRefused)) return opened;
      post = opened;
    }
    throw this.#error({ get, ...(post === undefined ? {} : { post }) });
  }

  #error(refusals: { get?: UpgradeRefused; post?: UpgradeRefused }): Error {
    return upgradeError(refusals, this.transport.serverRef);
  }
}
