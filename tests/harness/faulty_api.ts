/** A server in front of the embedded cluster that injects faults: for what sessions do while requests fail midway. */
import { parse } from "yaml";
import type { TestCluster } from "./embedded_cluster.ts";

/** The fault of one request; `pass` is none. */
export type ApiFault =
  | "pass"
  /** 429 with a `Retry-After`: it isn't carried out. */
  | "busy"
  /** 500, and it isn't carried out. */
  | "before"
  /** 500, and it was carried out. */
  | "behind"
  /** 409 to an update, which isn't carried out. */
  | "conflict"
  /** The answer breaks off; that of a watch, after its first bytes. */
  | "cut";

/** The server. Disposing of it ends it. */
export interface FaultyApi extends AsyncDisposable {
  /** A kubeconfig whose context names this server. */
  readonly kubeconfig: string;
  /** Decides for each request. Nothing fails before it is set. */
  choose: (request: Request) => ApiFault;
  /** The number of times each fault happened. */
  readonly counts: Map<ApiFault, number>;
  /** Ends all answers that aren't complete: watches, as when the server restarts. */
  disconnect(): void;
}

/** Starts it. */
export async function startFaultyApi(cluster: TestCluster): Promise<FaultyApi> {
  const { upstream, client, token } = await clientOf(cluster);
  const counts = new Map<ApiFault, number>();
  const state = { choose: (_request: Request): ApiFault => "pass" };
  let connected = new AbortController();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {}, onError: () => statusOf(500, "closed") },
    async (request) => {
      const fault = applied(state.choose(request), request);
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
      if (fault === "busy") return statusOf(429, "TooManyRequests", { "retry-after": "0" });
      if (fault === "before") return statusOf(500, "InternalError");
      if (fault === "conflict") return statusOf(409, "Conflict");
      const { pathname, search } = new URL(request.url);
      // It carries no stream.
      if (pathname.endsWith("/exec")) return statusOf(400, "BadRequest");
      const body = await request.bytes();
      const answer = await fetch(`${upstream}${pathname}${search}`, {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), authorization: `Bearer ${token}` },
        ...(body.length === 0 ? {} : { body }),
        client,
        signal: request.signal,
      });
      if (fault === "behind") {
        await answer.body?.cancel();
        return statusOf(500, "InternalError");
      }
      const { status, headers } = answer;
      const whole = answer.body?.pipeThrough(new TransformStream(), { signal: connected.signal }) ??
        null;
      return new Response(fault === "cut" ? cut(whole) : whole, { status, headers });
    },
  );
  const kubeconfig = `${cluster.folder}/faulty-kubeconfig`;
  await Deno.writeTextFile(kubeconfig, kubeconfigFor(server.addr.port));
  return {
    kubeconfig,
    counts,
    disconnect() {
      connected.abort();
      connected = new AbortController();
    },
    set choose(choose: FaultyApi["choose"]) {
      state.choose = choose;
    },
    get choose() {
      return state.choose;
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      client.close();
    },
  };
}

async function clientOf({ kubeconfig }: TestCluster) {
  const config = parse(await Deno.readTextFile(kubeconfig));
  const text = (base64: string) => new TextDecoder().decode(Uint8Array.fromBase64(base64));
  const [{ cluster }] = config.clusters;
  const [{ user }] = config.users;
  const client = Deno.createHttpClient({ caCerts: [text(cluster["certificate-authority-data"])] });
  return { upstream: cluster.server as string, client, token: user.token as string };
}

/** Returns the fault of a request: only a write to an existing object can conflict. */
function applied(fault: ApiFault, { method }: Request): ApiFault {
  return fault === "conflict" && method !== "PUT" ? "before" : fault;
}

function statusOf(code: number, reason: string, headers: Record<string, string> = {}): Response {
  const message = `injected: ${code} ${reason}`;
  const status = { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message };
  return Response.json(status, { status: code, headers });
}

/** Returns some of the bytes, and then ends the link. */
function cut(body: ReadableStream<Uint8Array> | null): ReadableStream<Uint8Array> | null {
  let sent = false;
  return body?.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        if (!sent) controller.enqueue(chunk.subarray(0, Math.ceil(chunk.length / 2)));
        if (sent || chunk.length > 1) controller.error(new Error("cut"));
        sent = true;
      },
    }),
  ) ?? null;
}

function kubeconfigFor(port: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "faulty",
    clusters: [{ name: "faulty", cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: "nobody", user: {} }],
    contexts: [{ name: "faulty", context: { cluster: "faulty", user: "nobody" } }],
  });
}
