/** The effective settings: flags before environment, template, repository, user and defaults. */
import { action, hint } from "../base/hint.ts";
import * as v from "valibot";
import { KodamaError } from "../base/errors.ts";
import type { FileSchema, SourceFile } from "../base/yaml/shape.ts";
import { defaultSettings, settingVariables } from "./default_settings.ts";
import { allSettings, joinKey, parseSettingValue, type SettingPath } from "./setting_key.ts";
import { readSettings, settingIn } from "./settings_file.ts";
import { type ContextPolicies, policyOf, stricter } from "../gate/policy.ts";
import { type Settings, settingsShape } from "./settings_shape.ts";

/** The source of a setting's value. Flags come before all of these, if a command has them. */
export type SettingOrigin =
  | { kind: "environment"; variable: string }
  | { kind: "template"; path: string }
  | { kind: "repository"; path: string }
  | { kind: "user"; path: string }
  | { kind: "default" };

/** One effective setting. */
export interface EffectiveSetting {
  path: SettingPath;
  /** The path as one text. */
  key: string;
  value: unknown;
  origin: SettingOrigin;
}

/** The sources of the settings. */
export interface SettingSources {
  env: (name: string) => string | undefined;
  /** Named by the person, for one session: takes precedence over the repository's. */
  template?: SourceFile;
  repository: SourceFile | undefined;
  user: SourceFile | undefined;
}

/**
 * Returns every setting that has a value, in the order of the shape.
 *
 * @throws FileError for an invalid file; UsageError for an invalid variable.
 */
export async function effectiveSettings(sources: SettingSources): Promise<EffectiveSetting[]> {
  const files = await Promise.all([
    layerOf("template", sources.template),
    layerOf("repository", sources.repository),
    layerOf("user", sources.user),
  ]);
  const layers = [...files, { settings: defaultSettings, origin: { kind: "default" } } as const];
  return allSettings().flatMap(({ path, schema }) => {
    const key = joinKey(path);
    const found = fromVariable(path, schema, sources.env) ??
      (Object.hasOwn(guards, key)
        ? guards[key]?.(path, layers)
        : isUsersAlone(path)
        ? ofUserAlone(path, layers)
        : fromLayers(path, layers));
    return found === undefined ? [] : [{ path, key, ...found }];
  });
}

/** The same as one object, for code that uses the settings. */
export async function mergedSettings(sources: SettingSources): Promise<Settings> {
  const merged: Record<string, unknown> = {};
  for (const { path, value } of await effectiveSettings(sources)) {
    let group = merged;
    for (const name of path.slice(0, -1)) {
      group = (group[name] ??= {}) as Record<string, unknown>;
    }
    group[path.at(-1) as string] = value;
  }
  return v.parse(settingsShape, merged);
}

interface Layer {
  settings: Settings;
  origin: SettingOrigin;
}

async function layerOf(
  kind: "template" | "repository" | "user",
  file: SourceFile | undefined,
): Promise<Layer> {
  if (file === undefined) return { settings: {}, origin: { kind: "default" } };
  return { settings: await readSettings(file), origin: { kind, path: file.path } };
}

type Found = Pick<EffectiveSetting, "value" | "origin">;

function fromVariable(
  path: SettingPath,
  schema: FileSchema,
  env: SettingSources["env"],
): Found | undefined {
  const variable = Object.entries(settingVariables).find(([, key]) => key === joinKey(path))?.[0];
  const text = variable === undefined ? "" : env(variable) ?? "";
  if (variable === undefined || text === "") return undefined;
  const value = parseSettingValue(variable, schema, text);
  return { value, origin: { kind: "environment", variable } };
}

/**
 * Settings that guard against accidents: a repository, which could be anyone's, can make them stricter but not weaker.
 */
const guards: Readonly<
  Record<string, (path: SettingPath, layers: readonly Layer[]) => Found | undefined>
