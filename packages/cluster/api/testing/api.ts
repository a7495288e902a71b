/** The API without a network: requests as values, for tests. */
import type { KubeObject } from "../../../../src/kube/types.ts";
import type { Store } from "../../model.ts";
import { ManualClock } from "../../../../src/base/testing/manual_clock.ts";
import { resources } from "../../resources.ts";
import { createStore, type StoreOptions } from "../../store/store.ts";
import { createApi } from "../api.ts";
import type { ApiContext } from "../context.ts";
import type { ApiResponse, User } from "../message.ts";
import { parseRoute } from "../route.ts";
import { ApiError } from "../status.ts";
import { createTokens } from "../tokens.ts";
import { type FakeNode, fakeNode } from "./fake_node.ts";

/** The options of a call beside method and path. */
export interface Call {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** An API over an empty store that has the namespaces `default` and `other`. */
export interface TestApi {
  store: Store;
  clock: ManualClock;
  node: FakeNode;
  context: ApiContext;
  /** Returns the answer; throws the API's errors. */
  call(method: string, path: string, call?: Call): Promise<ApiResponse>;
  /** Returns the body of a JSON answer, or the Status of a refusal. */
  json(method: string, path: string, call?: Call): Promise<Answer>;
}

/** A JSON body, as loosely typed as tests read one. */
export type Answer = KubeObject & {
  code?: number;
  message?: string;
  items?: KubeObject[];
};

const admin: User = { name: "admin", groups: ["system:masters"] };

/** Creates one. */
export function testApi(options: Partial<StoreOptions> = {}): TestApi {
  const clock = new ManualClock("2026-01-02T03:04:05Z");
  const now = () => clock.now();
  let uids = 0;
  const newUid = () => `uid-${++uids}`;
  const store = createStore({ now, newUid, ...options });
  for (const name of ["default", "other"]) {
    store.create(resources.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  const tokens = createTokens({ grants: [], now, newToken: newUid });
  const node = fakeNode();
  const context: ApiContext = {
    store,
    node,
    clock,
    tokens,
    random: () => 0.5,
    newUid,
    version: "v1.32.0",
  };
  const api = createApi(context, { serverAddress: () => "127.0.0.1:6443" });
  const call: TestApi["call"] = async (method, target, { body, headers = {}, signal } = {}) => {
    const { pathname: path, searchParams: query } = new URL(target, "https://127.0.0.1");
    const bytes = body === undefined ? new Uint8Array() : new TextEncoder().encode(
      typeof body === "string" ? body : JSON.stringify(body),
    );
    const request = { method, path, query, headers, user: admin, body: bytes };
    const never = new AbortController().signal;
    return await api({ ...request, signal: signal ?? never }, parseRoute(path));
  };
  return {
    store,
    clock,
    node,
    context,
    call,
    async json(method, target, options) {
      try {
        const answer = await call(method, target, options);
        if (answer.kind !== "json") throw new TypeError(`the answer is ${answer.kind}, not JSON`);
        return answer.body as Answer;
      } catch (error) {
        if (error instanceof ApiError) return error.status as unknown as Answer;
        throw error;
      }
    },
  };
}

/** A pod that is accepted unchanged. */
export function podNamed(name: string, labels: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels },
    spec: { containers: [{ name: "main", image: "busybox" }] },
  };
}
