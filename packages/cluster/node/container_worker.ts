/** One container of a pod through all its runs: created, run, ended, created again. */
import { delay } from "../../../src/base/abort.ts";
import type { Container, ContainerStatus } from "../../../src/kube/types.ts";
import { BackOff, goDuration } from "./back_off.ts";
import { ContainerInstance } from "./container_instance.ts";
import { type ContainerRecord, type ContainerRole, resumedRecord } from "./container_state.ts";
import { buildEnvironment, ContainerConfigError, defaultPath, mainCommand } from "./environment.ts";
import { parseReference, type ResolvedImage } from "./images.ts";
import { LogFile } from "./log.ts";
import type { PodContext } from "./pod_context.ts";
import { runProbes } from "./probe.ts";
import type { CommandEnd } from "../model.ts";
import type { ContainerSetup, RunningContainer } from "./runtime.ts";
import { randomId } from "./start_error.ts";
import { containerMounts } from "./volumes.ts";

/** How long the kubelet waits before it retries when a container's configuration lacks something. */
const configRetryMs = 10_000;

/** Runs a container and records its state. */
export class ContainerWorker {
  readonly record: ContainerRecord;
  readonly #stopping = new AbortController();
  readonly #crashes = new BackOff();
  readonly #pull: ImagePull;
  #instance: ContainerInstance | undefined;
  #log: LogFile | undefined;
  #previousLog: LogFile | undefined;

