/** Upgrades an HTTP connection to another protocol. https://www.rfc-editor.org/rfc/rfc9110#section-7.8 */
import { plainText } from "../../base/plain_text.ts";
import { LinkReader, readBody, readHead, type ResponseHeaders } from "../link/http.ts";
import type { Link } from "../link/link.ts";

/** The server answered, but not with an upgrade. */
export class UpgradeRefused extends Error {
  override readonly name = "UpgradeRefused";

  constructor(
    readonly code: number,
    readonly body: string,
    /** The header of that name. */
    readonly retryAfter: string | null,
  ) {
    super(`the server answered the upgrade with ${code}`);
  }
}

/** The request was sent, and the link broke before an answer: the requested action may have started. */
export class UpgradeUnanswered extends Error {
  override readonly name = "UpgradeUnanswered";

  constructor(override readonly cause: unknown) {
    super(cause instanceof Error ? cause.message : "the link broke", { cause });
  }
}

const maxBody = 64 * 1024;

/**
 * Sends the request and waits for the server's acceptance: its headers, and the bytes that came with them. Rejects with
 * {@link UpgradeRefused} if the server answers otherwise, and with {@link UpgradeUnanswered}.
 *
 * @param isAccepted whether an upgrade is the requested one: a proxy may answer with another, and nothing has started.
 */
export async function requestUpgrade(
  link: Link,
  request: Uint8Array,
  isAccepted: (headers: ResponseHeaders) => boolean | Promise<boolean>,
): Promise<{ headers: ResponseHeaders; excess: Uint8Array }> {
  await link.write(request);
  const reader = new LinkReader(link);
  const { code, headers } = await readHead(reader).catch((error: unknown) => {
    throw new UpgradeUnanswered(error);
  });
  if (code === 101 && await isAccepted(headers)) return { headers, excess: reader.excess };
  if (code === 101) {
    const other = plainText(headers.get("upgrade") ?? "", 40) || "another protocol";
    throw new UpgradeRefused(code, `it switches to ${other}: a proxy may be in between`, null);
  }
  throw new UpgradeRefused(code, await refusalText(reader, headers), headers.get("retry-after"));
}

/** Returns the part of an error's body that is worth showing. */
async function refusalText(reader: LinkReader, headers: ResponseHeaders): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const bytes of readBody(reader, headers)) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > maxBody) break;
    }
  } catch {
    // A partial text is better than none.
  }
  return text;
}
