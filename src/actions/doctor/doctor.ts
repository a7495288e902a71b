/** Checks whether kodama's requirements are met: one finding for each thing that can be wrong. */
import { Deadline, orAborted } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import type { CallOptions, KubeClient } from "../../kube/client.ts";
import type { Host } from "../host.ts";
import { action, type Hint, hint } from "../../base/hint.ts";
import { effectiveSettings } from "../../config/settings.ts";
import { isTooOld, oldestTmux } from "../../tmux/commands.ts";
import { settingSources } from "../config/setting_sources.ts";
import { noImageError } from "../session_image.ts";

/** The contexts to check; the current one if none is named. */
interface DoctorOptions {
  contexts: readonly string[];
  /** The namespace for which permissions are checked; the context's own if absent. */
  namespace?: string;
  signal: AbortSignal;
}

/** A server that doesn't answer for longer is treated as unreachable. */
const serverLimitMs = 10_000;

/** Yields the findings as they arrive: contexts sorted by name, then this machine. */
export async function* doctor(host: Host, options: DoctorOptions): AsyncGenerator<Finding, void> {
  const names = options.contexts.length === 0 ? [undefined] : [...new Set(options.contexts)];
  // All at once, reported as they end: an unreachable cluster doesn't delay the others.
  const asked = new Map(names.map((name) => {
    const checked = Array.fromAsync(checkContext(host, name, options));
    return [name, checked.then((findings) => ({ name, findings }))];
  }));
  const machine = Array.fromAsync(checkMachine(host, options.signal));
  // The first failure is thrown; without a handler the others would be unhandled rejections.
  for (const findings of [...asked.values(), machine]) findings.catch(() => {});
  while (asked.size > 0) {
    const { name, findings } = await Promise.race(asked.values());
    asked.delete(name);
    yield* findings;
  }
  yield* await machine;
}

async function* checkContext(
  host: Host,
  name: string | undefined,
  options: DoctorOptions,
): AsyncGenerator<Finding, void> {
  const { namespace, signal } = options;
  let client: KubeClient;
  try {
    client = await host.kube(name);
  } catch (error) {
    yield failed("kubeconfig", error, name);
    return yield* skipped(["server", "listPods", "execPods", "streams", "versions", "clock"], name);
  }
  const context = client.context;
  yield { id: "kubeconfig", context, status: "ok", detail: `${context} is at ${client.server}` };
  using deadline = new Deadline(host.clock, serverLimitMs, signal);
  try {
    const version = await orAborted(
      client.raw<{ gitVersion?: unknown }>("GET", "/version", { signal: deadline.signal }),
      deadline.signal,
    );
    const release = typeof version.gitVersion === "string" ? version.gitVersion.slice(0, 60) : "";
    const answer = release === "" ? "without its version" : release;
    yield { id: "server", context, status: "ok", detail: `answers, ${answer}` };
    yield* checkCertificate(host, client);
    const where = namespace ?? client.defaultNamespace;
    yield* checkServer(host, client, { release, namespace: where, signal: deadline.signal });
  } catch (error) {
    signal.throwIfAborted();
    const awaited = client.awaited?.text ?? client.server;
    yield deadline.expired
      ? { id: "server", context, status: "fail", detail: `no answer from ${awaited} in 10s` }
      : failed("server", error, context);
    yield* checkCertificate(host, client);
    yield* skipped(["listPods", "execPods", "streams", "versions", "clock"], context);
  }
}

/** A client certificate that ends sooner is worth a warning. */
const certificateDays = 14;

