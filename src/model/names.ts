/**
 * Models and their providers: which there are, how they are named, where their keys come from. Data and parsing
 * alone; nothing here loads a provider's code or connects.
 */

import { UsageError } from "../base/errors.ts";
import { action, hint } from "../base/hint.ts";
import { didYouMean } from "../base/nearest_names.ts";

/**
 * A provider. A new provider also needs a case in `sdk.ts`, and a variable for its URL in `config/default_settings.ts`.
 */
interface Provider {
  /** As in messages. */
  readonly title: string;
  /** The base URL if none is set; undefined if there is no usual URL. */
  readonly url: string | undefined;
  /** Whether every request needs a key. */
  readonly needsKey: boolean;
  /** The provider's own environment variables for a key; the first that is set is used. */
  readonly keyVariables: readonly string[];
  /** The form of its keys, to notice a wrong key early; undefined if it isn't documented. */
  readonly keyForm: { readonly pattern: RegExp; readonly text: string } | undefined;
  /** The models that kodama suggests, the usual model first; any other name is accepted too. */
  readonly models: readonly KnownModel[];
}

/** A model that kodama suggests. */
interface KnownModel {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** A model of a provider. */
export interface ModelName {
  provider: ProviderId;
  name: string;
  /** The text named neither a provider nor a known model, so the name is taken for a model of Ollama. */
  assumed?: true;
}

function known(name: string, ...aliases: string[]): KnownModel {
  return { name, aliases };
}

/** Every provider, in the order in which they are listed. `compatible` is any other server with OpenAI's chat completions. */
const all = {
  anthropic: {
    title: "Anthropic",
    url: "https://api.anthropic.com/v1",
    needsKey: true,
    keyVariables: ["ANTHROPIC_API_KEY"],
    keyForm: { pattern: /^sk-ant-[\w-]{20,}$/, text: "sk-ant-…" },
    models: [
      known("claude-sonnet-5-5", "sonnet", "claude"),
      known("claude-opus-5-5", "opus"),
      known("claude-haiku-5-5", "haiku"),
    ],
  },
  openai: {
    title: "OpenAI",
    url: "https://api.openai.com/v1",
    needsKey: true,
    keyVariables: ["OPENAI_API_KEY"],
    keyForm: { pattern: /^sk-[\w-]{20,}$/, text: "sk-…" },
    models: [known("gpt-5.6", "gpt"), known("gpt-5.4-mini"), known("gpt-5.4-nano")],
  },
  mistral: {
    title: "Mistral",
    url: "https://api.mistral.ai/v1",
    needsKey: true,
    keyVariables: ["MISTRAL_API_KEY"],
    keyForm: { pattern: /^[A-Za-z0-9]{32}$/, text: "32 letters and digits" },
    models: [
      known("mistral-large-latest", "mistral-large", "mistral"),
      known("mistral-medium-latest", "mistral-medium"),
      known("mistral-small-latest", "mistral-small"),
    ],
  },
  gemini: {
    title: "Gemini",
    url: "https://generativelanguage.googleapis.com/v1beta",
    needsKey: true,
    keyVariables: ["GEMINI_API_KEY"],
    keyForm: { pattern: /^AIza[\w-]{35}$/, text: "AIza…, 39 characters" },
    models: [known("gemini-3.8-flash", "gemini"), known("gemini-2.5-pro")],
  },
  ollama: {
    title: "Ollama",
    url: "http://127.0.0.1:11434",
    needsKey: false,
    keyVariables: ["OLLAMA_API_KEY"],
    keyForm: undefined,
    models: [],
  },
  compatible: {
    title: "the OpenAI-compatible server",
    url: undefined,
    needsKey: false,
    keyVariables: [],
    keyForm: undefined,
    models: [],
  },
} as const satisfies Record<string, Provider>;

/** The name of a provider. */
export type ProviderId = keyof typeof all;

/** The providers by their names. */
export const providers: Readonly<Record<ProviderId, Provider>> = all;

/** The names of the providers. */
export const providerIds = Object.keys(providers) as readonly ProviderId[];

/** The full name: `ollama/llama3.2`. */
export function modelText({ provider, name }: Pick<ModelName, "provider" | "name">): string {
  return `${provider}/${name}`;
}

/** The meaning of a text: see {@link parseModelName}. */
type ParsedModel =
  | { kind: "model"; model: ModelName }
  /** The part before the name isn't a provider. */
  | { kind: "unknownProvider"; provider: string }
  | { kind: "empty" };

/**
 * Parses the name of a model: `provider/name`, `provider:name`, or the name or alias of a known model. Any other name
 * is assumed to be a model of Ollama, whose names have no common form.
 */
export function parseModelName(text: string): ParsedModel {
  const trimmed = text.trim();
  if (trimmed === "") return { kind: "empty" };
  const [, prefix = "", name = ""] = /^([a-z-]+)[/:](.+)$/s.exec(trimmed) ?? [];
  if (Object.hasOwn(providers, prefix)) {
    const provider = prefix as ProviderId;
    return { kind: "model", model: { provider, name: knownName(provider, name) ?? name } };
  }
  for (const provider of providerIds) {
    const found = knownName(provider, trimmed);
    if (found !== undefined) return { kind: "model", model: { provider, name: found } };
  }
  // A colon belongs to the names of Ollama too, as in `llama3.2:1b`; a slash to no other name.
  if (trimmed.includes("/")) {
    return { kind: "unknownProvider", provider: trimmed.slice(0, trimmed.indexOf("/")) };
  }
  return { kind: "model", model: { provider: "ollama", name: trimmed, assumed: true } };
}

/** The known model of this name or alias. */
function knownName(provider: ProviderId, name: string): string | undefined {
  return providers[provider].models.find((one) => one.name === name || one.aliases.includes(name))
    ?.name;
}

/** Every name by which a known model can be given, for suggestions. */
export function suggestedNames(): string[] {
  return providerIds.flatMap((provider) =>
    providers[provider].models.flatMap(({ name, aliases }) => [
      `${provider}/${name}`,
      name,
      ...aliases,
    ])
  );
}

/** Returns the model that a text names. @throws UsageError if it can't name one. */
export async function modelOfText(text: string): Promise<ModelName> {
  const parsed = parseModelName(text);
  switch (parsed.kind) {
    case "model":
      return parsed.model;
    case "empty":
      throw new UsageError("the name of a model is empty", modelListHint);
    case "unknownProvider": {
      const near = await didYouMean(parsed.provider, providerIds);
      throw new UsageError(
        `unknown model "${text}": there is no provider "${parsed.provider}"${near}`,
        modelListHint,
      );
    }
  }
}

const modelListHint = {
  hint: hint`${action("model.list")} prints the providers, and the models that kodama knows`,
};
