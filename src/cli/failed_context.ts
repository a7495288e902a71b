/** A context that can't be used, where others go on. */
import type { KodamaError } from "../base/errors.ts";

/** One line; a context that the error names already isn't named again. */
export function failedContextText(
  { context, error: { message } }: { context: string; error: KodamaError },
): string {
  if (message.includes(`context ${JSON.stringify(context)}`)) return message;
  const [, behind] = message.split(`context ${context}`, 2);
  // Names of contexts may hold colons, and one name may be the beginning of another.
  const named = behind !== undefined && /^(?:$|[\s,)]|:\s)/.test(behind);
  return named ? message : `context ${context}: ${message}`;
}
