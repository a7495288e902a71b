/** Starts containers: in namespaces of the kernel, or as plain processes. */
import type { ContainerProcess, StreamRequest } from "../model.ts";
import type { Image } from "./images.ts";
import type { ProcessSet } from "./listeners.ts";

/** The runtime that this machine supports, and why it isn't a better one. */
export type Capabilities =
  | { isolation: "namespaces"; user: "root" | "userNamespace" }
  | { isolation: "plain"; reason: string };

/** A folder or file of the machine that a container sees. */
export interface Mount {
  source: string;
  /** Absolute, in the container. */
  target: string;
  readOnly: boolean;
  kind: "folder" | "file" | "memory";
}

/** All that a container's start needs, already resolved. */
export interface ContainerSetup {
  /** 64 hexadecimal digits, as containerd's are. */
  id: string;
  image: Image;
  /** Empty for an image whose main process the runtime provides. */
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  workingDir: string;
  hostname: string;
  mounts: readonly Mount[];
  stdin: boolean;
  tty: boolean;
}

/** A command to run beside a container's main process. */
export interface ExecSetup {
  command: readonly string[];
  streams: StreamRequest;
}

/** A container between its start and the end of its main process. */
export interface RunningContainer {
  /** The main process with its streams; `end` is the container's end. */
  readonly main: ContainerProcess;
  /** The container's processes, those of an exec included. */
  readonly processes: ProcessSet;
  exec(setup: ExecSetup): Promise<ContainerProcess>;
  /** Sends a signal to the main process, as a container runtime does. Without effect once it ended. */
  signal(signal: Deno.Signal): void;
  /** Ends all remaining processes and removes its files. Call it once `main.end` resolved. */
  remove(): Promise<void>;
}

/** Starts containers. Disposing it ends every remaining one. */
export interface ContainerRuntime extends AsyncDisposable {
  readonly capabilities: Capabilities;
  /** Throws an Error with containerd's message if the container can't be created. */
  start(setup: ContainerSetup): Promise<RunningContainer>;
}
