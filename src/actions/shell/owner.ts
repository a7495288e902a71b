/** The id by which only this user's persistent shells are found again. */
import { KodamaError } from "../../base/errors.ts";
import type { Host } from "../host.ts";

/** 128 random bits in hexadecimal. */
const shape = /^[0-9a-f]{32}$/;

function newId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/**
 * Returns the id of this configuration folder, created on first use. If it can't be stored, shells still outlive
 * their connection, but only this process finds them.
 */
export async function shellOwner(
  { files, places }: Pick<Host, "files" | "places">,
): Promise<string> {
  const id = newId();
  if (places.userDir === undefined) return id;
  const path = `${places.userDir}/shell-owner`;
  try {
    const known = (await files.readText(path, 64))?.trim();
    if (known !== undefined && shape.test(known)) return known;
    await using file = await files.create(path, { private: true, replace: known !== undefined });
    await file.write(new TextEncoder().encode(`${id}\n`));
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    // Another kodama created it just before.
    if (error.kind === "conflict") return await known(files, path) ?? id;
  }
  return id;
}

async function known(files: Host["files"], path: string): Promise<string | undefined> {
  const text = (await files.readText(path, 64).catch(() => undefined))?.trim();
  return text !== undefined && shape.test(text) ? text : undefined;
}

/** Returns the id of a new shell. */
export function newShellId(): string {
  return newId().slice(0, 12);
}
