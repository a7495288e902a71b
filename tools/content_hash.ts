/** A content hash of a folder: the same files give the same name on every machine. */

/** Returns the SHA-256 over the paths and the bytes of every file below `folder`, in hexadecimal. */
export async function contentHash(folder: string): Promise<string> {
  const lines: string[] = [];
  for await (const path of files(folder)) {
    const digest = await sha256(await Deno.readFile(path));
    lines.push(`${digest}  ${path.slice(folder.length + 1)}\n`);
  }
  return await sha256(new TextEncoder().encode(lines.toSorted().join("")));
}

async function* files(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* files(path);
    else yield path;
  }
}

/** Returns the SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
