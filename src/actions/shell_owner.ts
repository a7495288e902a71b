/** By what a person's kept shells are found again, and nobody else's. */
import { KodamaError } from "../base/errors.ts";
import type { Host } from "./host.ts";

/** 128 random bits in hexadecimal. */
const shape = /^[0-9a-f]{32}$/;

function newId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/**
 * The id of this configuration folder, made when it is first asked for. Where it can't be kept, shells outlive their
 * link all the same, and are found by this process alone.
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
    // Another kodama was first, by a moment.
    if (error.kind === "conflict") return await known(files, path) ?? id;
  }
  return id;
}

async function known(files: Host["files"], path: string): Promise<string | undefined> {
  const text = (await files.readText(path, 64).catch(() => undefined))?.trim();
  return text !== undefined && shape.test(text) ? text : undefined;
}

/** The id of a new shell. */
export function newShellId(): string {
  return newId().slice(0, 12);
}
