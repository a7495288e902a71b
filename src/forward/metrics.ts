/** Counters of forwards in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
import { KodamaError } from "../base/errors.ts";
import type { OpenForward } from "./forwarder.ts";
import { bucketBoundsMs, type Histogram } from "./model.ts";

/** Returns the metrics of some forwards; `local` is an address as text. */
export function metricsText(
  forwards: readonly { local: string; forward: OpenForward }[],
): string {
  const lines: string[] = [];
  const metric = (
    name: string,
    { type, help }: { type: "counter" | "gauge" | "histogram"; help: string },
    samples: (labels: string, forward: OpenForward) => readonly string[],
  ) => {
    lines.push(`# HELP kodama_forward_${name} ${help}`, `# TYPE kodama_forward_${name} ${type}`);
    for (const { local, forward } of forwards) {
      const { target, remote } = forward.info;
      const labels = `local="${escaped(local)}",target="${escaped(`${target}:${remote}`)}"`;
      lines.push(
        ...samples(labels, forward).map((sample) => `kodama_forward_${name}${sample}`),
      );
    }
  };
  metric(
    "bytes_total",
    { type: "counter", help: "Bytes that the other side has been given." },
    (labels, { statistics: { toPod, fromPod } }) => [
      `{${labels},direction="to_pod"} ${toPod}`,
      `{${labels},direction="from_pod"} ${fromPod}`,
    ],
  );
  metric(
    "connections_total",
    { type: "counter", help: "Connections of programs." },
    (labels, { statistics }) => [`{${labels}} ${statistics.opened}`],
  );
  metric(
    "connections_open",
    { type: "gauge", help: "Connections that are open now." },
    (labels, { statistics }) => [`{${labels}} ${statistics.active}`],
  );
  metric(
    "connections_failed_total",
    { type: "counter", help: "Connections that failed, by reason." },
    (labels, { statistics }) =>
      Object.entries(statistics.failures).map(([reason, count]) =>
        `{${labels},reason="${reason}"} ${count}`
      ),
  );
  metric(
    "retries_total",
    { type: "counter", help: "Further attempts to reach a pod." },
    (labels, { statistics }) => [`{${labels}} ${statistics.retries}`],
  );
  for (
    const [name, help, of] of [
      ["requests_total", "Requests that are over, by protocol.", "count"],
      ["requests_failed_total", "Those with an error, or without a complete answer.", "failed"],
    ] as const
  ) {
    metric(
      name,
      { type: "counter", help },
      (labels, { statistics }) =>
        Object.entries(statistics.requests).map(([protocol, counted]) =>
          `{${labels},protocol="${protocol}"} ${counted[of]}`
        ),
    );
  }
  for (
    const [name, help, of] of [
      ["connect_seconds", "Until the stream to the pod was open.", "connect"],
      ["first_byte_seconds", "From then to the first byte of the pod.", "firstByte"],
      ["connection_seconds", "How long connections were open.", "duration"],
    ] as const
  ) {
    metric(
      name,
      { type: "histogram", help },
      (labels, { statistics }) => histogramSamples(labels, statistics[of]),
    );
  }
  return `${lines.join("\n")}\n`;
}

function histogramSamples(labels: string, { counts, count, sumMs }: Histogram): string[] {
  let below = 0;
  const buckets = bucketBoundsMs.map((bound, index) => {
    below += counts[index] ?? 0;
    return `_bucket{${labels},le="${bound / 1000}"} ${below}`;
  });
  return [
    ...buckets,
    `_bucket{${labels},le="+Inf"} ${count}`,
    `_sum{${labels}} ${sumMs / 1000}`,
    `_count{${labels}} ${count}`,
  ];
}

/** A value of a label: three characters have a meaning in it. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/**
 * Serves a text at `/metrics`, until it is disposed of. Port 0 is any free port.
 *
 * @throws KodamaError `conflict` if the address can't be used.
 */
export function serveMetrics(
  { hostname, port }: { hostname: string; port: number },
  text: () => string,
): AsyncDisposable & { url: string } {
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve(
      { hostname, port, onListen() {} },
      ({ url }) =>
        new URL(url).pathname === "/metrics"
          ? new Response(text(), { headers: { "content-type": "text/plain; version=0.0.4" } })
          : new Response("see /metrics\n", { status: 404 }),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KodamaError("conflict", `cannot serve metrics on ${hostname}:${port}: ${reason}`, {
      cause: error,
    });
  }
  return {
    url: `http://${
      hostname.includes(":") ? `[${hostname}]` : hostname
    }:${server.addr.port}/metrics`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
