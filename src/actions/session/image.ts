/** The image of sessions: built on this machine, and checked in the cluster. */
import { Deadline } from "../../base/abort.ts";
import { formatDuration } from "../../base/duration.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { action, hint, plainHint } from "../../base/hint.ts";
import { plainText } from "../../base/plain_text.ts";
import { mergedSettings } from "../../config/settings.ts";
import { PODS } from "../../kube/resources.ts";
import { requireWritable } from "../../kube/client_limits.ts";
import { imageCheckPod } from "../../session/manifests/image_check_pod.ts";
import { workspaceContainer } from "../../session/names.ts";
import { hasSucceeded, liveStatus } from "../../session/status.ts";
import { SessionStore } from "../../session/store.ts";
import dockerfile from "../../session/image/Dockerfile" with { type: "text" };
import { podSettings } from "../config/pod_settings.ts";
import { settingSources } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";
import { scopeNamespace } from "../session_ref.ts";
import { cleanUp } from "./cleanup.ts";
import { defaultImage } from "../session_image.ts";
import type { SessionScope } from "./events.ts";
import { podSnapshots } from "./pod_watch.ts";

/** Returns the Dockerfile of kodama's image of sessions. */
export function sessionDockerfile(): string {
  return dockerfile;
}

/** Programs that build images, in the order in which they are tried. */
export const builders = ["buildah", "podman", "docker"] as const;

/** A builder's name. */
export type Builder = typeof builders[number];

/** How an image is built. */
export interface BuildImageOptions {
  /** The name that it gets, with its registry. */
  image: string;
  /** The first that is on PATH if absent. */
  builder?: Builder;
  /** Values for the Dockerfile's arguments: `NAME=VALUE`. */
  buildArgs: readonly string[];
  /** As in `linux/arm64`; that of this machine if absent. */
  platform?: string;
  push: boolean;
  signal: AbortSignal;
}

/** The events of a build. */
export type BuildImageEvent =
  /** A program is started. */
  | { kind: "started"; argv: readonly string[] }
  | { kind: "line"; text: string }
  | { kind: "built"; image: string; pushed: boolean };

/**
 * Builds the image of sessions from kodama's own Dockerfile, and pushes it if requested.
 *
 * @throws UsageError for a name that no image can have; KodamaError `environment` without a builder, `conflict` if it
 *   fails.
 */
export async function* buildImage(
  host: Host,
  { image, builder, buildArgs, platform, push, signal }: BuildImageOptions,
): AsyncGenerator<BuildImageEvent, void> {
  requireImageName(image);
  const program = await foundBuilder(host, builder);
  const options = [
    ...["--tag", image],
    ...(platform === undefined ? [] : ["--platform", platform]),
    ...buildArgs.flatMap((one) => ["--build-arg", one]),
  ];
  // The Dockerfile is standard input: nothing of this machine's files gets into the image.
  const context = program === "docker" ? ["-"] : ["--file", "-", "."];
  yield* step(host, [program, "build", ...options, ...context], { stdin: dockerfile, signal });
  if (push) yield* step(host, [program, "push", image], { stdin: "", signal });
  yield { kind: "built", image, pushed: push };
}

/** https://github.com/distribution/reference: the characters of a name, a tag and a digest. */
function requireImageName(image: string): void {
  if (/^[a-z0-9][\w.:@/-]{0,400}$/i.test(image)) return;
  throw new UsageError(`${JSON.stringify(plainText(image, 60))} can't be the name of an image`, {
    hint: "such as registry.example/team/session:1",
  });
}

async function foundBuilder(host: Host, builder: Builder | undefined): Promise<Builder> {
  const candidates = builder === undefined ? builders : [builder];
  for (const one of candidates) {
    if (await host.machine.findProgram(one) !== undefined) return one;
  }
  const names = candidates.join(", ");
  throw new KodamaError(
    "environment",
    candidates.length === 1 ? `${names} is not on PATH` : `none of ${names} is on PATH`,
    {
      hint: hint`install one, or build the Dockerfile elsewhere: ${
        action("image.build", { dockerfile: true })
      } prints it`,
    },
  );
}

async function* step(
  host: Host,
  argv: readonly string[],
  options: { stdin: string; signal: AbortSignal },
): AsyncGenerator<BuildImageEvent, void> {
  const [program = "", ...args] = argv;
  yield { kind: "started", argv };
  const lines = host.machine.lines(program, args, options);
  for (;;) {
    const { done, value } = await lines.next();
    if (!done) {
      yield { kind: "line", text: value };
      continue;
    }
    options.signal.throwIfAborted();
    if (value === 0) return;
    throw new KodamaError("conflict", `${program} ${args[0]} failed with exit code ${value}`, {
      hint: "its own messages are above",
    });
  }
}

/* A check in the cluster: the result there counts, and that its nodes can pull the image. */