/** Yields what the client certificate says about its end, if there is one. */
function* checkCertificate(
  { clock }: Host,
  { context, certificateEnd }: KubeClient,
): Generator<Finding, void> {
  if (certificateEnd === undefined) return;
  const id = "certificate";
  const end = `${certificateEnd.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const days = (certificateEnd.getTime() - clock.now().getTime()) / 86_400_000;
  const advice = "log in again, or have it renewed";
  yield days < 0
    ? { id, context, status: "fail", detail: `the client certificate expired on ${end}`, advice }
    : days < certificateDays
    ? { id, context, status: "warn", detail: `the client certificate expires on ${end}`, advice }
    : { id, context, status: "ok", detail: `the client certificate is valid until ${end}` };
}

function failed(id: CheckId, error: unknown, context: string | undefined): Finding {
  if (!(error instanceof KodamaError)) throw error;
  return {
    id,
    ...(context === undefined ? {} : { context }),
    status: "fail",
    detail: error.message,
    ...(error.hint === undefined ? {} : { advice: error.hint }),
  };
}

function* skipped(ids: readonly CheckId[], context: string | undefined): Generator<Finding, void> {
  const named = context === undefined ? {} : { context };
  for (const id of ids) {
    yield { id, ...named, status: "skipped", detail: "the server can't be asked" };
  }
}

/* Checks this user's permissions on a server that answers, and the server's compatibility. */

/** A larger difference makes times in lists and logs hard to read, and certificates fail. */
const clockLimitMs = 5000;

/** https://kubernetes.io/releases/version-skew-policy/#kubectl */
const allowedMinorSkew = 1;

/** Closing stdin alone needs the channel protocol v5, on by default since 1.30 (KEP-4006). */
const minorWithHalfClose = 30;

/** Yields the findings of one server. Throws whatever the client throws. */
async function* checkServer(
  host: Host,
  client: KubeClient,
  options: { release: string; namespace: string; signal: AbortSignal },
): AsyncGenerator<Finding, void> {
  const { release, namespace, signal } = options;
  const where = { namespace, signal };
  yield await checkAccess(client, { id: "listPods", verbs: ["list"], resource: "pods" }, where);
  yield await checkAccess(
    client,
    { id: "execPods", verbs: ["create"], resource: "pods/exec" },
    where,
  );
  yield checkStreams(client.context, release);
  yield await checkVersions(host, client.context, release, signal);
  yield await checkClock(host, client, { signal });
}

/** Returns whether all verbs are allowed. Streams need only `create`: without `get` they use POST (`http_client.ts`). */
async function checkAccess(
  client: KubeClient,
  { id, verbs, resource }: {
    id: "listPods" | "execPods";
    verbs: readonly string[];
    resource: "pods" | "pods/exec";
  },
  { namespace, signal }: { namespace: string; signal: AbortSignal },
): Promise<Finding> {
  const missing: string[] = [];
  for (const verb of verbs) {
    if (!await mayDo(client, { verb, resource, namespace }, { signal })) missing.push(verb);
  }
  const { context } = client;
  const what = (some: readonly string[]) =>
    `${some.join(" and ")} ${resource} in namespace "${namespace}"`;
  if (missing.length === 0) return { id, context, status: "ok", detail: `you can ${what(verbs)}` };
  const needed = verbs.length === 1 ? `the verb ${verbs[0]}` : `the verbs ${verbs.join(" and ")}`;
  return {
    id,
    context,
    status: "fail",
    detail: `you cannot ${what(missing)}`,
    advice: `a role needs ${needed} for ${resource}`,
  };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/ */
async function mayDo(
  client: KubeClient,
  ask: { verb: string; resource: string; namespace: string },
  options: CallOptions,
): Promise<boolean> {
  const { verb, namespace } = ask;
  const [resource, subresource] = ask.resource.split("/");
  const attributes = { namespace, verb, resource, ...(subresource && { subresource }) };
  const review = await client.raw<{ status?: { allowed?: unknown } }>(
    "POST",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    {
      ...options,
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: attributes },
      },
    },
  );
  return review.status?.allowed === true;
}

function checkStreams(context: string, release: string): Finding {
  const minor = minorOf(release);
  if (minor === undefined || minor >= minorWithHalfClose) {
    return { id: "streams", context, status: "ok", detail: "the server supports closing stdin" };
  }
  return {
    id: "streams",
    context,
    status: "warn",
    detail: `before Kubernetes 1.${minorWithHalfClose} a command may see no end of its input`,
    advice: "with standard input, use commands that know their input's end by themselves",
  };
}

async function checkVersions(
  host: Host,
  context: string,
  release: string,
  signal: AbortSignal,
): Promise<Finding> {
  const id = "versions";
  const kubectl = await host.machine.findProgram("kubectl");
  if (kubectl === undefined) {
    return { id, context, status: "skipped", detail: "no kubectl on PATH" };
  }
  const words = ["version", "--client", "--output=json"];
  const answer = await capture(host, { id: "kubectl", words }, signal);
  if (answer instanceof KodamaError) {
    const { message, hint } = answer;
    const advice = hint === undefined ? {} : { advice: hint };
    return { id, context, status: "skipped", detail: message, ...advice };
  }
  const { stdout } = answer;
  const own = /"gitVersion":\s*"([^"]{1,60})"/.exec(stdout)?.[1] ?? "";
  const [client, server] = [minorOf(own), minorOf(release)];
  if (client === undefined || server === undefined) {
    const whose = client === undefined ? "kubectl" : "the server";
    return { id, context, status: "skipped", detail: `the version of ${whose} can't be read` };
  }
  const detail = `kubectl ${own}, server ${release}`;
  if (Math.abs(client - server) <= allowedMinorSkew) return { id, context, status: "ok", detail };
  const advice = "kubectl is supported within one minor version of the server";
  return { id, context, status: "warn", detail, advice };
}

