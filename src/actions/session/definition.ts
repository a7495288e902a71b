/**
 * The definition of a new session. Each part comes from the first of these that sets it: the command line, the
 * template, the repository's `.kodama.yaml`, the user's `config.yaml`, the built-in default.
 */
import { hint, option } from "../../base/hint.ts";
import { UsageError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { plainText } from "../../base/plain_text.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { editorConfigFolders } from "../../config/paths.ts";
import type { AgentManifest } from "../../agent/manifest.ts";
import {
  asObject,
  type EffectiveSetting,
  effectiveSettings,
  type SettingSources,
} from "../../config/settings.ts";
import type { Settings } from "../../config/settings_shape.ts";
import { defaultSettings } from "../../config/default_settings.ts";
import type { Container, Volume } from "../../kube/types.ts";
import { autoBranchName, checkedBranch } from "../../session/names.ts";
import { egressRule } from "../../session/egress_rule.ts";
import {
  type EditorFile,
  editorFiles,
  maxEditorFile,
} from "../../session/manifests/editor_config.ts";
import { limitsOf, limitText, parseLimit } from "../../session/limits.ts";
import { secretNames } from "../../session/manifests/pod_standard.ts";
import type { Session, SessionRepository, SessionSpec } from "../../session/model.ts";
import { repositoryAddress } from "../../session/repository_url.ts";
import type { Host } from "../host.ts";
import { podSettings } from "../config/pod_settings.ts";
import { isUsable, repositoryFolders, settingSources } from "../config/setting_sources.ts";
import type { DefinedPart, PartOrigin, StartOptions } from "./events.ts";
import { originOfFolder, workingTreeTop } from "./local_git.ts";
import { type ChosenParts, type DraftSpec, localDevContainer } from "./dev_container.ts";
import type { DevContainer } from "../../session/dev_container.ts";
import { chosenSync, type SyncChoice } from "./sync_folder.ts";
import { findTemplate } from "./templates.ts";
import { type ReadSecrets, readSyncSecrets } from "../sync/secrets.ts";

/** Everything that a start needs from this machine. */
export interface Definition {
  repository: SessionRepository | undefined;
  spec: DraftSpec;
  secrets: ReadSecrets;
  editor: Readonly<Partial<Record<EditorFile, string>>>;
  sync: SyncChoice;
  /** The devcontainer of the project on this machine, if there is such a file. */
  devContainer?: DevContainer;
  /** The project isn't on this machine: its file may be in the checkout. */
  devContainerInPod: boolean;
  /** The agent of the first task, unless it is an agent of kodama's own. */
  agent?: AgentManifest;
  /** Choices that take precedence over that file. */
  chosen: ChosenParts;
  /** Who has set the parts that decide about the session's safety. */
  origins: Readonly<Record<DefinedPart["name"], PartOrigin>>;
}

/** Reads settings, files and the working folder. Throws UsageError and FileError for invalid values. */
export async function defineSession(host: Host, options: StartOptions): Promise<Definition> {
  const { template } = options;
  const sources: SettingSources = {
    ...await settingSources(host),
    ...(template === undefined ? {} : { template: await findTemplate(host, template) }),
  };
  const effective = await effectiveSettings(sources);
  const settings = asObject(effective);
  const agent = await agentOf(options, settings);
  const repository = await repositoryOf(host, options, settings);
  const { signal, devContainer: requested } = options;
  const sync = await chosenSync(host, options.sync, { repository, signal });
  const secrets = await readSyncSecrets(host, options, { settings, sources });
  const folder = await projectFolder(host, options, { repository, sync });
  const { variables } = secrets;
  const devContainer = await localDevContainer(host, { requested, folder, variables });
  const chosen = chosenParts(options, effective);
  return {
    ...definedOnly({ agent }),
    repository,
    sync,
    spec: { ...specOf(options, settings), ...containerSecretsOf(effective, sources) },
    secrets: devContainer === undefined
      ? secrets
      : { ...secrets, variables: new Map([...devContainer.secretVariables, ...variables]) },
    editor: await editorOverrides(host),
    ...definedOnly({ devContainer }),
    devContainerInPod: requested.kind === "unspecified" && repository !== undefined &&
      folder === undefined,
    chosen,
    origins: originsOf(effective, { options, devContainer, chosen }),
  };
}

/** Returns the specification of the user's own settings and variables alone, without those of a repository. */
export async function ownSpec(host: Host): Promise<DraftSpec> {
  const sources: SettingSources = { ...await settingSources(host), repository: undefined };
  const effective = await effectiveSettings(sources);
  return { ...specOf({}, asObject(effective)), ...containerSecretsOf(effective, sources) };
}

/** The agents are loaded only for a task. */
async function agentOf(
  { task }: StartOptions,
  { agents }: Settings,
): Promise<AgentManifest | undefined> {
  if (task === undefined) return undefined;
  const { describedAgent } = await import("../agent/tasks.ts");
  return await describedAgent(agents, task.adapter);
}

/** Returns the folder of the session's project on this machine, if it is here. */
async function projectFolder(
  host: Host,
  { repo, signal }: StartOptions,
  { repository, sync }: Pick<Definition, "repository" | "sync">,
): Promise<string | undefined> {
  if (sync.localPath !== undefined && (sync.isClone || repository === undefined)) {
    return sync.localPath;
  }
  if (repo !== ".") return undefined;
  const { workingDir } = host.places;
  return await workingTreeTop(host, workingDir, signal) ?? workingDir;
}

/** A `devcontainer.json` comes after flags, the template and the repository's settings, and before the user's own. */
function chosenParts(
  options: StartOptions,
  settings: readonly EffectiveSetting[],
): ChosenParts {
  const isSet = (key: string) => {
    const kind = settings.find((one) => one.key === key)?.origin.kind ?? "default";
    return kind !== "default" && kind !== "user";
  };
  return {
    image: options.image !== undefined || isSet("defaults.image"),
    cpu: options.cpu !== undefined || isSet("defaults.resources.cpu"),
    memory: options.memory !== undefined || isSet("defaults.resources.memory"),
    workspace: isSet("defaults.storage.workspace"),
  };
}

/** Options of a start that take precedence over settings. */
type ChosenOptions = Pick<StartOptions, "image" | "cpu" | "memory" | "ttl" | "idleTimeout">;

function originsOf(
  settings: readonly EffectiveSetting[],
  { options, devContainer, chosen }: {
    options: StartOptions;
    devContainer: DevContainer | undefined;
    chosen: ChosenParts;
  },
): Definition["origins"] {
  const ofSetting = (key: string): PartOrigin =>
    settings.find((one) => one.key === key)?.origin ?? { kind: "default" };
  const image: PartOrigin = options.image !== undefined
    ? { kind: "option", name: "image" }
    : devContainer?.image !== undefined && !chosen.image
    ? { kind: "devContainer", path: devContainer.setup.path }
    : ofSetting("defaults.image");
  return {
    image,
    containers: ofSetting("defaults.containers"),
    egress: ofSetting("defaults.egress"),
  };
}

function specOf(options: ChosenOptions, { defaults = {}, git, dotfiles }: Settings): DraftSpec {
  const builtIn = defaultSettings.defaults;
  const { resources, storage, egress, containers } = defaults ?? {};
  const className = storage?.className;
  const gitSecret = git?.secretName;
  return {
    image: options.image ?? defaults?.image,
    resources: {
      cpu: amount("cpu", options.cpu) ?? resources?.cpu ?? builtIn.resources.cpu,
      memory: amount("memory", options.memory) ?? resources?.memory ??
        builtIn.resources.memory,
    },
    storage: {
      workspace: storage?.workspace ?? builtIn.storage.workspace,
      claudeHome: storage?.claudeHome ?? builtIn.storage.claudeHome,
    },
    ...podSettings(defaults),
    containers: (containers ?? []) as Container[],
    gitMirrors: git?.mirrors ?? {},
    limits: limitsOf({
      ttl: options.ttl ?? parseLimit(defaults?.ttl ?? ""),
      idleTimeout: options.idleTimeout ?? parseLimit(defaults?.idleTimeout ?? ""),
    }),
    ...clusterParts(defaults ?? {}),
    ...definedOnly({ storageClass: className }),
    ...(egress === undefined ? {} : { egress: egress.map(egressRule) }),
    ...definedOnly({ gitSecret }),
    ...dotfilesOf(dotfiles),
  };
}

/** Returns the Secrets that containers may refer to: those of the user's own settings, and of no repository. */
function containerSecretsOf(
  settings: readonly EffectiveSetting[],
  { template }: SettingSources,
): Pick<SessionSpec, "containerSecrets"> {
  const setting = settings.find(({ key }) => key === "defaults.containers");
  const kind = setting?.origin.kind;
  const isOthers = kind === "repository" || kind === "template" && template?.inRepository !== false;
  const names = isOthers ? [] : [...secretNames(setting?.value)];
  return names.length === 0 ? {} : { containerSecrets: names };
}

/** Throws UsageError if the repository's address is invalid. */
function dotfilesOf(dotfiles: Settings["dotfiles"]): Pick<SessionSpec, "dotfiles"> {
  const { repository, command } = dotfiles ?? {};
  if (repository === undefined) return {};
  const { url } = repositoryAddress(repository);
  return { dotfiles: { repository: url, ...definedOnly({ command }) } };
}

/** The parts that depend on the cluster, and not on the session. */
function clusterParts(
  { resources, runtimeClass, serviceAccount, volumes }: NonNullable<
    Settings["defaults"]
  >,
): Partial<SessionSpec> {
  const { requests, extended } = resources ?? {};
  return definedOnly({
    requests: requests === undefined || requests === null ? undefined : definedOnly(requests),
    extendedResources: extended,
    runtimeClass,
    serviceAccount,
    // Kubernetes validates the rest of them, and reports their errors.
    volumes: volumes?.map(({ mountPath, readOnly = false, ...volume }) => ({
      ...{ mountPath, readOnly },
      volume: volume as Volume,
    })),
  });
}

/** Returns a quantity that a user typed. Throws UsageError if the text isn't a quantity. */
export function amount(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if ((parseQuantity(text) ?? 0) > 0) return text;
  throw new UsageError(
    `${name} ${plainText(text, 40)}: expected a quantity such as 500m, 2 or 4Gi`,
  );
}

async function repositoryOf(
  host: Host,
  { repo, branch, name, signal }: StartOptions,
  settings: Settings,
): Promise<SessionRepository | undefined> {
  if (repo === undefined) {
    if (branch === undefined) return undefined;
    throw new UsageError("a branch is of a repository, and none is named", {
      hint: hint`${option("repo", "URL")} names it`,
    });
  }
  const origin = repo === "." ? await originOfFolder(host, signal) : undefined;
  const { url } = repositoryAddress(origin?.url ?? repo);
  // A branch named by the user is used directly; otherwise a new branch is created.
  if (branch !== undefined) return { url, baseBranch: checkedBranch(branch), autoBranch: false };
  const prefix = settings.defaults?.branchPrefix ?? defaultSettings.defaults.branchPrefix;
  const own = autoBranchName(prefix, name, host.clock.now());
  const base = origin?.branch;
  return {
    url,
    branch: own,
    autoBranch: true,
    ...definedOnly({ baseBranch: base }),
  };
}

async function editorOverrides(host: Host): Promise<Definition["editor"]> {
  const overrides: Partial<Record<EditorFile, string>> = {};
  const { inside } = await repositoryFolders(host);
  for (const name of Object.keys(editorFiles) as EditorFile[]) {
    for (const { folder, within } of editorConfigFolders(host.places, inside)) {
      if (within !== undefined && !await isUsable(host, `${folder}/${name}`)) continue;
      const text = await host.files.readText(`${folder}/${name}`, maxEditorFile, { within });
      if (text === undefined) continue;
      overrides[name] = text;
      break;
    }
  }
  return overrides;
}

/** Returns whether a start may still name another repository or branch: nothing of it is in the session yet. */
export function isCorrectable({ repository }: Session): boolean {
  return repository !== undefined && repository.commitHash === undefined;
}

/**
 * Returns the options of a start that contradict the existing session: resuming a start changes nothing, except the
 * repository and the branch of a session that could not check them out.
 */
export function contradictions(
  options: StartOptions,
  there: Session,
  definition: Definition,
): string[] {
  const { spec, repository, template } = there;
  const pairs: [flag: keyof StartOptions, was: string | undefined, is: string | undefined][] = [
    ["repo", repository?.url, definition.repository?.url],
    ["branch", repository?.autoBranch ? undefined : repository?.baseBranch, options.branch],
    ["image", spec.image, definition.spec.image],
    ["cpu", spec.resources.cpu, definition.spec.resources.cpu],
    ["memory", spec.resources.memory, definition.spec.resources.memory],
    ["template", template, options.template],
    ["ttl", limitOf(spec.limits.ttlSeconds), limitOf(definition.spec.limits.ttlSeconds)],
    ["idleTimeout", limitOf(spec.limits.idleSeconds), limitOf(definition.spec.limits.idleSeconds)],
  ];
  const corrected: readonly string[] = isCorrectable(there) ? ["repo", "branch"] : [];
  return pairs
    .filter(([flag, was, is]) => options[flag] !== undefined && was !== is)
    .filter(([flag]) => !corrected.includes(flag))
    .map(([flag, was, is]) => `--${dashed(flag)} ${is ?? "never"} (it has ${was ?? "none"})`);
}

function limitOf(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : limitText(seconds);
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
