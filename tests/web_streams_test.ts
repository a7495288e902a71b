/** The event streams of `kodama web`: a thousand clients share one informer, and the API server may restart. */
import assert from "node:assert/strict";
import type { Host } from "../src/actions/host.ts";
import { CONFIG_MAPS } from "../src/kube/resources.ts";
import { stateObject } from "../src/session/state.ts";
import { sampleSession } from "../src/session/testing/session.ts";
import { WebServer } from "../src/web/server.ts";
import { thisMachine } from "./harness/cluster_in_process.ts";
import { startIdleCluster } from "./harness/idle_cluster.ts";
import { startFaultyApi } from "./harness/faulty_api.ts";

const clients = 1000;
const never = new AbortController().signal;

Deno.test("a thousand event streams share one informer, and outlive a restart of the API server", async () => {
  await using cluster = await startIdleCluster();
  await using api = await startFaultyApi(cluster);
  const requests: string[] = [];
  let isDown = false;
  api.choose = ({ url }) => {
    const { pathname, searchParams } = new URL(url);
    const resource = pathname.split("/").at(-1) ?? "";
    requests.push(searchParams.has("watch") ? `watch ${resource}` : resource);
    return isDown ? "before" : "pass";
  };
  const host = thisMachine({ ...cluster.env, KUBECONFIG: api.kubeconfig });
  const writer = thisMachine(cluster.env);
  await using _served = {
    [Symbol.asyncDispose]: async () => (await host.kube())[Symbol.asyncDispose](),
  };
  await using _writer = {
    [Symbol.asyncDispose]: async () => (await writer.kube())[Symbol.asyncDispose](),
  };
  await using server = serverOf(host);
  const request = signedIn(server);

  await createSession(writer, "first");
  const readers = [];
  for (let count = 0; count < clients; count++) readers.push(await Reader.open(server, request()));
  const lists = await Promise.all(
    readers.map((one) => one.until((event) => event.kind === "list")),
  );
  assert.ok(lists.every(({ sessions }) => sessions?.[0]?.name === "first"));
  // Half of them don't read any more: nothing is stored for them.
  const reading = readers.filter((_, index) => index % 2 === 0);
  const before = Deno.memoryUsage().heapUsed;
  for (let round = 0; round < 20; round++) await createSession(writer, `more-${round}`);
  await Promise.all(reading.map((one) => one.untilSession("more-19")));
  const grown = Deno.memoryUsage().heapUsed - before;
  assert.ok(grown < 64 * 1024 * 1024, `${Math.round(grown / 1024 / 1024)} MiB for 20 changes`);

  assert.deepEqual(
    requests.filter((one) => /configmaps|pods/.test(one)).toSorted(),
    ["configmaps", "pods", "watch configmaps", "watch pods"],
    "one informer for all",
  );

  isDown = true;
  api.disconnect();
  await Promise.all(reading.map((one) => one.until(({ kind }) => kind === "outOfSync")));
  await createSession(writer, "during");
  isDown = false;
  await Promise.all(reading.map((one) => one.untilSession("during")));
  // A client that read nothing all the time gets what is current now, and not each change.
  const [late] = readers.filter((_, index) => index % 2 === 1);
  await late?.untilSession("during");

  await Promise.all(readers.map((one) => one.cancel()));
});

/** One client, by the body of its response. */
class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #text = "";

  private constructor(body: ReadableStream<Uint8Array>) {
    this.#reader = body.getReader();
  }

  static async open(server: WebServer, request: Request): Promise<Reader> {
    const { status, body } = await server.handle(request);
    assert.equal(status, 200);
    assert.ok(body);
    return new Reader(body);
  }

  /** Returns the first event that fits; those before it are dropped. */
  async until(fits: (event: SentEvent) => boolean): Promise<SentEvent> {
    for (;;) {
      const at = this.#text.indexOf("\n\n");
      if (at >= 0) {
        const data = this.#text.slice(0, at).split("\n").find((one) => one.startsWith("data: "));
        this.#text = this.#text.slice(at + 2);
        const event = data === undefined ? undefined : JSON.parse(data.slice(6)) as SentEvent;
        if (event !== undefined && fits(event)) return event;
        continue;
      }
      const { done, value } = await this.#reader.read();
      assert.ok(!done, "the stream has ended");
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  untilSession(name: string): Promise<SentEvent> {
    return this.until(({ session, sessions }) =>
      session?.name === name || sessions?.some((one) => one.name === name) === true
    );
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

interface SentEvent {
  kind: string;
  session?: { name: string };
  sessions?: { name: string }[];
}

function serverOf(host: Host): WebServer {
  const server = new WebServer({
    host,
    version: "test",
    scheme: "http",
    page: () => Promise.resolve(undefined),
    upgrade: () => assert.fail("no terminal is opened"),
  });
  server.access.listens(["127.0.0.1"], 80);
  return server;
}

/** Returns what makes requests of browsers that are signed in: each browser has a rate of its own. */
function signedIn(server: WebServer): () => Request {
  const cookies = Array.from({ length: 10 }, () => {
    const token = new URL(server.access.newLink().url).searchParams.get("token") ?? "";
    return server.access.signIn(token)?.split(";")[0] ?? "";
  });
  let next = 0;
  return () =>
    new Request(`http://127.0.0.1${server.access.base}api/sessions?namespace=default`, {
      headers: {
        host: "127.0.0.1",
        cookie: cookies[next++ % cookies.length] ?? "",
        accept: "text/event-stream",
      },
    });
}

async function createSession(host: Host, name: string): Promise<void> {
  const client = await host.kube();
  const object = stateObject(sampleSession({ name, namespace: "default" }));
  await client.create(CONFIG_MAPS, object, { namespace: "default" }, { signal: never });
}
