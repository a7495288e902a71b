/**
 * A project's `devcontainer.json`: found in the user's folder or in the checkout, and the preparation of the pod by it.
 */
import { action, type Hint, hint, option } from "../../base/hint.ts";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { plainText } from "../../base/plain_text.ts";
import type {
  DevContainer,
  DevContainerFile,
  UnsupportedProperty,
} from "../../session/dev_container.ts";
import type { SessionDotfiles, SessionSetup, SessionSpec, SetupStep } from "../../session/model.ts";
import {
  devContainerPaths,
  homeFolder,
  kodamaFolder,
  workspaceFolder,
} from "../../session/names.ts";
import { sessionCommand } from "../../session/pod_script.ts";
import { type PodAccess, podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import type { Host } from "../host.ts";

/** A specification whose image may still be that of a `devcontainer.json`. */
export type DraftSpec = Omit<SessionSpec, "image"> & { image: string | undefined };

/** No person writes a larger file. */
const maxDevContainer = 256 * 1024;

/** Which file to use. */
export type RequestedDevContainer =
  | { kind: "none" }
  /** In the working folder, or below it. */
  | { kind: "file"; path: string }
  /** The project's, if it has such a file. */
  | { kind: "unspecified" };

/** Parts of a session that flags, the template or the repository's settings set: a `devcontainer.json` comes after them. */
export interface ChosenParts {
  image: boolean;
  cpu: boolean;
  memory: boolean;
  workspace: boolean;
}

/** A file of this machine, and its session. */
interface LocalDevContainer {
  requested: RequestedDevContainer;
  /** The project on this machine; undefined if it isn't here. */
  folder: string | undefined;
  variables: ReadonlyMap<string, string>;
}

/**
 * Reads the file of a project on this machine; undefined if it has none.
 *
 * @throws UsageError if the named file doesn't exist; FileError if it can't be read.
 */
export async function localDevContainer(
  host: Host,
  { requested, folder, variables }: LocalDevContainer,
): Promise<DevContainer | undefined> {
  if (requested.kind === "none") return undefined;
  const within = requested.kind === "file" ? host.places.workingDir : folder;
  if (within === undefined) return undefined;
  const folderName = within.slice(within.lastIndexOf("/") + 1) || "workspace";
  const paths = requested.kind === "file"
    ? [requested.path.replace(/^\.\//, "")]
    : devContainerPaths;
  for (const path of paths) {
    if (path.startsWith("/") || path.split("/").includes("..")) break;
    // A repository can't have another file of the user's read: links out of it are refused.
    const text = await host.files.readText(`${within}/${path}`, maxDevContainer, { within });
    if (text === undefined) continue;
    return await readFile({ path, text, folderName, localVariables: variables });
  }
  if (requested.kind === "unspecified") return undefined;
  throw new UsageError(`${plainText(requested.path, 200)}: there is no such file in ${within}`, {
    hint: "the path of a devcontainer.json is relative to the project",
  });
}

/** The reader is loaded only for a file. */
async function readFile(file: DevContainerFile): Promise<DevContainer> {
  const { readDevContainer } = await import("../../session/dev_container.ts");
  return readDevContainer(file);
}

/**
 * Returns the specification with the additions of the file: only parts that nothing else sets.
 *
 * @throws KodamaError `config` if its image is to be built, and no other image is chosen.
 */
export function withDevContainer<Spec extends DraftSpec>(
  spec: Spec,
  file: DevContainer,
  chosen: ChosenParts,
): Spec {
  if (file.builds !== undefined && !chosen.image) {
    throw new KodamaError(
      "config",
      `${file.setup.path}: ${file.builds}: the project's image has to be built, and kodama doesn't build a project's`,
      {
        hint: hint`${option("image", "IMAGE")} names one that was built and pushed; ${
          option("noDevcontainer")
        } starts without the file`,
      },
    );
  }
  const { cpu, memory, workspace } = file.resources;
  return {
    ...spec,
    ...(chosen.image || file.image === undefined ? {} : { image: file.image }),
    resources: {
      cpu: chosen.cpu ? spec.resources.cpu : larger(spec.resources.cpu, cpu),
      memory: chosen.memory ? spec.resources.memory : larger(spec.resources.memory, memory),
    },
    storage: {
      ...spec.storage,
      workspace: chosen.workspace
        ? spec.storage.workspace
        : larger(spec.storage.workspace, workspace),
    },
    setup: file.setup,
  };
}

function larger(one: string, other: string | undefined): string {
  return other !== undefined && (parseQuantity(other) ?? 0) > (parseQuantity(one) ?? 0)
    ? other
    : one;
}

/** A start's report on the file. */
export interface DevContainerReport {
  path: string;
  honoured: readonly string[];
  unsupported: readonly UnsupportedProperty[];
}

/** Returns the report, including properties that flags or the template override. */
export function devContainerReport(file: DevContainer, chosen: ChosenParts): DevContainerReport {
  const { image, builds, setup: { path } } = file;
  const replaced = chosen.image && (image ?? builds) !== undefined
    ? [{ property: image === undefined ? builds ?? "" : "image", reason: "otherImage" } as const]
    : [];
  return {
    path,
    honoured: file.honoured.filter((one) => one !== replaced[0]?.property),
    unsupported: [...replaced, ...file.unsupported],
  };
}

/** Returns the text of the file in the checkout. Throws KodamaError if the pod can't be reached. */
export async function devContainerOfCheckout(
  pod: PodAccess,
  { path, folderName }: { path: string; folderName: string },
): Promise<DevContainer> {
  const argv = ["git", "-C", workspaceFolder, "show", `HEAD:${path}`];
  const result = await runInPod(pod, { argv, timeoutMs: 60_000 });
  if (result.outcome.kind !== "ok") throw podFailure(`cannot read ${path} in the pod`, result);
  const text = result.stdout.slice(0, maxDevContainer);
  // The session's Secret exists: it doesn't get further values.
  return await readFile({ path, text, folderName, localVariables: new Map() });
}

/** Ends with the pod, as everything that a setup changes outside the workspace. */
const marksFolder = `${homeFolder}/.kodama-setup`;
const logsFolder = `${kodamaFolder}/setup`;

/** Returns the installation of dotfiles as a setup. Its failure is reported, and the start continues. */
export function dotfilesSetup({ repository, command = "" }: SessionDotfiles): SessionSetup {
  const argv = sessionCommand("dotfiles", [`${homeFolder}/.dotfiles`, repository, command]);
  const steps = [{ property: "dotfiles", mayFail: true, commands: [{ argv }] }];
  return { path: "dotfiles", variables: {}, steps, ports: [] };
}

type SetupEvent = { kind: "progress"; text: string } | { kind: "warning"; text: Hint };

/**
 * Runs the commands that this pod hasn't run yet; returns how many steps there are.
 *
 * @throws KodamaError `conflict` with the last lines of a command that failed.
 */
export async function* setUp(
  pod: PodAccess,
  name: string,
  setup: SessionSetup,
): AsyncGenerator<SetupEvent, void> {
  const user = await otherUser(pod, setup.user);
  if (user !== undefined) yield { kind: "warning", text: `${setup.path}: ${user}` };
  for (const [index, step] of setup.steps.entries()) {
    yield { kind: "progress", text: step.property };
    const lines = new BoundedQueue<string>(4);
    const running = runStep(pod, { name, step, index, lines }).finally(() => lines.close());
    running.catch(() => {});
    for await (const line of lines) {
      yield { kind: "progress", text: `${step.property}: ${plainText(line, 200)}` };
    }
    const failure = await running;
    if (failure === undefined) continue;
    if (!step.mayFail) throw failure;
    yield { kind: "warning", text: failure.message };
  }
}

async function runStep(
  pod: PodAccess,
  { name, step, index, lines }: {
    name: string;
    step: SetupStep;
    index: number;
    lines: BoundedQueue<string>;
  },
): Promise<KodamaError | undefined> {
  const results = await Promise.all(step.commands.map(async ({ name: title, argv }, at) => {
    const own = `${index + 1}-${step.property.replaceAll(/[^\w]+/g, "-")}${
      at === 0 ? "" : `-${at}`
    }`;
    const args = [workspaceFolder, marksFolder, logsFolder, own, ...argv];
    const result = await runInPod(pod, {
      argv: sessionCommand("setup", args),
      // Progress that isn't consumed in time may be dropped.
      onProgress: (line) => {
        if (lines.size < lines.capacity) void lines.push(line);
      },
    });
    if (result.outcome.kind === "ok") return undefined;
    const what = title === undefined ? step.property : `${step.property} (${title})`;
    if (result.outcome.kind !== "failed") return podFailure(`cannot run ${what}`, result);
    const code = result.outcome.exitCode;
    const last = result.stdout.split(/[\r\n]+/).map((line) => plainText(line, 300))
      .filter(Boolean).slice(-3).join("; ");
    return new KodamaError(
      "conflict",
      `${what} failed with exit code ${code}${last === "" ? "" : `: ${last}`}`,
      {
        hint: hint`its output is in ${`${logsFolder}/${own}.log`} of the pod; ${
          action("attach", { name })
        } opens a shell there`,
      },
    );
  }));
  return results.find((one) => one !== undefined);
}

/** Returns a text about the user that the project expects and the pod doesn't have. */
async function otherUser(
  pod: PodAccess,
  expected: string | undefined,
): Promise<string | undefined> {
  if (expected === undefined) return undefined;
  const { outcome, stdout } = await runInPod(pod, { argv: ["id", "-un"], timeoutMs: 15_000 });
  const is = plainText(stdout.trim(), 64);
  if (outcome.kind === "ok" && is === expected) return undefined;
  return `remoteUser ${expected}: the session's user has the id 1000` +
    (outcome.kind === "ok" ? `, and is ${is} in this image` : ", which has no name in this image");
}
