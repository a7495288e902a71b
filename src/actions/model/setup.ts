/** The models that a user has chosen, by settings and options, and how each is opened. */
import { action, hint } from "../../base/hint.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import { parseDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import type { RetryPolicy } from "../../base/retry.ts";
import { mergedSettings } from "../../config/settings.ts";
import type { Settings } from "../../config/settings_shape.ts";
import type { AnswerParts } from "../../model/fallback.ts";
import { findKey, type FoundKey, missingKey } from "../../model/keys.ts";
import type { Prices } from "../../model/metrics.ts";
import type { Model } from "../../model/model.ts";
import {
  type ModelName,
  modelOfText,
  modelText,
  type ProviderId,
  providerIds,
  providers,
} from "../../model/names.ts";
import { settingSources } from "../config/setting_sources.ts";
import { defaultSettings } from "../../config/default_settings.ts";
import type { Host } from "../host.ts";
import type { ModelOptionValues } from "./options.ts";

/** More than any key. */
const maxKeyBytes = 16 * 1024;

const defaults = defaultSettings.model;

/** The models of a user, in the order in which they are tried. */
export class ModelSetup {
  /** Keys that were found, by provider. */
  readonly keys = new Map<ProviderId, FoundKey>();

  private constructor(
    private readonly host: Host,
    private readonly settings: Settings,
    /** The preferred model first. */
    readonly names: readonly ModelName[],
  ) {}

  /**
   * Reads the settings. No key is read yet.
   *
   * @throws UsageError for an impossible name of a model; KodamaError for invalid settings.
   */
  static async of(host: Host, { model }: ModelOptionValues = {}): Promise<ModelSetup> {
    const settings = await mergedSettings(await settingSources(host));
    const { name = defaults.name, fallback = [] } = settings.model ?? {};
    const texts = model === undefined ? [name, ...fallback] : [model];
    return new ModelSetup(host, settings, await Promise.all([...new Set(texts)].map(modelOfText)));
  }

  get prices(): Prices {
    return this.settings.model?.prices ?? {};
  }

  /** How answers are requested; without the signal. */
  get parts(): Omit<AnswerParts, "signal"> {
    const {
      maxRetries = defaults.maxRetries,
      retryDelay = defaults.retryDelay,
      timeout = defaults.timeout,
    } = this.settings.model ?? {};
    const policy: RetryPolicy = {
      delayMs: parseDuration(retryDelay) ?? 1000,
      factor: 2,
      maxDelayMs: 30_000,
      jitter: 0.3,
      attempts: maxRetries + 1,
    };
    return {
      open: (name) => this.open(name),
      clock: this.host.clock,
      random: Math.random,
      policy,
      timeoutMs: parseDuration(timeout) ?? 120_000,
    };
  }

  /** Returns the base URL of a provider; undefined if none is set and there is no usual URL. */
  url(provider: ProviderId): string | undefined {
    const set = this.settings.model_urls?.[provider];
    const text = set ?? (provider === "ollama" ? ollamaHost(this.host) : undefined) ??
      providers[provider].url;
    return text?.replace(/\/+$/, "");
  }

  /**
   * Returns a provider's key, or undefined if there is none. It is read once.
   *
   * @throws KodamaError `config` if a file that should have it doesn't.
   */
  async key(provider: ProviderId): Promise<FoundKey | undefined> {
    const known = this.keys.get(provider);
    if (known !== undefined) return known;
    const { model_keys, model_key_files } = this.settings;
    const found = await findKey(provider, {
      env: (name) => this.host.env(name),
      keys: model_keys ?? {},
      files: model_key_files ?? {},
      readFile: (path) => this.#readFile(path),
    });
    if (found !== undefined) this.keys.set(provider, found);
    this.host.log("info", "model", `key of ${provider}: ${keyText(found)}`);
    return found;
  }

  /** Finds the key of a model and opens it. @throws ModelError `missingKey`; KodamaError. */
  async open(name: ModelName): Promise<Model> {
    const { provider } = name;
    const key = await this.key(provider);
    if (key === undefined && providers[provider].needsKey) throw missingKey(name);
    const url = this.url(provider);
    if (url === undefined) {
      throw new KodamaError("config", `there is no URL for models of ${provider}`, {
        hint: hint`set it, as in: ${
          action("config.set", {
            key: `model_urls.${provider}`,
            value: "https://models.example.com/v1",
          })
        }`,
      });
    }
    const nowMs = () => this.host.clock.now().getTime();
    return await this.host.openModel(name, { key: key?.value, url, nowMs });
  }

