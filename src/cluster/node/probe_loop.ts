/** The probes of one start of a container: their schedule, and the consequences of their results. */
import { delay } from "../../base/abort.ts";
import type { Probe } from "../../kube/types.ts";
import type { ContainerInstance } from "./container_instance.ts";
import type { ContainerRecord } from "./container_state.ts";
import type { PodContext } from "./pod_context.ts";
import { probeOnce } from "./probe.ts";

type Kind = "Startup" | "Readiness" | "Liveness";

/** The options of {@link runProbes}. */
export interface ProbeOptions {
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
      const verdict = await this.#look();
      if (verdict === "passed" && this.kind === "Startup") return true;
      if (verdict === "failed" && this.kind !== "Readiness") return false;
      await delay(clock, (this.probe.periodSeconds ?? 10) * 1000, this.signal);
    }
    return false;
  }

  async #look(): Promise<"passed" | "failed" | "undecided"> {
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
