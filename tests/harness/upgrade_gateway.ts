/** A proxy in front of the embedded cluster, that answers upgrades itself: what gateways that don't know them do. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { parse } from "yaml";
import type { TestCluster } from "./embedded_cluster.ts";

/** What an upgrade is answered with: the bytes, or how its connection ends. */
export type UpgradeAnswer = { bytes: string } | "closed" | "reset" | "silence";

/** The proxy. Disposing of it ends it. */
export interface UpgradeGateway extends AsyncDisposable {
  /** A kubeconfig whose context names the proxy, which has the credentials. */
  readonly kubeconfig: string;
  /** Returns the answer to an upgrade by this method; undefined passes it on. All pass before it is set. */
  answer: (method: string) => UpgradeAnswer | undefined;
  /** The methods of the upgrades since it was read last: GET of a WebSocket, POST of SPDY. */
  takeUpgrades(): string[];
}

/** Starts it. */
export async function startUpgradeGateway(cluster: TestCluster): Promise<UpgradeGateway> {
  const { clusters: [{ cluster: own }], users: [{ user }] } = parse(
    await Deno.readTextFile(cluster.kubeconfig),
  );
  const upstream = new URL(own.server);
  const caCerts = [atob(own["certificate-authority-data"])];
  const authorization = `Bearer ${user.token}`;
  const client = Deno.createHttpClient({ caCerts, http2: false });
  const sockets = new Set<Socket>();
  let upgrades: string[] = [];
  let choose: UpgradeGateway["answer"] = () => undefined;

  const forwarded = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await Array.fromAsync(request);
    const answer = await fetch(new URL(request.url ?? "", upstream), {
      method: request.method ?? "GET",
      headers: { authorization, accept: request.headers.accept ?? "*/*" },
      client,
      ...(body.length === 0 ? {} : { body: new Blob(body) }),
    });
    const type = answer.headers.get("content-type") ?? "text/plain";
    response.writeHead(answer.status, { "content-type": type });
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  };
  const server = createServer((request, response) => {
    forwarded(request, response).catch(() => response.destroy());
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, first: Uint8Array) => {
    const { method = "" } = request;
    upgrades.push(method);
    const answer = choose(method);
    if (answer === "silence") return;
    if (answer === "closed") socket.end();
    else if (answer === "reset") (socket as Socket).resetAndDestroy();
    else if (answer !== undefined) socket.end(answer.bytes);
    else tunnel(request, socket, first).catch(() => socket.destroy());
  });

  /** Passes an upgrade on, and then all bytes. */
  const tunnel = async (request: IncomingMessage, socket: Duplex, first: Uint8Array) => {
    const { hostname, port, host } = upstream;
    using connection = await Deno.connectTls({ hostname, port: Number(port), caCerts });
    const headers = Object.entries({ ...request.headers, host, authorization })
      .map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const head = `${request.method} ${request.url} HTTP/1.1\r\n${headers}\r\n`;
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(head));
    await writer.write(Uint8Array.from(first));
    socket.on("data", (bytes: Uint8Array) => writer.write(Uint8Array.from(bytes)).catch(() => {}));
    socket.on("close", () => writer.close().catch(() => {}));
    for await (const chunk of connection.readable) socket.write(chunk);
    socket.end();
  };

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = `${cluster.folder}/gateway-kubeconfig`;
  await Deno.writeTextFile(kubeconfig, kubeconfigFor(port));
  return {
    kubeconfig,
    takeUpgrades() {
      const taken = upgrades;
      upgrades = [];
      return taken;
    },
    get answer() {
      return choose;
    },
    set answer(answer) {
      choose = answer;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      client.close();
    },
  };
}

function kubeconfigFor(port: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "gateway",
    clusters: [{ name: "c", cluster: { server: `http://127.0.0.1:${port}` } }],
    // An empty user: kubectl would ask for one over TLS alone.
    users: [{ name: "u", user: {} }],
    contexts: [{
      name: "gateway",
      context: { cluster: "c", user: "u", namespace: "weka-operator-system" },
    }],
  });
}
