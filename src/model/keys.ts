/** The keys of providers: where each is found, by a fixed order, and whether it has the form of a key. */
import { KodamaError } from "../base/errors.ts";
import { action, hint } from "../base/hint.ts";
import { ModelError, modelMessage } from "./model_error.ts";
import { type ModelName, modelText, type ProviderId, providers } from "./names.ts";

/** Where a key is. */
type KeySource =
  | { kind: "variable"; name: string }
  /** A file that a variable names. */
  | { kind: "variableFile"; name: string; path: string }
  | { kind: "setting" }
  | { kind: "settingFile"; path: string };

/** A key, and the warnings about it. Its value belongs in a request alone. */
export interface FoundKey {
  source: KeySource;
  value: string;
  warnings: readonly KeyWarning[];
}

/** Something is unusual, and doesn't prevent the key's use. */
export type KeyWarning =
  /** The key hasn't the form of this provider's keys. */
  | { kind: "form"; expected: string }
  /** Other users of the machine may read the file. */
  | { kind: "readable"; path: string };

/** The sources of keys. */
export interface KeySources {
  env: (name: string) => string | undefined;
  /** `model_keys` and `model_key_files` of the user's settings. */
  keys: Readonly<Partial<Record<ProviderId, string | undefined>>>;
  files: Readonly<Partial<Record<ProviderId, string | undefined>>>;
  /** Returns a file's text, and whether others may read it; undefined if there is no such file. */
  readFile: (path: string) => Promise<{ text: string; isShared: boolean } | undefined>;
}

/** kodama's own variable for a provider's key; with `_FILE` at its end, for the path of a file with the key. */
function keyVariable(provider: ProviderId): string {
  return `KODAMA_${provider.toUpperCase()}_API_KEY`;
}

/**
 * Returns a provider's key from the first source that has a key: `KODAMA_…_API_KEY`, `KODAMA_…_API_KEY_FILE`,
 * `model_keys`, `model_key_files`, the provider's own variables. Undefined if none has.
 *
 * @throws KodamaError `config` if the file that a source names is missing or empty: the next source isn't used instead.
 */
export async function findKey(
  provider: ProviderId,
  { env, keys, files, readFile }: KeySources,
): Promise<FoundKey | undefined> {
  const own = keyVariable(provider);
  const found = (source: KeySource, text: string, more: readonly KeyWarning[] = []): FoundKey => {
    const value = text.trim();
    return { source, value, warnings: [...keyFormWarnings(provider, value), ...more] };
  };
  const fromFile = async (source: KeySource & { path: string }) => {
    const { path } = source;
    const file = await readFile(path);
    if (file === undefined || file.text.trim() === "") {
      const problem = file === undefined ? "doesn't exist" : "is empty";
      throw new KodamaError("config", `the file with the key for ${provider} ${problem}: ${path}`);
    }
    const shared: KeyWarning[] = file.isShared ? [{ kind: "readable", path }] : [];
    return found(source, file.text, shared);
  };
  const value = nonEmpty(env(own));
  if (value !== undefined) return found({ kind: "variable", name: own }, value);
  const path = nonEmpty(env(`${own}_FILE`));
  if (path !== undefined) {
    return await fromFile({ kind: "variableFile", name: `${own}_FILE`, path });
  }
  const setting = nonEmpty(keys[provider]);
  if (setting !== undefined) return found({ kind: "setting" }, setting);
  const settingPath = nonEmpty(files[provider]);
  if (settingPath !== undefined) return await fromFile({ kind: "settingFile", path: settingPath });
  for (const name of providers[provider].keyVariables) {
    const usual = nonEmpty(env(name));
    if (usual !== undefined) return found({ kind: "variable", name }, usual);
  }
  return undefined;
}

/** An empty variable counts as unset. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}

/** Returns a warning if a key hasn't the form of its provider's keys. It isn't an error: providers change the form. */
export function keyFormWarnings(
  provider: ProviderId,
  key: string,
): Extract<KeyWarning, { kind: "form" }>[] {
  const form = providers[provider].keyForm;
  const isOdd = /\s/.test(key.trim()) || (form !== undefined && !form.pattern.test(key.trim()));
  if (!isOdd) return [];
  return [{ kind: "form", expected: form?.text ?? "a text without blanks" }];
}

/** The error of a model whose key is missing. */
export function missingKey(name: ModelName): ModelError {
  const { provider } = name;
  const model = modelText(name);
  const [variable = keyVariable(provider)] = providers[provider].keyVariables;
  return new ModelError("missingKey", modelMessage("missingKey", { provider, model, detail: "" }), {
    model,
    hint: hint`set $${variable}, or store it: ${
      action("config.set", { key: `model_keys.${provider}`, value: "-" })
    }`,
  });
}
