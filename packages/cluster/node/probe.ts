/** The probes of one start of a container: their schedule, and the consequences of their results. */
import { delay } from "../../../src/base/abort.ts";
import type { Container, Probe } from "../../../src/kube/types.ts";
import type { ContainerInstance } from "./container_instance.ts";
import type { ContainerRecord } from "./container_state.ts";
import type { PodContext } from "./pod_context.ts";

type Kind = "Startup" | "Readiness" | "Liveness";

/** The options of {@link runProbes}. */
interface ProbeOptions {
  context: PodContext;
  record: ContainerRecord;
  instance: ContainerInstance;
  /** Ends the container, for a reason that is reported as an event. */
  kill(message: string): Promise<void>;
}

/** Starts the container's probes; they end when the result is disposed. */
export function runProbes(options: ProbeOptions): Disposable {
  const stop = new AbortController();
  const { startupProbe, readinessProbe, livenessProbe } = options.record.spec;
  const loops = async () => {
    // No other probe runs before a container's startup probe has succeeded.
    if (startupProbe !== undefined) {
      if (!await new ProbeLoop("Startup", startupProbe, options, stop.signal).run()) return;
    }
    await Promise.all([
      readinessProbe && new ProbeLoop("Readiness", readinessProbe, options, stop.signal).run(),
      livenessProbe && new ProbeLoop("Liveness", livenessProbe, options, stop.signal).run(),
    ]);
  };
  loops().catch((error) => {
    if (!stop.signal.aborted) throw error;
  });
  return { [Symbol.dispose]: () => stop.abort() };
}

class ProbeLoop {
  #successes = 0;
  #failures = 0;

  constructor(
    private readonly kind: Kind,
    private readonly probe: Probe,
    private readonly options: ProbeOptions,
    private readonly signal: AbortSignal,
  ) {}

  /** Probes until it is stopped, or its result is final. Returns true if a startup probe has succeeded. */
  async run(): Promise<boolean> {
    const { clock } = this.options.context;
    await delay(clock, (this.probe.initialDelaySeconds ?? 0) * 1000, this.signal);
    while (!this.signal.aborted) {
      const verdict = await this.#probeOnce();
      if (verdict === "passed" && this.kind === "Startup") return true;
      if (verdict === "failed" && this.kind !== "Readiness") return false;
      await delay(clock, (this.probe.periodSeconds ?? 10) * 1000, this.signal);
    }
    return false;
  }

  async #probeOnce(): Promise<"passed" | "failed" | "undecided"> {
    const { context, record, instance } = this.options;
    const late = new AbortController();
    const limit = context.clock.timer(
      (this.probe.timeoutSeconds ?? 1) * 1000,
      () => late.abort(new Error("context deadline exceeded")),
    );
    const signal = AbortSignal.any([late.signal, this.signal]);
    const target = { container: record.spec, instance, requireListener: context.requireListener };
    const result = await probeOnce(this.probe, target, signal);
    limit[Symbol.dispose]();
    if (this.signal.aborted) return "undecided";
    if (result.kind === "success") {
      this.#failures = 0;
      if (++this.#successes < (this.probe.successThreshold ?? 1)) return "undecided";
      this.#passed();
      return "passed";
    }
    this.#successes = 0;
    const message = `${this.kind} probe failed: ${result.message}`;
    this.#event("Warning", "Unhealthy", message);
    if (++this.#failures < (this.probe.failureThreshold ?? 3)) return "undecided";
    this.#failed();
    return "failed";
  }

  #passed(): void {
    const { record, context } = this.options;
    const before = [record.started, record.ready];
    if (this.kind === "Startup") {
      record.started = true;
      record.ready = record.spec.readinessProbe === undefined;
    } else if (this.kind === "Readiness") {
      record.ready = true;
    }
    if (before[0] !== record.started || before[1] !== record.ready) context.changed();
  }

