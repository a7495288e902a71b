/** Options of an action as a form: the schema of its fields, and the fields' texts as values. Pure. */
import type { Option, Options, OptionValues } from "../actions/option.ts";
import { UsageError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest_names.ts";
import type { FormTexts, ParamsSchema } from "./api.ts";

/** Returns the schema of a form. Fields are texts, choices and switches; none is required. */
export function formSchema(options: Options): ParamsSchema {
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(options).map(([name, option]) => [name, {
        type: option.type.kind === "switch" ? "boolean" : "string",
        title: titleOf(name),
        description: sentence(option.description),
        ...(option.type.kind === "choice" ? { enum: option.type.values } : {}),
        ...(option.default === undefined ? {} : { default: String(option.default) }),
      }]),
    ),
    required: [],
    additionalProperties: false,
  };
}

/** Returns the values of texts; an empty text is an option that isn't given. @throws UsageError for any other field. */
export async function formOptions<O extends Options>(
  options: O,
  texts: FormTexts,
): Promise<OptionValues<O>> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(texts)) {
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) {
      const near = await didYouMean(name, Object.keys(options));
      throw new UsageError(`there is no option ${JSON.stringify(name)}${near}`);
    }
    if (text.trim() !== "") values[name] = valueOf(name, text.trim(), option);
  }
  return values as OptionValues<O>;
}

function valueOf(name: string, text: string, { type }: Option<unknown>): unknown {
  switch (type.kind) {
    case "text":
      return text;
    case "switch":
      if (text === "true" || text === "false") return text === "true";
      throw new UsageError(`${titleOf(name)}: expected true or false`);
    case "choice":
      if (type.values.includes(text)) return text;
      throw new UsageError(`${titleOf(name)}: expected one of ${type.values.join(", ")}`);
    default:
      throw new TypeError(`a form has no field for ${type.kind}`);
  }
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** `idleTimeout` is `Idle timeout`. */
function titleOf(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return /^(?:cpu|ttl)$/.test(name) ? name.toUpperCase() : words[0]?.toUpperCase() + words.slice(1);
}
