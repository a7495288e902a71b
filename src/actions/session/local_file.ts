/** `sessions/NAME.yaml`: where a session was last used from this machine. A cache: the cluster is authoritative. */
import * as v from "valibot";
import { KodamaError } from "../../base/errors.ts";
import type { Session } from "../../session/model.ts";
import type { Host } from "../host.ts";

/** The part of the file that is read. The rest is for people. */
const shape = v.object({
  namespace: v.pipe(v.string(), v.regex(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/)),
  context: v.optional(v.pipe(v.string(), v.maxLength(1000))),
});

const maxBytes = 1024 * 1024;

/** Where a session of this name was last used. */
interface LocalSession {
  namespace: string;
  context?: string;
}

function pathOf(host: Host, name: string): string {
  return `${host.places.configDir}/sessions/${name}.yaml`;
}

/** Returns the file's content; undefined if there is none, or it can't be read: it is only a preference. */
export async function readLocalSession(
  host: Host,
  name: string,
): Promise<LocalSession | undefined> {
  if (host.places.userDir === undefined) return undefined;
  const text = await host.files.readText(pathOf(host, name), maxBytes);
  if (text === undefined) return undefined;
  const { parse } = await import("yaml");
  try {
    const { namespace, context } = v.parse(shape, parse(text, { maxAliasCount: 0 }));
    return { namespace, ...(context === undefined ? {} : { context }) };
  } catch {
    return undefined;
  }
}

/**
 * Writes the file. The values of variables aren't part of a session.
 *
 * @returns why it couldn't be written, if so: everything works without it, and nothing should fail because of it.
 */
export async function writeLocalSession(
  host: Host,
  session: Session,
  context: string,
): Promise<string | undefined> {
  const [{ stringify }, { sessionDocument }] = await Promise.all([
    import("yaml"),
    import("../../session/document.ts"),
  ]);
  const document = { ...sessionDocument(session), context };
  const text = stringify(document, { aliasDuplicateObjects: false });
  try {
    await host.files.replaceText(pathOf(host, session.name), text);
    return undefined;
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return `${error.message}; the session is still stored in the cluster`;
  }
}

/** Removes the file. */
export async function removeLocalSession(host: Host, name: string): Promise<void> {
  const path = pathOf(host, name);
  try {
    await host.files.remove(path);
  } catch (error) {
    // In a folder that isn't writable there is usually no file.
    if (await host.files.readText(path, maxBytes) !== undefined) throw error;
  }
}