function minorOf(release: string): number | undefined {
  const minor = /^v?1\.(\d{1,4})(?:\D|$)/.exec(release)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/**
 * A SelfSubjectReview is created on request, so its creation time is the server's current time, to the second.
 * https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/self-subject-review-v1/
 */
async function checkClock(host: Host, client: KubeClient, options: CallOptions): Promise<Finding> {
  const { context } = client;
  const serverMs = await serverTime(client, options);
  if (serverMs === undefined) {
    return { id: "clock", context, status: "skipped", detail: "the server doesn't tell its time" };
  }
  // The server truncates to a second: half a second is the average error.
  const skewMs = host.clock.now().getTime() - (serverMs + 500);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  if (Math.abs(skewMs) <= clockLimitMs) {
    return { id: "clock", context, status: "ok", detail: "this machine and the server agree" };
  }
  const detail = `this machine is ${seconds}s ${skewMs > 0 ? "ahead of" : "behind"} the server`;
  return { id: "clock", context, status: "warn", detail, advice: "synchronise the clocks (NTP)" };
}

async function serverTime(client: KubeClient, options: CallOptions): Promise<number | undefined> {
  try {
    const review = await client.raw<{ metadata?: { creationTimestamp?: unknown } }>(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      { ...options, body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" } },
    );
    const time = Date.parse(String(review.metadata?.creationTimestamp));
    return Number.isNaN(time) ? undefined : time;
  } catch (error) {
    // Servers before 1.28 don't have this review.
    if (error instanceof KodamaError && error.kind !== "unreachable") return undefined;
    throw error;
  }
}

/* Checks the programs and files of this machine that kodama can use. */

/** Yields the findings of this machine. */
async function* checkMachine(
  host: Host,
  signal: AbortSignal,
): AsyncGenerator<Finding, void> {
  yield* checkSettings(host);
  yield checkTerminal(host);
  yield await checkProgram(host, signal, {
    id: "tmux",
    versionWords: ["-V"],
    lacking: "panes in tmux can't be opened",
    tooOld: (version) =>
      isTooOld(version) ? `walls of panes need tmux ${oldestTmux} or later` : undefined,
  });
  yield await checkProgram(host, signal, {
    id: "kubectl",
    versionWords: ["version", "--client"],
    lacking: "kodama itself doesn't need it",
  });
}

/** A settings file that can't be read breaks every command that reads it, each at a different time. */
async function* checkSettings(host: Host): AsyncGenerator<Finding, void> {
  const id = "settings";
  try {
    const sources = await settingSources(host);
    const settings = await effectiveSettings(sources);
    const image = settings.find(({ key }) => key === "defaults.image")?.value;
    const paths = [sources.repository, sources.user].flatMap((file) => file?.path ?? []);
    const detail = paths.length === 0 ? "none of your own, the defaults hold" : paths.join(", ");
    yield { id, status: "ok", detail };
    yield checkImageSetting(image === undefined ? undefined : String(image));
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    const advice = error.hint === undefined ? {} : { advice: error.hint };
    yield { id, status: "fail", detail: error.message, ...advice };
    yield { id: "image", status: "skipped", detail: "the settings can't be read" };
  }
}

/** Only a pod of it shows whether it can be used. */
function checkImageSetting(image: string | undefined): Finding {
  const id = "image";
  if (image !== undefined) {
    const advice = hint`${action("image.check")} starts a pod of it, and checks what it has`;
    return { id, status: "ok", detail: `sessions use ${image}`, advice };
  }
  const { hint: advice } = noImageError();
  const detail = "none is set: sessions can't be started";
  return { id, status: "warn", detail, ...(advice === undefined ? {} : { advice }) };
}

function checkTerminal(host: Host): Finding {
  const { stdin, stdout, stderr } = host.machine.terminal;
  if (!stdin || !stdout || !stderr) {
    const none = Object.entries({ stdin, stdout, stderr }).filter(([, is]) => !is)
      .map(([name]) => name).join(", ");
    const detail = `no terminal on ${none}: nothing will be asked`;
    return { id: "terminal", status: "warn", detail };
  }
  const name = host.env("TERM") ?? "";
  if (name === "" || name === "dumb") {
    return {
      id: "terminal",
      status: "warn",
      detail: `TERM is ${JSON.stringify(name)}: no colours`,
    };
  }
  return { id: "terminal", status: "ok", detail: `TERM is ${JSON.stringify(name)}` };
}

async function checkProgram(
  host: Host,
  signal: AbortSignal,
  program: {
    id: "tmux" | "kubectl";
    versionWords: readonly string[];
    lacking: string;
    /** Returns what doesn't work with a version; undefined if everything does. */
    tooOld?: (version: string) => string | undefined;
  },
): Promise<Finding> {
  const { id, versionWords, lacking } = program;
  const path = await host.machine.findProgram(id);
  if (path === undefined) {
    return { id, status: "warn", detail: `not on PATH: ${lacking}`, advice: `install ${id}` };
  }
  const answer = await capture(host, { id, words: versionWords }, signal);
  if (answer instanceof KodamaError) return notRun(id, `${path}: ${answer.message}`, answer.hint);
  const { code, stdout } = answer;
  const version = stdout.split("\n")[0]?.trim() ?? "";
  const tooOld = program.tooOld?.(version);
  if (code === 0 && tooOld !== undefined) {
    return { id, status: "warn", detail: `${version} (${path}) is too old`, advice: tooOld };
  }
  if (code === 0) {
    return { id, status: "ok", detail: version === "" ? path : `${version} (${path})` };
  }
  return { id, status: "warn", detail: `${path} ends with exit code ${code}` };
}

function notRun(id: Finding["id"], detail: string, advice: Hint | undefined): Finding {
  return { id, status: "skipped", detail, ...(advice === undefined ? {} : { advice }) };
}

/** Returns the output of a local program, or why it can't be run: a finding that doesn't stop the others. */
async function capture(
  host: Host,
  { id, words }: { id: "tmux" | "kubectl"; words: readonly string[] },
  signal: AbortSignal,
): Promise<{ code: number; stdout: string } | KodamaError> {
  try {
    return await host.machine.capture(id, words, signal);
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "environment") return error;
    throw error;
  }
}

/* The findings of `doctor`. */

/** The subject of a check. */
type CheckId =
  | "kubeconfig"
  | "server"
  | "certificate"
  | "listPods"
  | "execPods"
  | "streams"
  | "versions"
  | "clock"
  | "settings"
  | "image"
  | "terminal"
  | "tmux"
  | "kubectl"
  | "sessions";

/** One finding. `advice` is what to do, if anything can be done. */
export interface Finding {
  id: CheckId;
  /** The context, for checks of a cluster. */
  context?: string;
  status: "ok" | "warn" | "fail" | "skipped";
  detail: string;
  advice?: Hint;
}
