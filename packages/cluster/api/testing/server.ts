/** A server on its socket, over a fake node: for tests. */
import { systemClock } from "../../../../src/base/clock.ts";
import { resources } from "../../resources.ts";
import { createStore } from "../../store/store.ts";
import { type Authority, createAuthority } from "../../tls/authority.ts";
import { type AuditEvent, auditEvent } from "./audit.ts";
import { type ApiServer, startApiServer } from "../server.ts";
import { podNamed } from "./api.ts";
import { type FakeCommand, type FakeNode, fakeNode } from "./fake_node.ts";

/** What a test sees of the server. */
export interface Running extends AsyncDisposable {
  server: ApiServer;
  authority: Authority;
  node: FakeNode;
  audit: AuditEvent[];
}

const now = () => new Date();

/** A server with the running pod `default/web`, of the containers `main` and `side`. */
export async function start(commands: Record<string, FakeCommand> = {}): Promise<Running> {
  const store = createStore({ now, newUid: () => crypto.randomUUID() });
  store.create(resources.namespaces, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "default" },
  });
  const names = ["main", "side"];
  store.create(resources.pods, {
    ...podNamed("web"),
    metadata: { name: "web", namespace: "default" },
    spec: { nodeName: "n1", containers: names.map((name) => ({ name, image: "x" })) },
    status: {
      phase: "Running",
      containerStatuses: names.map((name) => ({
        name,
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
      })),
    },
  });
  const authority = await createAuthority({ now });
  const node = fakeNode(commands);
  const audit: AuditEvent[] = [];
  const server = await startApiServer({
    store,
    node,
    identity: {
      server: await authority.issueServer(),
      certificateAuthority: authority.certificate,
    },
    clock: systemClock,
    audit: (facts) => audit.push(auditEvent(facts)),
    tokens: [
      { token: "admin", user: { name: "admin", groups: ["system:masters"] } },
      { token: "nobody", user: { name: "nobody", groups: [] } },
      { token: "late", user: { name: "late", groups: ["system:masters"] }, notAfter: new Date(0) },
    ],
  });
  return {
    server,
    authority,
    node,
    audit,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
