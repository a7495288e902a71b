/** The API's interface to the node: streams into containers, with the kubelet's refusals. */
import {
  type ContainerLogQuery,
  type ContainerProcess,
  type ContainerRef,
  NodeError,
  type NodeStreams,
  type StreamRequest,
} from "../model.ts";
import type { ContainerInstance } from "./container_instance.ts";
import type { ContainerWorker } from "./container_worker.ts";
import { readLog } from "./log.ts";
import type { PodWorker } from "./pod_worker.ts";

/** {@link NodeStreams} over the pods that `find` returns. */
export class ContainerStreams implements NodeStreams {
  constructor(private readonly find: (uid: string) => PodWorker | undefined) {}

  exec = async (
    target: ContainerRef,
    command: readonly string[],
    streams: StreamRequest,
  ): Promise<ContainerProcess> => await this.#instance(target).running.exec({ command, streams });

  attach = (target: ContainerRef, streams: StreamRequest): Promise<ContainerProcess> =>
    Promise.resolve().then(() => {
      const instance = this.#running(target);
      if (instance !== undefined) return instance.attach(streams);
      const { container, pod, namespace } = target;
      throw new NodeError(500, `container ${container} not found in pod ${pod}_${namespace}`);
    });

  logs = (
    target: ContainerRef,
    query: ContainerLogQuery,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> =>
    Promise.resolve().then(() => {
      const worker = this.#worker(target);
      const log = query.previous ? this.#previousLog(worker, target) : worker.log;
      if (log !== undefined) return readLog(log, query, signal);
      const { phase } = worker.record;
      const reason = phase.kind === "waiting" ? phase.reason : "ContainerCreating";
      throw new NodeError(
        400,
        `container "${target.container}" in pod "${target.pod}" is waiting to start: ${reason}`,
      );
    });

  connect = async (
    pod: Omit<ContainerRef, "container">,
    port: number,
  ): Promise<Deno.TcpConn> => {
    const worker = this.#pod(pod);
    try {
      return await worker.connect(port);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      throw new NodeError(
        500,
        `error forwarding port ${port} to pod ${pod.uid}, uid : failed to execute portforward in network namespace "host": ` +
          `failed to connect to localhost:${port} inside namespace "host", IPv4: ${error.message}`,
      );
    }
  };

  /**
   * The log for `--previous`: the start before the present one, or the last one while the container waits for the next.
   */
  #previousLog(worker: ContainerWorker, { container, pod }: ContainerRef) {
    const { phase, last } = worker.record;
    const log = phase.kind === "waiting" && last !== undefined ? worker.log : worker.previousLog;
    if (log !== undefined) return log;
    throw new NodeError(
      400,
      `previous terminated container "${container}" in pod "${pod}" not found`,
    );
  }

  #pod({ uid }: { uid: string }): PodWorker {
    const worker = this.find(uid);
    if (worker === undefined) throw new NodeError(404, "pod does not exist");
    return worker;
  }

  #worker(target: ContainerRef): ContainerWorker {
    const worker = this.#pod(target).containers.find(({ record }) =>
      record.spec.name === target.container
    );
    if (worker !== undefined) return worker;
    throw new NodeError(404, `container not found ("${target.container}")`);
  }

  /** Returns undefined if its main process has ended, or was never started. */
  #running(target: ContainerRef): ContainerInstance | undefined {
    const { instance } = this.#worker(target);
    return instance?.ended === true ? undefined : instance;
  }

  #instance(target: ContainerRef): ContainerInstance {
    const instance = this.#running(target);
    if (instance !== undefined) return instance;
    throw new NodeError(500, `container not found ("${target.container}")`);
  }
}
