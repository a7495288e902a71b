/** Requests to a synchronisation's process: a file each, in a folder of its own. */
import * as v from "valibot";
import type { SyncRequest } from "../../actions/sync_control.ts";
import { isAbsent } from "../../files/errors.ts";
import { replaceFile } from "./sync_folder.ts";

const requestShape = v.variant("kind", [
  v.object({ kind: v.literal("pause") }),
  v.object({ kind: v.literal("resume"), allowEmptied: v.boolean() }),
  v.object({ kind: v.literal("flush") }),
  v.object({ kind: v.literal("stop"), forget: v.boolean() }),
]);

const named = /^([0-9a-f-]{36})\.json$/;

/** Writes a request; returns the name under which it is answered. */
export async function leaveRequest(folder: string, request: SyncRequest): Promise<string> {
  const id = crypto.randomUUID();
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(`${folder}/${id}.json`, JSON.stringify(request));
  return id;
}

/** Handlers of requests. */
export interface RequestTaking {
  carryOut: (id: string, request: SyncRequest) => Promise<void>;
  failed: (error: unknown) => void;
  /** The folder was removed: requests can't arrive any more. */
  gone: () => void;
}

/** Requests are polled: a named pipe may block the system's watcher (`watch_pulse.ts`) just when a stop arrives. */
const lookEveryMs = 200;

/** Takes requests as they arrive. Removes those for a process that has exited. */
export function takeRequests(
  folder: string,
  { carryOut, failed, gone }: RequestTaking,
): Disposable {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const { name } of Deno.readDirSync(folder)) Deno.removeSync(`${folder}/${name}`);
  const look = async () => {
    for (const { name } of Deno.readDirSync(folder)) {
      const id = named.exec(name)?.[1];
      if (id === undefined) continue;
      const request = await take(`${folder}/${name}`);
      // Not in sequence: a wait for an absent pod must not delay a stop.
      if (request !== undefined) carryOut(id, request).catch(failed);
    }
  };
  const timer = setInterval(
    () => look().catch((error) => isAbsent(error) ? gone() : failed(error)),
    lookEveryMs,
  );
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function take(path: string): Promise<SyncRequest | undefined> {
  try {
    const text = await Deno.readTextFile(path);
    await Deno.remove(path);
    const parsed = v.safeParse(requestShape, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    // It was taken already, by an earlier poll.
    if (isAbsent(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
