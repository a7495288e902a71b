/**
 * One probe of a container: does it answer?
 * https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
import type { Container, Probe } from "../../kube/types.ts";
import type { ContainerInstance } from "./container_instance.ts";

/** The result of a probe, with the kubelet's message for a failure. */
export type ProbeResult = { kind: "success" } | { kind: "failure"; message: string };

/** The maximum of a probe command's output that the kubelet stores. */
const outputLimit = 10 * 1024;

/** The target of a probe. */
export interface ProbeTarget {
  container: Container;
  instance: ContainerInstance;
  /** Throws if none of the pod's own processes listens on the port. */
  requireListener(port: number): Promise<void>;
}

/** Probes once. `signal` is the probe's own time limit. */
export async function probeOnce(
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
