/** Brings a stored session up: in the same way for a start, a resumed start, and a resume. */
import type { Hint } from "../../base/hint.ts";
import { plural } from "../../base/plural.ts";
import { KodamaError } from "../../base/errors.ts";
import { NETWORK_POLICIES, PODS, SECRETS } from "../../kube/resources.ts";
import type { KubeObject, Pod, Secret } from "../../kube/types.ts";
import {
  configuration,
  type Manifest,
  type ManifestParts,
  storage,
} from "../../session/manifests/all.ts";
import { sessionPod } from "../../session/manifests/pod.ts";
import type { VolumeSources } from "../../session/manifests/claims.ts";
import type { CheckoutState } from "../../session/git_commands.ts";
import type { EgressRule, Session } from "../../session/model.ts";
import { sessionNames } from "../../session/names.ts";
import { ownedBy, type StoredSession } from "../../session/state.ts";
import { persistently } from "../../session/persistence.ts";
import { type PodAccess, runInPod } from "../../podscript/run_in_pod.ts";
import { hasSucceeded } from "../../session/status.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { bringMissingFiles, type Checked, checkOut } from "./check_out.ts";
import {
  type ChosenParts,
  devContainerOfCheckout,
  devContainerReport,
  dotfilesSetup,
  setUp,
  withDevContainer,
} from "./dev_container.ts";
import type { FirstTask, StartEvent, StartStep } from "./events.ts";
import { targetOf } from "../find_session.ts";
import { writeLocalSession } from "./local_file.ts";
import { localAuthor } from "./local_git.ts";
import { untilGone, untilReady } from "./wait_ready.ts";
import { plainText } from "../../base/plain_text.ts";
import { sshSecretKeys } from "../../session/git_environment.ts";
import { repositoryAddress } from "../../session/repository_url.ts";
import { allowsTcp } from "../../session/egress_rule.ts";
import { sessionCommand } from "../../session/pod_script.ts";

/** The source of a session's new volumes. */
export interface NewVolumes {
  /** Their initial contents. */
  sources: VolumeSources;
  /** Prepares them for the session's pod, before that is created; yields the reasons for waiting. */
  prepare(signal: AbortSignal): AsyncGenerator<string, void>;
}

interface BringUp {
  host: Host;
  store: SessionStore;
  stored: StoredSession;
  parts: ManifestParts;
  /** The existing pod was created from other variables: it is created again. */
  remakePod: boolean;
  readyTimeoutMs: number;
  signal: AbortSignal;
  /** The local folder that is synced with the workspace. */
  localPath?: string;
  /** Absolute paths of the files whose variables are in the session's Secret: they aren't synced. */
  secretFiles?: readonly string[];
  /** The folder is a clone of the session's repository: its files are the initial files. */
  syncsClone: boolean;
  /** Why there is no folder, if that wasn't requested. */
  whyNoSync?: Hint;
  kubeconfig?: string;
  task?: FirstTask;
  /** The project isn't on this machine: a `devcontainer.json` is searched for in the checkout. */
  devContainer?: { chosen: ChosenParts };
  /** The session ran before: a missing volume was lost, with all its contents. */
  ranBefore?: boolean;
  /** The source of missing volumes; empty volumes if absent. */
  volumes?: NewVolumes;
  /** Fills the volumes before anything else is done in the pod; yields its progress, and returns the result. */
  fill?: (pod: PodAccess) => AsyncGenerator<string, string>;
  /** Called with every object that this call created, before the next object is created. */
  made: (manifest: Manifest) => void;
}

/** Brings it up. Existing objects stay unchanged; the errors are those of the steps. */
export async function* bringUp(work: BringUp): AsyncGenerator<StartEvent, void> {
  const run = new BringUpRun(work);
  yield* run.configure();
  yield* run.create();
  const first = yield* run.waitForPod();
  yield* run.checkEgress(first);
  yield* run.fill(first);
  const pod = yield* run.checkOut(first);
  yield* run.startSync(pod);
  yield* run.setUp(pod);
  yield* run.giveTask(pod);
  yield* run.save(pod);
}

class BringUpRun {
  #stored: StoredSession;

  constructor(private readonly work: BringUp) {
    this.#stored = work.stored;
  }

