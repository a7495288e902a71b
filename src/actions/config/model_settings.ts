/** Checks of settings of models when they are set, by rules that a schema can't have: none of them needs a request. */
import { nearestNames } from "../../base/nearest_names.ts";
import { keyFormWarnings } from "../../model/keys.ts";
import { modelOfText, parseModelName, type ProviderId, suggestedNames } from "../../model/names.ts";

/** A warning about a value that is set. */
export type ModelSettingWarning =
  /** No provider is named, and kodama knows no such model: it will be looked for at Ollama. */
  | { kind: "noProvider"; model: string; near: readonly string[] }
  | { kind: "keyForm"; provider: ProviderId; expected: string };

/**
 * Returns the warnings about the value of a setting.
 *
 * @param path the names of the setting.
 * @throws UsageError if a model's provider doesn't exist.
 */
export async function checkModelSetting(
  path: readonly string[],
  value: unknown,
): Promise<ModelSettingWarning[]> {
  const [group, name = ""] = path;
  if (group === "model_keys" && typeof value === "string") {
    const provider = name as ProviderId;
    return keyFormWarnings(provider, value).map(({ expected }) => ({
      kind: "keyForm",
      provider,
      expected,
    }));
  }
  if (group !== "model" || (name !== "name" && name !== "fallback")) return [];
  const warnings: ModelSettingWarning[] = [];
  for (const model of [value].flat()) {
    if (typeof model !== "string") continue;
    await modelOfText(model);
    const parsed = parseModelName(model);
    if (parsed.kind !== "model" || parsed.model.assumed !== true) continue;
    const near = await nearestNames(model, suggestedNames(), 2);
    warnings.push({ kind: "noProvider", model, near });
  }
  return warnings;
}
