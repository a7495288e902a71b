// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:web [--rounds N] [--streams N] [--guard]`: the page of `kodama web`, of the installed program on an
 * embedded cluster. How long from the start of `kodama web` to the first byte of an answer; when Chromium paints the page
 * first, in a browser that has nothing of it, by its own account (https://www.w3.org/TR/paint-timing/); how large the
 * page is as it is sent; the memory of the server with a thousand event streams, half of which read nothing, and of each
 * change that they get. With `--guard` the exit code is 1 if a bound is exceeded.
 */
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import type { KubeClient } from "../../src/kube/client.ts";
import { builtBundle } from "../harness/built_kodama.ts";
import { launchChromium } from "../harness/chromium.ts";
import { startTestCluster } from "../harness/embedded_cluster.ts";
import type { RunningCommand } from "../harness/command.ts";
import { CONFIG_MAPS } from "../../src/kube/resources.ts";
import { stateObject } from "../../src/session/state.ts";
import { sampleSession } from "../../src/session/testing/session.ts";
import { thisMachine } from "../harness/cluster_in_process.ts";
import { SourceKodama } from "../harness/source_kodama.ts";
import { median } from "./alternate.ts";
import { pidOf } from "./changing_cluster.ts";

/** What is promised. */
const bounds = {
  firstByteMs: 1000,
  firstPaintMs: 300,
  pageKib: 150,
  /** First paints of a document of one line: on a machine that needs long for that, the page may need more. */
  linePaints: 3,
  /** Of all streams together, with what they have received. */
  streamsMb: 200,
};

/** Changes of the list that all streams get. */
const changes = 20;

/** Of one browser that is signed in, more requests at once are refused. */
const streamsPerBrowser = 250;

interface SignedIn {
  page: URL;
  cookie: string;
}

/** Opens a link, as a browser does. */
async function signIn(link: string): Promise<SignedIn> {
  const answer = await fetch(link);
  await answer.body?.cancel();
  const set = answer.headers.get("set-cookie") ?? "";
  const [, cookie = "", path = ""] = /^(kodama=\w+); Path=([^;]+)/.exec(set) ?? [];
  return { page: new URL(path, link), cookie };
}

async function newLink({ page, cookie }: SignedIn): Promise<string> {
  const answer = await fetch(new URL("api/links", page), {
    method: "POST",
    headers: {
      cookie,
      origin: page.origin,
      "content-type": "application/json",
      "x-kodama": "1",
    },
    body: "{}",
  });
  return (await answer.json()).url;
}

/** Starts the server; returns the link, and how long it took until the first byte of its answer. */
async function start(kodama: SourceKodama) {
  const startMs = performance.now();
  const server = kodama.start(["web"]);
  await server.writes(({ stdout }) => stdout.includes("\n"));
  const link = server.stdout.trim();
  const signedIn = await signIn(link);
  return { server, signedIn, firstByteMs: performance.now() - startMs };
}

async function end(server: RunningCommand): Promise<void> {
  server.signal("SIGINT");
  await server.ended();
}

/** When a document was painted first; it may not be yet. */
const paint = `new Promise((resolve) => {
  const observer = new PerformanceObserver((list) => {
    const [entry] = list.getEntriesByName("first-contentful-paint");
    if (entry) resolve(entry.startTime);
  });
  observer.observe({ type: "paint", buffered: true });
})`;

/**
 * What a browser measured: when it painted the page first, how many bytes it had received, and when it painted a document
 * of one line of the same server, which is what this machine needs for anything.
 */
async function opened(
  browser: Browser,
  link: string,
): Promise<{ paintMs: number; bareMs: number; kib: number }> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(new URL(link).origin);
    const bareMs = Number(await page.evaluate(paint));
    await page.goto(link);
    await page.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
    const paintMs = Number(await page.evaluate(paint));
    const bytes = Number(
      await page.evaluate(`[
        ...performance.getEntriesByType("navigation"),
        ...performance.getEntriesByType("resource").filter(({ name }) => name.includes("/assets/")),
      ].reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`),
    );
    return { paintMs, bareMs, kib: bytes / 1024 };
  } finally {
    await context.close();
  }
}

/** The whole page as it is sent, with what a terminal needs. */
async function wholeKib(): Promise<number> {
  const { folder } = await builtBundle();
  // Too small to be worth a compression.
  let bytes = (await Deno.stat(`${folder}/web/index.html`)).size;
  for await (const { name } of Deno.readDir(`${folder}/web/assets`)) {
    if (name.endsWith(".gz")) bytes += (await Deno.stat(`${folder}/web/assets/${name}`)).size;
  }
  return bytes / 1024;
}