  get #session(): Session {
    return this.#stored.session;
  }

  async *fill(pod: Pod): AsyncGenerator<StartEvent, void> {
    const { fill, store } = this.work;
    if (fill === undefined) return;
    yield this.#started("fill");
    const text = yield* reportProgress("fill", fill(this.#access(pod)));
    this.#stored = await store.change(this.#stored, ({ origin, ...session }) => ({
      ...session,
      ...(origin === undefined ? {} : { origin: { ...origin, filled: true } }),
    }));
    yield { kind: "stepEnded", step: "fill", result: "done", text };
  }

  async *configure(): AsyncGenerator<StartEvent, void> {
    const { store, parts, made } = this.work;
    yield this.#started("configure");
    const lacks = await lacksOfGitSecret(store, this.#session);
    if (lacks !== undefined) yield { kind: "warning", text: lacks };
    for (const manifest of configuration(this.#session, parts)) {
      const owned = { ...manifest, object: ownedBy(this.#stored, manifest.object) };
      if (!manifest.replace) await this.#ensure(owned);
      else if (await putNamed(store, owned, this.#session.name)) made(owned);
    }
    yield { kind: "stepEnded", step: "configure", result: "done" };
  }

  async *create(): AsyncGenerator<StartEvent, void> {
    yield this.#started("create");
    const { volumes, signal, ranBefore = false } = this.work;
    for (const claim of storage(this.#session, volumes?.sources)) {
      const made = await this.#ensure(claim);
      if (made && ranBefore) yield { kind: "warning", text: lostVolumeText(claim) };
    }
    for await (const text of volumes?.prepare(signal) ?? []) {
      yield { kind: "progress", step: "create", text };
    }
    await this.#removeOldPod();
    const made = await this.#ensurePod();
    yield { kind: "stepEnded", step: "create", result: made ? "done" : "already" };
  }

  /** A pod that has ended still holds its name, and never runs again. */
  async #removeOldPod(): Promise<void> {
    const { host, store, signal, readyTimeoutMs, remakePod } = this.work;
    const { name } = this.#session;
    const pod = await store.get<Pod>(PODS, sessionNames(name).pod);
    const ended = pod !== undefined && (pod.status?.phase === "Failed" || hasSucceeded(pod));
    const useless = ended || remakePod;
    if (pod === undefined || (!useless && pod.metadata?.deletionTimestamp === undefined)) return;
    if (useless) await store.remove(PODS, sessionNames(name).pod);
    await untilGone(host, store, { name, limitMs: readyTimeoutMs, signal });
  }

  async #ensure(manifest: Manifest): Promise<boolean> {
    const { store, made } = this.work;
    const result = await store.ensure(manifest.resource, manifest.object, this.#session.name);
    if (result.made) made(manifest);
    return result.made;
  }

  async #ensurePod(): Promise<boolean> {
    const { store, made } = this.work;
    const pod = ownedBy(this.#stored, sessionPod(this.#session));
    const result = await store.ensurePod(this.#session, pod);
    // Only the generated types of pods have a kind that may be absent.
    if (result.made) made({ resource: PODS, object: pod as unknown as KubeObject });
    return result.made;
  }

  async *waitForPod(): AsyncGenerator<StartEvent, Pod> {
    const { host, store, readyTimeoutMs, signal } = this.work;
    yield this.#started("ready");
    const wait = { name: this.#session.name, limitMs: readyTimeoutMs, signal };
    const pod = yield* reportProgress("ready", untilReady(host, store, wait));
    const text = pod.spec?.nodeName;
    const node = text === undefined ? {} : { text };
    yield { kind: "stepEnded", step: "ready", result: "done", ...node };
    return pod;
  }

  /** Runs before any of the user's files are in the pod. */
  async *checkEgress(pod: Pod): AsyncGenerator<StartEvent, void> {
    const text = await egressWarning(this.#access(pod), this.#session.spec.egress);
    if (text !== undefined) yield { kind: "warning", text };
  }

  /** Returns the session's pod, which is a new pod if the checkout has a `devcontainer.json`. */
  async *checkOut(pod: Pod): AsyncGenerator<StartEvent, Pod> {
    const { host, store, signal } = this.work;
    const { repository } = this.#session;
    yield this.#started("clone");
    if (repository === undefined) {
      yield { kind: "stepEnded", step: "clone", result: "skipped" };
      return pod;
    }
    const already = repository.commitHash !== undefined;
    const author = already ? undefined : await localAuthor(host, signal);
    const filesBySync = this.work.syncsClone;
    const { name, spec: { gitSecret } } = this.#session;
    const options = { author, filesBySync, name, gitSecret };
    const checking = checkOut(this.#access(pod), repository, options);
    const checked = yield* reportProgress("clone", checking);
    const { branch, baseBranch, commitHash, trusted, made, lacks } = checked;
    for (const one of lacks) yield { kind: "warning", text: lacksTexts[one] };
    if (already && made) {
      yield {
        kind: "warning",
        text: `the workspace was empty: ${repository.url} is checked out again, at ${branch}; ` +
          "commits that were never pushed are lost",
      };
    }
    if (trusted !== undefined) yield { kind: "warning", text: trustedKeyText(trusted, gitSecret) };
    const { devContainer } = this.work;
    const isNew = !already && devContainer !== undefined && this.#session.spec.setup === undefined;
    const remade = isNew && checked.devContainer !== undefined
      ? yield* this.#useDevContainer(pod, { path: checked.devContainer, ...devContainer })
      : pod;
    // Later work of a session is compared with its first checkout.
    if (!already) {
      this.#stored = await store.change(this.#stored, (session) => ({
        ...session,
        repository: {
          ...repository,
          branch,
          ...(baseBranch === "" ? {} : { baseBranch }),
          ...(commitHash === "" ? {} : { commitHash }),
        },
      }));
    }
    const text = `${branch} ${commitHash.slice(0, 12)}`.trim();
    yield { kind: "stepEnded", step: "clone", result: made ? "done" : "already", text };
    return remade;
  }

  /** Stores the additions of the checkout's file; a pod of another kind replaces this pod, with the same workspace. */
  async *#useDevContainer(
    pod: Pod,
    { path, chosen }: { path: string; chosen: ChosenParts },
  ): AsyncGenerator<StartEvent, Pod> {
    const { store } = this.work;
    const { repository, spec: { storage } } = this.#session;
    const [folderName = "workspace"] = /[^/:]+?(?=(?:\.git)?\/*$)/.exec(repository?.url ?? "") ??
      [];
    const file = await devContainerOfCheckout(this.#access(pod), { path, folderName });
    yield { kind: "devContainer", report: devContainerReport(file, chosen) };
    // The claims exist.
    const before = sessionPod(this.#session);
    const spec = { ...withDevContainer(this.#session.spec, file, chosen), storage };
    this.#stored = await store.change(this.#stored, (session) => ({ ...session, spec }));
    if (JSON.stringify(sessionPod(this.#session)) === JSON.stringify(before)) return pod;
    await store.remove(PODS, sessionNames(this.#session.name).pod);
    await this.#removeOldPod();
    await this.#ensurePod();
    return yield* this.waitForPod();
  }

  /** Installs the user's dotfiles, and runs the commands of the project's `devcontainer.json`, once in each pod. */
  async *setUp(pod: Pod): AsyncGenerator<StartEvent, void> {
    const { name, spec: { setup, dotfiles } } = this.#session;
    const setups = [
      ...(dotfiles === undefined ? [] : [dotfilesSetup(dotfiles)]),
      ...(setup === undefined ? [] : [setup]),
    ];
    if (setups.length === 0) return;
    yield this.#started("setup");
    for (const one of setups) {
      for await (const event of setUp(this.#access(pod), name, one)) {
        yield event.kind === "progress" ? { ...event, step: "setup" } : event;
      }
    }
    const steps = setups.flatMap((one) => one.steps);
    const text = steps.map(({ property }) => property).join(", ");
    const result = steps.length === 0 ? "skipped" : "done";
    yield { kind: "stepEnded", step: "setup", result, ...(text === "" ? {} : { text }) };
  }

  async *startSync(pod: Pod): AsyncGenerator<StartEvent, void> {
    const { host, store, signal, localPath, secretFiles = [], whyNoSync, kubeconfig } = this.work;
    yield this.#started("sync");
    if (localPath === undefined) {
      const why = whyNoSync === undefined ? {} : { text: whyNoSync };
      return yield { kind: "stepEnded", step: "sync", result: "skipped", ...why };
    }
    const { startSessionSync: startSync } = await import("./sync_step.ts");
    const target = targetOf(store, pod);
    const session = this.#session;
    const starting = startSync(host, {
      session,
      uid: this.#stored.uid,
      target,
      localPath,
      secretFiles,
      kubeconfig,
      signal,
    });
    const state = (yield* reportProgress("sync", starting))?.state;
    const { mergeText, recentMerge } = await import("../sync/syncs.ts");
    const merged = state && recentMerge(state, host.clock.now().getTime());
    if (state !== undefined && merged !== undefined) {
      const text = mergeText(merged, state.mode);
      yield { kind: "warning", text: `${localPath} and the workspace: ${text}` };
    }
    await bringMissingFiles(this.#access(pod));
    const text = `${localPath}, ${plural(state?.entries.local ?? 0, "entry", "entries")}`;
    yield { kind: "stepEnded", step: "sync", result: "done", text };
  }

  async *giveTask(pod: Pod): AsyncGenerator<StartEvent, void> {
    const { host, store, signal, task } = this.work;
    yield this.#started("agent");
    if (task === undefined) return yield { kind: "stepEnded", step: "agent", result: "skipped" };
    const { giveTask } = await import("./agent_step.ts");
    const target = targetOf(store, pod);
    // A broken connection doesn't show whether the task exists: it is looked up before it is given again.
    const given = await persistently(
      host.clock,
      signal,
      () => giveTask(host, { session: this.#session, uid: this.#stored.uid, target, task, signal }),
    );
    const agent = { adapter: task.adapter, task: given.number };
    this.#stored = await store.change(this.#stored, (session) => ({ ...session, agent }));
    const result = given.already ? "already" : "done";
    yield { kind: "stepEnded", step: "agent", result, text: `task ${given.number}` };
  }

  async *save(pod: Pod): AsyncGenerator<StartEvent, void> {
    const { host, store } = this.work;
    yield this.#started("save");
    this.#stored = await store.change(this.#stored, ({ message: _, ...session }) => ({
      ...session,
      status: "Running",
    }));
    const warning = await writeLocalSession(host, this.#session, store.client.context);
    if (warning !== undefined) yield { kind: "warning", text: warning };
    yield { kind: "stepEnded", step: "save", result: "done" };
    yield { kind: "started", session: this.#session, target: targetOf(store, pod) };
  }

  #access(pod: Pod): PodAccess {
    const { host, store, signal } = this.work;
    return { client: store.client, target: targetOf(store, pod), clock: host.clock, signal };
  }

  #started(step: StartStep): StartEvent {
    return { kind: "stepStarted", step, session: this.#session };
  }
}

const lacksTexts: Readonly<Record<CheckoutState["lacks"][number], string>> = {
  submodules:
    "the repository has submodules, which aren't checked out: git in the pod doesn't see " +
    "changes in their folders, such as synced ones",
  lfs:
    "the repository has files of Git LFS, and the image has no git-lfs that is set up: they are " +
    "pointers in the pod, and synced contents would be committed as they are",
};

/** As `store.put()`. Throws KodamaError that names the allow-list if the cluster serves no NetworkPolicies. */
async function putNamed(
  store: SessionStore,
  { resource, object }: Manifest,
  session: string,
): Promise<boolean> {
  try {
    return await store.put(resource, object, session);
  } catch (error) {
    const notServed = error instanceof KodamaError && error.kind === "notFound" &&
      resource === NETWORK_POLICIES;
    if (!notServed) throw error;
    throw new KodamaError(
      "notFound",
      `cannot create networkpolicy "${object.metadata.name}": the cluster doesn't serve NetworkPolicies`,
      { hint: "remove the allow-list (defaults.egress) from the settings", cause: error },
    );
  }
}

function lostVolumeText({ object: { metadata } }: Manifest): string {
  return `persistentvolumeclaim "${metadata.name}" was missing and is created again, empty: ` +
    "its contents are lost";
}

/** Emits the progress of a step; returns its result. */
async function* reportProgress<T>(
  step: StartStep,
  working: AsyncGenerator<string, T>,
): AsyncGenerator<StartEvent, T> {
  for (;;) {
    const next = await working.next();
    if (next.done === true) return next.value;
    yield { kind: "progress", step, text: next.value };
  }
}

/* The allow-list of a session that has just started: a warning unless it is known to be enforced. */

/** Longer than the pod's own attempts, to include the round trip. */
const probeTimeoutMs = 25_000;

/** Returns a warning, unless the list is known to be enforced; undefined if there is no list. */
async function egressWarning(
  pod: PodAccess,
  rules: readonly EgressRule[] | undefined,
): Promise<string | undefined> {
  if (rules === undefined) return undefined;
  const command = egressProbeCommand(rules);
  const { stdout } = await runInPod(pod, { argv: command, timeoutMs: probeTimeoutMs });
  return warningOf(egressProbe(stdout, rules));
}

function warningOf(probe: EgressProbe): string | undefined {
  switch (probe.kind) {
    case "enforced":
      return undefined;
    case "ignored":
      return `the allow-list isn't enforced: ${probe.reached}, answers and isn't in it; the cluster's ` +
        "network plug-in has to enforce NetworkPolicies";
    case "unverified":
      return `the allow-list isn't verified: ${probe.why}`;
  }
}

/* The Secret with the SSH key for git: the user's own, which a session names and never changes. */

/**
 * Returns the missing parts of the Secret, before a pod waits for it: a warning if the session works without it.
 *
 * @throws KodamaError if the repository is accessed over SSH, and wasn't checked out before.
 */
async function lacksOfGitSecret(
  store: SessionStore,
  { spec: { gitSecret }, repository }: Session,
): Promise<string | undefined> {
  if (gitSecret === undefined) return undefined;
  const reason = await lackIn(store, gitSecret);
  if (reason === undefined) return undefined;
  const needed = repository !== undefined && repository.commitHash === undefined &&
    repositoryAddress(repository.url).transport === "ssh";
  if (!needed) return `git over SSH will not work: ${reason}`;
  throw new KodamaError("notFound", reason, {
    hint: `kubectl create secret generic ${gitSecret} -n ${store.namespace} ` +
      `--from-file=${sshSecretKeys.key}=$HOME/.ssh/id_ed25519`,
  });
}

/** Only checks names, never values. If the caller may not read Secrets, git will report missing keys. */
async function lackIn(store: SessionStore, name: string): Promise<string | undefined> {
  const secretText = `secret "${name}" in namespace "${store.namespace}"`;
  try {
    const secret = await store.get<Secret>(SECRETS, name);
    if (secret === undefined) return `there is no ${secretText}`;
    const keys = Object.keys(secret.data ?? {});
    if (keys.includes(sshSecretKeys.key)) return undefined;
    const has = keys.length === 0 ? "none" : plainText(keys.join(", "), 200);
    return `${secretText} has no key "${sshSecretKeys.key}"; its keys: ${has}`;
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "forbidden") return undefined;
    throw error;
  }
}

/** Returns the key that the user should verify, once. */
function trustedKeyText(
  { host, key }: NonNullable<Checked["trusted"]>,
  gitSecret: string | undefined,
): string {
  const checked = gitSecret === undefined
    ? ""
    : `; ${sshSecretKeys.hosts} in secret "${gitSecret}" verifies it instead`;
  return `${host} was trusted on first use, with the key ${key}; other keys are refused from now on${checked}`;
}

/*
 * Checks whether a session's allow-list is enforced: its pod tries the API server, an address that every pod knows and
 * the list lacks. A cluster whose network plug-in doesn't support policies accepts the list, and ignores it. An address
 * that doesn't answer proves something only if an address that the list allows does answer: the control. Pure.
 */

/** The result. */
type EgressProbe =
  /** The unlisted address didn't answer, and an allowed address did. */
  | { kind: "enforced" }
  /** This address answered, though the list lacks it. */
  | { kind: "ignored"; reached: string }
  | { kind: "unverified"; why: string };

/** The longest wait for an answer. */
const seconds = 4;

/** Returns the command that tries it; it ends within some seconds. */
export function egressProbeCommand(rules: readonly EgressRule[]): string[] {
  return sessionCommand("egressProbe", [String(seconds), ...listedAddress(rules)]);
}

/** The first single address of the list with a TCP port, which something is likely to listen at. */
function listedAddress(rules: readonly EgressRule[]): string[] {
  for (const { cidr, ports: [port] = [] } of rules) {
    const [address = "", bits] = cidr.split("/");
    if (port !== undefined && bits === (address.includes(":") ? "128" : "32")) {
      return [address, String(port)];
    }
  }
  return [];
}

/** Returns the result from the command's output. */
export function egressProbe(stdout: string, rules: readonly EgressRule[]): EgressProbe {
  const answers = "(open|shut|untried)";
  const match = new RegExp(`^([\\da-f.:]+) (\\d{1,5}) ${answers} ${answers}\\n$`, "i").exec(stdout);
  if (match === null) return { kind: "unverified", why: "the pod gave no answer" };
  const [, host = "", port = "", answer, control] = match;
  const at = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  if (answer === "untried") {
    return {
      kind: "unverified",
      why: "the image has neither bash and timeout nor nc to try it with",
    };
  }
  if (allowsTcp(rules, host, Number(port))) {
    return { kind: "unverified", why: `the list allows the API server, ${at}` };
  }
  if (answer === "open") return { kind: "ignored", reached: plainText(`the API server, ${at}`) };
  return control === "open" ? { kind: "enforced" } : {
    kind: "unverified",
    why:
      `the API server, ${at}, doesn't answer, and neither does the name server, which the list ` +
      "allows: the pod's network may have another fault",
  };
}