  async #readFile(path: string): Promise<{ text: string; isShared: boolean } | undefined> {
    const { files, places } = this.host;
    const home = this.host.env("HOME");
    const full = path.startsWith("~/") && home !== undefined
      ? `${home}${path.slice(1)}`
      : absolutePath(path, places.userDir ?? places.workingDir);
    const text = await files.readText(full, maxKeyBytes);
    if (text === undefined) return undefined;
    const { mode = 0 } = await files.inspect(full) ?? {};
    return { text, isShared: (mode & 0o077) !== 0 };
  }
}

/** A key's source and approximate length: no more of it may be logged. */
function keyText(found: FoundKey | undefined): string {
  if (found === undefined) return "none";
  const { source, value } = found;
  const from = sourceText(source);
  const length = value.length < 20
    ? "less than 20"
    : value.length < 100
    ? "20 to 99"
    : "100 or more";
  return `${from}, ${length} characters`;
}

function sourceText(source: FoundKey["source"]): string {
  switch (source.kind) {
    case "variable":
      return `$${source.name}`;
    case "variableFile":
      return `the file that $${source.name} names`;
    case "setting":
      return "the setting model_keys";
    case "settingFile":
      return "the file of the setting model_key_files";
  }
}

/** `OLLAMA_HOST` is read as Ollama's own programs read it: `0.0.0.0:11434`, `example.com`, a URL. */
function ollamaHost(host: Host): string | undefined {
  const text = (host.env("OLLAMA_HOST") ?? "").trim();
  if (text === "") return undefined;
  const [, scheme = "http", address = "", port] =
    /^(?:(https?):\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?/.exec(text) ?? [];
  // A server that listens everywhere is reached at this machine.
  const name = address === "" || address === "0.0.0.0" || address === "[::]"
    ? "127.0.0.1"
    : address;
  const usual = { http: "11434", https: "443" }[scheme] ?? "11434";
  return `${scheme}://${name}:${port ?? usual}`;
}

/** Returns the full names of the models that kodama knows. */
export function suggestedModels(): string[] {
  return providerIds.flatMap((provider) =>
    providers[provider].models.map(({ name }) => modelText({ provider, name }))
  );
}

/** A model, as a list shows it. */
export interface ListedModel {
  model: ModelName;
  aliases: readonly string[];
  /** Its position in the order in which models are asked, from 1; undefined if it isn't asked. */
  position: number | undefined;
  key: KeyState;
  url: string | undefined;
}

/** Whether there is a key for a model. */
export type KeyState =
  | { kind: "found"; source: FoundKey["source"]; warnings: FoundKey["warnings"] }
  | { kind: "missing" }
  | { kind: "notNeeded" }
  /** A file that should have it can't be read, or is empty. */
  | { kind: "unusable"; reason: string };

/** Returns the chosen models and those that kodama knows, without connecting to any. */
export async function listModels(host: Host): Promise<ListedModel[]> {
  const setup = await ModelSetup.of(host);
  const known = providerIds.flatMap((provider) =>
    providers[provider].models.map(({ name }): ModelName => ({ provider, name }))
  );
  const chosen = setup.names.filter((one) => !known.some((model) => isSame(model, one)));
  return await Promise.all([...chosen, ...known].map((model) => describe(setup, model)));
}

/** Returns the known facts of the chosen models, or of those that the texts name. */
export async function showModels(host: Host, texts: readonly string[]): Promise<ListedModel[]> {
  const setup = await ModelSetup.of(host);
  const names = texts.length === 0 ? setup.names : await Promise.all(texts.map(modelOfText));
  return await Promise.all(names.map((model) => describe(setup, model)));
}

async function describe(setup: ModelSetup, model: ModelName): Promise<ListedModel> {
  const { provider, name } = model;
  const position = setup.names.findIndex((one) => isSame(one, model));
  return {
    model,
    aliases: providers[provider].models.find((one) => one.name === name)?.aliases ?? [],
    position: position < 0 ? undefined : position + 1,
    key: await keyState(setup, provider),
    url: setup.url(provider),
  };
}

async function keyState(setup: ModelSetup, provider: ProviderId): Promise<KeyState> {
  try {
    const key = await setup.key(provider);
    if (key !== undefined) return { kind: "found", source: key.source, warnings: key.warnings };
    return { kind: providers[provider].needsKey ? "missing" : "notNeeded" };
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return { kind: "unusable", reason: error.message };
  }
}

function isSame(a: ModelName, b: ModelName): boolean {
  return a.provider === b.provider && a.name === b.name;
}