  constructor(private readonly context: PodContext, spec: Container, role: ContainerRole) {
    this.record = resumedRecord(spec, role, {
      status: statusBefore(context.pod, spec.name),
      restartPolicy: context.pod.spec?.restartPolicy,
    });
    this.#pull = new ImagePull(context, spec.image ?? "", {
      wait: (reason, message) => this.#wait(reason, message),
      event: (type, reason, message) => this.#event(type, reason, message),
    });
  }

  /** The container while its main process runs. */
  get instance(): ContainerInstance | undefined {
    return this.#instance;
  }

  /** The log of the present start, or of the last. */
  get log(): LogFile | undefined {
    return this.#log;
  }

  /** The log of the start before that. */
  get previousLog(): LogFile | undefined {
    return this.#previousLog;
  }

  /** Runs until the container has ended and its restart policy doesn't restart it, or until {@link stop}. */
  async run(): Promise<void> {
    const { signal } = this.#stopping;
    // It had ended before this run of the node.
    if (this.record.phase.kind === "terminated") return;
    while (!signal.aborted) {
      try {
        const setup = await this.#prepare();
        if (setup === undefined || signal.aborted) continue;
        const end = await this.#runOnce(setup);
        if (!this.#restarts(end) || signal.aborted) return;
        await this.#backOff();
        this.record.restartCount++;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  /** Ends the container with this grace period, and prevents its restart. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const instance = this.#instance;
    if (instance === undefined) return;
    this.#event("Normal", "Killing", `Stopping container ${this.record.spec.name}`);
    await instance.stop(graceMs, this.record.spec.lifecycle?.preStop?.exec?.command);
  }

  /** Ends the container because a probe failed; its restart policy decides what follows. */
  async #kill(message: string): Promise<void> {
    this.#event("Normal", "Killing", message);
    const seconds = this.context.pod.spec?.terminationGracePeriodSeconds ?? 30;
    const hook = this.record.spec.lifecycle?.preStop?.exec?.command;
    await this.#instance?.stop(seconds * 1000, hook);
  }

  async #prepare(): Promise<ContainerSetup | undefined> {
    const image = await this.#pull.attempt(this.#stopping.signal);
    if (image === undefined) return undefined;
    try {
      return await this.#setup(image);
    } catch (error) {
      // A file that can't be created is an error of the pod, as a missing config map is.
      if (!(error instanceof Error)) throw error;
      this.#wait("CreateContainerConfigError", error.message);
      this.#event("Warning", "Failed", `Error: ${error.message}`);
      await delay(this.context.clock, configRetryMs, this.#stopping.signal);
      return undefined;
    }
  }

  async #setup(image: ResolvedImage): Promise<ContainerSetup> {
    const { pod, store, hostname, volumes } = this.context;
    const { spec } = this.record;
    const env = buildEnvironment(spec, { pod, store, image, hostname });
    const command = mainCommand(spec, image.image, env);
    if (command.length === 0 && !image.image.pause) {
      throw new ContainerConfigError("no command specified");
    }
    this.record.image = image.reference;
    this.record.imageId = image.id;
    return {
      id: randomId(),
      image: image.image,
      command,
      env: { ...env, PATH: env["PATH"] ?? defaultPath },
      workingDir: spec.workingDir ?? image.image.workingDir,
      hostname,
      mounts: await containerMounts(spec, volumes, env),
      stdin: spec.stdin ?? false,
      tty: spec.tty ?? false,
    };
  }

  async #runOnce(setup: ContainerSetup): Promise<CommandEnd> {
    const { clock } = this.context;
    const name = this.record.spec.name;
    const log = await this.#nextLog();
    const startedAt = clock.now();
    let end: CommandEnd;
    try {
      const running = await this.#start(setup);
      await using instance = new ContainerInstance(running, {
        log,
        clock,
        stdinOnce: this.record.spec.stdinOnce ?? false,
        tty: setup.tty,
      });
      this.#instance = instance;
      this.#event("Normal", "Created", `Created container: ${name}`);
      this.#event("Normal", "Started", `Started container ${name}`);
      this.#running(setup.id, startedAt);
      // A stop during the container's creation found nothing to stop.
      if (this.#stopping.signal.aborted) void instance.stop(0);
      end = await this.#watch(instance);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      end = { kind: "notStarted", message: error.message };
    } finally {
      this.#instance = undefined;
      await log[Symbol.asyncDispose]();
    }
    this.#terminated(end, setup.id, startedAt);
    return end;
  }

  async #start(setup: ContainerSetup): Promise<RunningContainer> {
    const { runtime, starts } = this.context;
    using _slot = await starts.acquire();
    return await runtime.start(setup);
  }

  async #watch(instance: ContainerInstance): Promise<CommandEnd> {
    using _probes = runProbes({
      context: this.context,
      record: this.record,
      instance,
      kill: (message) => this.#kill(message),
    });
    const hook = this.record.spec.lifecycle?.postStart?.exec?.command;
    if (hook !== undefined && !await instance.hook(hook)) {
      this.#event("Warning", "FailedPostStartHook", "PostStartHook failed");
      await this.#kill("FailedPostStartHook");
    }
    return await instance.end;
  }

  async #nextLog(): Promise<LogFile> {
    const folder = `${this.context.folder}/logs/${this.record.spec.name}`;
    await this.context.files.createFolder(folder);
    const oldest = this.#previousLog;
    const log = await LogFile.create(`${folder}/${this.record.restartCount}.log`, this.context);
    this.#previousLog = this.#log;
    this.#log = log;
    for (const path of oldest === undefined ? [] : [oldest.path, `${oldest.path}.1`]) {
      await this.context.files.remove(path);
    }
    return log;
  }

  #running(id: string, startedAt: Date): void {
    const { startupProbe, readinessProbe } = this.record.spec;
    this.record.containerId = `containerd://${id}`;
    this.record.phase = { kind: "running", startedAt };
    this.record.started = startupProbe === undefined;
    this.record.ready = this.record.started && readinessProbe === undefined;
    this.context.changed();
  }

  #terminated(end: CommandEnd, id: string, startedAt: Date): void {
    const containerId = `containerd://${id}`;
    const finishedAt = this.context.clock.now();
    if (end.kind === "notStarted") this.#event("Warning", "Failed", `Error: ${end.message}`);
    this.record.containerId = containerId;
    this.record.phase = {
      kind: "terminated",
      termination: end.kind === "notStarted"
        // A container that never ran shows the zero time.
        ? {
          exitCode: 128,
          reason: "StartError",
          message: end.message,
          startedAt: new Date(0),
          finishedAt,
          containerId,
        }
        : {
          exitCode: end.exitCode,
          reason: end.exitCode === 0 ? "Completed" : "Error",
          startedAt,
          finishedAt,
          containerId,
        },
    };
    this.record.started = false;
    this.record.ready = this.record.role === "init" && end.kind === "exited" && end.exitCode === 0;
    this.context.changed();
  }

  #restarts(end: CommandEnd): boolean {
    const policy = this.context.pod.spec?.restartPolicy ?? "Always";
    const good = end.kind === "exited" && end.exitCode === 0;
    switch (this.record.role) {
      case "sidecar":
        return true;
      case "init":
        return !good && policy !== "Never";
      case "main":
        return policy === "Always" || (policy === "OnFailure" && !good);
    }
  }

  async #backOff(): Promise<void> {
    const { clock, pod } = this.context;
    const { phase, spec } = this.record;
    const delayMs = this.#crashes.next(clock.now(), { immediateFirst: true });
    if (phase.kind === "terminated") this.record.last = phase.termination;
    if (delayMs === 0) return;
    const { name = "", namespace = "", uid = "" } = pod.metadata ?? {};
    const podName = `${name}_${namespace}(${uid})`;
    this.#event(
      "Warning",
      "BackOff",
      `Back-off restarting failed container ${spec.name} in pod ${podName}`,
    );
    this.#wait(
      "CrashLoopBackOff",
      `back-off ${goDuration(delayMs)} restarting failed container=${spec.name} pod=${podName}`,
    );
    await delay(clock, delayMs, this.#stopping.signal);
  }

  #wait(reason: string, message: string): void {
    this.record.phase = { kind: "waiting", reason, message };
    this.context.changed();
  }

  #event(type: "Normal" | "Warning", reason: string, message: string): void {
    const { spec, role } = this.record;
    const list = role === "main" ? "containers" : "initContainers";
    const fieldPath = `spec.${list}{${spec.name}}`;
    this.context.events.record(this.context.pod, { type, reason, message, fieldPath });
  }
}