> = {
  "exec.confirmAbove": (path, layers) => {
    const [repository, own] = ownAndOthers(path, layers);
    const isStricter = repository !== undefined && Number(repository.value) < Number(own?.value);
    return isStricter ? repository : own;
  },
  "runs.outputs": (path, layers) => {
    const [repository, own] = ownAndOthers(path, layers);
    return repository?.value === false ? repository : own;
  },
  "gate.contexts": (path, layers) => {
    const [repository, own] = ownAndOthers(path, layers);
    if (repository === undefined) return own;
    const policies = { ...own?.value as ContextPolicies | undefined };
    for (const [name, policy] of Object.entries(repository.value as ContextPolicies)) {
      // Without a policy `kodama k` confirms each change.
      policies[name] = stricter(policy, policyOf(policies, name) ?? "ask");
    }
    return { value: policies, origin: own?.origin ?? repository.origin };
  },
  // Each file adds its own.
  agents: (path, layers) => {
    const found = layers.flatMap((layer) => fromLayers(path, [layer]) ?? []);
    const [nearest] = found;
    if (nearest === undefined) return undefined;
    const value = Object.assign({}, ...found.map((one) => one.value).reverse());
    return { value, origin: nearest.origin };
  },
  // A repository could have any Secret of the namespace mounted into an image of its own.
  "defaults.volumes": ownOnly,
  "defaults.serviceAccount": ownOnly,
  "exec.readOnly": ownOnly,
  // It gets the rights of the workflows that are run in a cluster.
  "runs.image": ownOnly,
  "releases.url": ownOnly,
  "gate.kubectl": ownOnly,
  "log.level": ownOnly,
  "log.file": ownOnly,
  "log.format": ownOnly,
};

/**
 * Returns whether only the user may set it, and no repository: models and their servers, since a repository could send
 * the user's key or questions to a server of its own; plugins, since they are code; and keys, since one could do
 * another action than the user expects; where notices are sent; and the user's dotfiles.
 */
function isUsersAlone([group]: SettingPath): boolean {
  return group === "plugins" || group === "ui" || group === "model" || group === "notify" ||
    group === "dotfiles" || (group?.startsWith("model_") ?? false);
}

function ofUserAlone(path: SettingPath, layers: readonly Layer[]): Found | undefined {
  const isOthers = ({ origin }: Layer) =>
    origin.kind === "repository" || origin.kind === "template";
  const theirs = fromLayers(path, layers.filter(isOthers));
  if (theirs === undefined) return fromLayers(path, layers);
  const source = theirs.origin.kind === "repository" || theirs.origin.kind === "template"
    ? theirs.origin.path
    : "";
  throw new KodamaError("config", `${source}: ${joinKey(path)} can't be set here`, {
    hint: hint`models, plugins, keys, webhooks and dotfiles are in your own file alone: ${
      action("config.path")
    }`,
  });
}

/** A repository can't say what is harmless, nor switch the user's log off. */
function ownOnly(path: SettingPath, layers: readonly Layer[]): Found | undefined {
  const [repository, own] = ownAndOthers(path, layers);
  if (repository?.origin.kind !== "repository") return own;
  const key = joinKey(path);
  throw new KodamaError("config", `${repository.origin.path}: ${key} can't be set here`, {
    hint: hint`only your own file can set it: ${action("config.path")}`,
  });
}

/** The repository's value, and the value without it. */
function ownAndOthers(
  path: SettingPath,
  layers: readonly Layer[],
): [Found | undefined, Found | undefined] {
  const ofRepository = (one: Layer) => one.origin.kind === "repository";
  return [
    fromLayers(path, layers.filter(ofRepository)),
    fromLayers(path, layers.filter((one) => !ofRepository(one))),
  ];
}

function fromLayers(path: SettingPath, layers: readonly Layer[]): Found | undefined {
  for (const { settings, origin } of layers) {
    const value = settingIn(settings, path);
    if (value !== undefined) return { value, origin };
  }
  return undefined;
}