  #failed(): void {
    const { record, context, kill } = this.options;
    if (this.kind === "Readiness") {
      if (!record.ready) return;
      record.ready = false;
      context.changed();
      return;
    }
    // This ends the container, and that ends the loop: nothing to wait for.
    void kill(
      `Container ${record.spec.name} failed ${this.kind.toLowerCase()} probe, will be restarted`,
    );
  }

  #event(type: "Normal" | "Warning", reason: string, message: string): void {
    const { context, record } = this.options;
    const fieldPath = `spec.containers{${record.spec.name}}`;
    context.events.record(context.pod, { type, reason, message, fieldPath });
  }
}

/*
 * One probe of a container: does it answer?
 * https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */

/** The result of a probe, with the kubelet's message for a failure. */
type ProbeResult = { kind: "success" } | { kind: "failure"; message: string };

/** The maximum of a probe command's output that the kubelet stores. */
const outputLimit = 10 * 1024;

/** The target of a probe. */
interface ProbeTarget {
  container: Container;
  instance: ContainerInstance;
  /** Throws if none of the pod's own processes listens on the port. */
  requireListener(port: number): Promise<void>;
}

/** Probes once. `signal` is the probe's own time limit. */
async function probeOnce(
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    if (probe.exec !== undefined) {
      return await probeCommand(probe.exec.command ?? [], target.instance, signal);
    }
    if (probe.httpGet !== undefined) return await probeHttp(probe.httpGet, target, signal);
    if (probe.tcpSocket !== undefined) return await probeTcp(probe.tcpSocket, target, signal);
    return { kind: "success" };
  } catch (error) {
    return { kind: "failure", message: error instanceof Error ? error.message : String(error) };
  }
}

async function probeCommand(
  command: readonly string[],
  instance: ContainerInstance,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const streams = { stdin: false, stdout: true, stderr: true, tty: false };
  const process = await instance.running.exec({ command, streams });
  const output = Promise.all([firstText(process.stdout), firstText(process.stderr)]);
  const late = Promise.withResolvers<"late">();
  const onAbort = () => late.resolve("late");
  signal.addEventListener("abort", onAbort, { once: true });
  const end = await Promise.race([process.end, late.promise]);
  signal.removeEventListener("abort", onAbort);
  if (end === "late") {
    await process.release();
    return { kind: "failure", message: `command timed out: "${command.join(" ")}"` };
  }
  if (end.kind === "notStarted") return { kind: "failure", message: end.message };
  return end.exitCode === 0
    ? { kind: "success" }
    : { kind: "failure", message: (await output).join("") };
}

async function firstText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    if (text.length < outputLimit) text += decoder.decode(bytes, { stream: true });
  }
  return text.slice(0, outputLimit);
}

type HttpGet = NonNullable<Probe["httpGet"]>;

async function probeHttp(
  get: HttpGet,
  { container, requireListener }: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const scheme = (get.scheme ?? "HTTP").toLowerCase();
  const path = (get.path ?? "/").replace(/^(?!\/)/, "/");
  const port = portNumber(get.port, container);
  // A host in the probe is another machine, or the node: not the pod.
  if (get.host === undefined) await requireListener(port);
  const url = `${scheme}://${get.host ?? "127.0.0.1"}:${port}${path}`;
  const headers = new Headers({ "user-agent": "kube-probe/1.32", accept: "*/*" });
  for (const { name, value } of get.httpHeaders ?? []) headers.append(name, value);
  const response = await fetch(url, { headers, signal, redirect: "manual" });
  await response.body?.cancel();
  return response.status >= 200 && response.status < 400
    ? { kind: "success" }
    : { kind: "failure", message: `HTTP probe failed with statuscode: ${response.status}` };
}

async function probeTcp(
  { host, port }: NonNullable<Probe["tcpSocket"]>,
  { container, requireListener }: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  signal.throwIfAborted();
  const number = portNumber(port, container);
  if (host === undefined) await requireListener(number);
  using _connection = await Deno.connect({ hostname: host ?? "127.0.0.1", port: number });
  return { kind: "success" };
}

function portNumber(port: number | string, container: Container): number {
  if (typeof port === "number") return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
  if (Number.isInteger(named)) return named;
  throw new Error(`couldn't find port: "${port}" in container ${container.name}`);
}