/** Where an image is checked. */
interface CheckImageOptions extends SessionScope {
  /** The image of the settings if absent. */
  image?: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** The requirements of sessions on an image. */
export interface ImageNeed {
  id: "user" | "git" | "sync" | "shells" | "claude" | "ssh" | "watcher";
  isMet: boolean;
  /** Without it, sessions of this image don't work. */
  isRequired: boolean;
}

/** The result of a check. */
export interface CheckedImage {
  image: string;
  namespace: string;
  context: string;
  needs: readonly ImageNeed[];
}

/** The events of a check. */
export type CheckImageEvent =
  | { kind: "waiting"; reason: string }
  | { kind: "checked"; checked: CheckedImage };

/**
 * Starts a pod of the image, which reports the image's programs; the pod is removed in any case.
 *
 * @throws KodamaError `config` if no image is set, `timeout` with the reason if the pod doesn't start, `conflict` if it
 * can't run a script.
 */
export async function* checkImage(
  host: Host,
  { timeoutMs, signal, ...options }: CheckImageOptions,
): AsyncGenerator<CheckImageEvent, void> {
  const { defaults } = await mergedSettings(await settingSources(host));
  const { client, namespace } = await scopeNamespace(host, options);
  const image = options.image ?? defaults?.image ?? await defaultImage(client, signal);
  requireImageName(image);
  requireWritable(client, "check an image");
  const suffix = crypto.getRandomValues(new Uint8Array(4)).toHex();
  const pod = imageCheckPod({
    name: `kodama-image-check-${suffix}`,
    namespace,
    limitSeconds: Math.ceil(timeoutMs / 1000),
    image,
    settings: podSettings(defaults),
  });
  const name = pod.metadata?.name ?? "";
  const store = new SessionStore(client, namespace, host.clock, signal);
  using deadline = new Deadline(host.clock, timeoutMs, signal);
  try {
    await client.create(PODS, pod, { namespace }, { signal });
    const reported = yield* reportOf(host, store, { name, deadline, timeoutMs, image });
    const checked = { image, namespace, context: client.context, needs: needsOf(reported) };
    yield { kind: "checked", checked };
  } finally {
    await cleanUp(host.clock, store, async (cleaning) => {
      await cleaning.remove(PODS, name);
    });
  }
}

/** Returns the lines that the pod has written. */
async function* reportOf(
  { clock }: Host,
  { client, namespace }: SessionStore,
  { name, deadline, timeoutMs, image }: {
    name: string;
    deadline: Deadline;
    timeoutMs: number;
    image: string;
  },
): AsyncGenerator<CheckImageEvent, string[]> {
  const { signal } = deadline;
  let reason = "it wasn't started";
  try {
    for await (const seen of podSnapshots(client, { namespace, name }, { clock, signal })) {
      const { pod, events } = seen;
      if (pod === undefined) continue;
      if (hasSucceeded(pod)) {
        return await logLines(client, { namespace, pod: name }, signal);
      }
      const state = pod.status?.containerStatuses?.[0]?.state;
      if (pod.status?.phase === "Failed") {
        const why = state?.terminated?.message ?? pod.status.message ?? "it has no sh";
        throw new KodamaError("conflict", `image ${image} can't run: ${plainText(why, 300)}`);
      }
      const live = liveStatus({ name, status: "Starting" }, pod, events);
      if (live.reason === undefined || pod.status?.phase === "Running") continue;
      const now = plainHint(live.reason);
      if (now !== reason) yield { kind: "waiting", reason: now };
      reason = now;
    }
  } catch (error) {
    if (!deadline.expired) throw error;
    const waited = formatDuration(timeoutMs);
    throw new KodamaError("timeout", `a pod of ${image} didn't end in ${waited}: ${reason}`);
  }
  throw new Error("a watch without an end has ended");
}

/** More than the script writes. */
const maxReport = 16 * 1024;

async function logLines(
  client: SessionStore["client"],
  { namespace, pod }: { namespace: string; pod: string },
  signal: AbortSignal,
): Promise<string[]> {
  const request = {
    ...{ namespace, pod, container: workspaceContainer },
    ...{ follow: false, previous: false, timestamps: false },
  };
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of await client.logs(request, { signal })) {
    text += decoder.decode(chunk, { stream: true }).slice(0, maxReport - text.length);
  }
  return text.split("\n");
}

function needsOf(reported: readonly string[]): ImageNeed[] {
  const has = (...programs: readonly string[]) =>
    programs.some((one) => reported.includes(`program ${one}`));
  return [
    { id: "user", isMet: reported.includes("user"), isRequired: false },
    { id: "git", isMet: has("git"), isRequired: true },
    { id: "sync", isMet: has("tar"), isRequired: true },
    { id: "shells", isMet: has("tmux"), isRequired: false },
    { id: "claude", isMet: has("claude"), isRequired: false },
    { id: "ssh", isMet: has("sshd"), isRequired: false },
    { id: "watcher", isMet: has("perl", "inotifyd", "inotifywait"), isRequired: false },
  ];
}
