/** A folder for a test; removed when it is disposed of. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** Creates a folder whose name starts with the prefix. */
export async function temporaryFolder(prefix: string): Promise<TemporaryFolder> {
  const path = await Deno.makeTempDir({ prefix });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