/** Resident memory, which the kernel measures. */
async function memoryMb(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** An event stream: `until` reads until it has sent a text. */
async function openStream({ page, cookie }: SignedIn, stop: AbortSignal) {
  const answer = await fetch(new URL("api/sessions", page), {
    headers: { cookie, accept: "text/event-stream" },
    signal: stop,
  });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async until(text: string): Promise<void> {
      for (let sent = ""; !sent.includes(text);) {
        const { done, value } = await reader?.read() ?? { done: true };
        if (done) throw new Error(`a stream has ended with status ${answer.status}`);
        sent = (sent + value).slice(-4000);
      }
    },
  };
}

/** Opens the streams, changes the list; returns the growth of the server's memory. */
async function streamsMb(
  { client, signedIn, pid, streams }: {
    client: KubeClient;
    signedIn: SignedIn;
    pid: number;
    streams: number;
  },
): Promise<{ opened: number; changed: number }> {
  const stop = new AbortController();
  const before = await memoryMb(pid);
  const all: Awaited<ReturnType<typeof openStream>>[] = [];
  while (all.length < streams) {
    const browser = await signIn(await newLink(signedIn));
    const count = Math.min(streamsPerBrowser, streams - all.length);
    all.push(
      ...await Promise.all(Array.from({ length: count }, () => openStream(browser, stop.signal))),
    );
  }
  await Promise.all(all.map((one) => one.until('"kind":"list"')));
  const opened = await memoryMb(pid) - before;
  const reading = all.filter((_, index) => index % 2 === 0);
  for (let number = 1; number <= changes; number++) {
    const session = stateObject(sampleSession({ name: `new-${number}`, namespace: "default" }));
    await client.create(CONFIG_MAPS, session, { namespace: "default" }, { signal: stop.signal });
  }
  await Promise.all(reading.map((one) => one.until(`"new-${changes}"`)));
  const changed = await memoryMb(pid) - before;
  stop.abort();
  return { opened, changed };
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "9" },
      streams: { type: "string", default: "1000" },
      guard: { type: "boolean", default: false },
    },
  });
  const [rounds, streams] = [Number(values.rounds), Number(values.streams)];
  await using cluster = await startTestCluster();
  const kodama = await SourceKodama.on(cluster);
  await using client = await thisMachine(cluster.env).kube();

  const firstBytes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { server, firstByteMs } = await start(kodama);
    firstBytes.push(firstByteMs);
    await end(server);
  }

  const { server, signedIn } = await start(kodama);
  await using _server = server;
  const [paints, bare]: [number[], number[]] = [[], []];
  let firstKib = NaN;
  {
    await using browser = await launchChromium();
    for (let round = 0; round < rounds; round++) {
      const { paintMs, bareMs, kib } = await opened(browser, await newLink(signedIn));
      paints.push(paintMs);
      bare.push(bareMs);
      firstKib = kib;
    }
  }
  const whole = await wholeKib();
  const pid = await pidOf(cluster.kubeconfig);
  const memory = await streamsMb({ client, signedIn, pid, streams });

  const measured = {
    "first byte of the server, ms": [median(firstBytes), bounds.firstByteMs],
    "first paint, ms": [
      median(paints),
      Math.max(bounds.firstPaintMs, bounds.linePaints * median(bare)),
    ],
    "page as sent, KiB": [firstKib, bounds.pageKib],
    "page as sent, with a terminal, KiB": [whole, bounds.pageKib],
    [`memory of ${streams} streams, MB`]: [memory.opened, bounds.streamsMb],
    [`memory of ${streams} streams after ${changes} changes, MB`]: [
      memory.changed,
      bounds.streamsMb,
    ],
  } as const;
  let isOver = false;
  for (const [name, [value, most]] of Object.entries(measured)) {
    const isKept = value <= most;
    isOver ||= !isKept;
    console.log(
      `${name}: ${value.toFixed(0)} (at most ${most.toFixed(0)})${isKept ? "" : ": MISSED"}`,
    );
  }
  const load = Deno.loadavg()[0] ?? NaN;
  console.log(`first paint of one line, ms: ${median(bare).toFixed(0)}`);
  console.log(`medians of ${rounds}, on a machine with a load of ${load.toFixed(0)}`);
  return values.guard && isOver ? 1 : 0;
}

Deno.exit(await main(Deno.args));