/** Returns a container's status from the node's last run; nothing for a pod that is new. */
function statusBefore({ status }: PodContext["pod"], name: string): ContainerStatus | undefined {
  const all = [...status?.initContainerStatuses ?? [], ...status?.containerStatuses ?? []];
  return all.find((each) => each.name === name);
}

/* Resolves a container's image, with retries while this node doesn't have it. */

/** The kubelet shows the error itself until it next syncs the pod. */
const errorShownMs = 1000;

/** How the attempts of one container are reported. */
interface PullReport {
  /** Reports that the container waits, for this reason. */
  wait(reason: string, message: string): void;
  event(type: "Normal" | "Warning", reason: string, message: string): void;
}

/** The image of one container. */
class ImagePull {
  readonly #failures = new BackOff();

  constructor(
    private readonly context: PodContext,
    private readonly text: string,
    private readonly report: PullReport,
  ) {}

  /** Returns the image; or undefined after the wait that the failure requires. */
  async attempt(signal: AbortSignal): Promise<ResolvedImage | undefined> {
    const image = this.context.images.resolve(this.text);
    if (image === undefined) {
      await this.#fail(signal);
      return undefined;
    }
    this.#failures.reset();
    const notice = image.image.notice === undefined ? "" : ` (${image.image.notice})`;
    const message = `Container image "${this.text}" already present on machine${notice}`;
    this.report.event("Normal", "Pulled", message);
    return image;
  }

  async #fail(signal: AbortSignal): Promise<void> {
    const { clock } = this.context;
    const delayMs = this.#failures.next(clock.now(), { immediateFirst: false });
    const parsed = parseReference(this.text);
    if (parsed === undefined) {
      const message = `Failed to apply default image tag "${this.text}": ` +
        `couldn't parse image name "${this.text}": invalid reference format`;
      this.report.event("Warning", "InspectFailed", message);
      this.report.wait("InvalidImageName", message);
      return await delay(clock, delayMs, signal);
    }
    this.#tellPull(`${parsed.repository}:${parsed.tag}`);
    await delay(clock, errorShownMs, signal);
    const held = `Back-off pulling image "${this.text}"`;
    this.report.event("Normal", "BackOff", held);
    this.report.event("Warning", "Failed", "Error: ImagePullBackOff");
    this.report.wait("ImagePullBackOff", held);
    await delay(clock, delayMs, signal);
  }

  #tellPull(name: string): void {
    const message =
      `rpc error: code = NotFound desc = failed to pull and unpack image "${name}": ` +
      `failed to resolve reference "${name}": ${name}: not found`;
    this.report.event("Normal", "Pulling", `Pulling image "${this.text}"`);
    this.report.event("Warning", "Failed", `Failed to pull image "${this.text}": ${message}`);
    this.report.event("Warning", "Failed", "Error: ErrImagePull");
    this.report.wait("ErrImagePull", message);
  }
}
