/** Response bodies that are read completely. */
import { KodamaError } from "../../base/errors.ts";
import type { Whereabouts } from "../failures.ts";

/**
 * Returns a body as text. Throws a `server` error if it is longer than the limit, in characters: a truncated document
 * would be misread.
 */
export async function boundedText(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
  { context, server }: Whereabouts,
): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const part = decoder.decode(chunk, { stream: true });
    parts.push(part);
    length += part.length;
    if (length > limit) {
      throw new KodamaError(
        "server",
        `${server} (context ${context}) answered with more than ${limit} characters`,
      );
    }
  }
  return parts.join("");
}
