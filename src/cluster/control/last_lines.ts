/** The length of a file's end that is read: lines of a log are short. */
const windowBytes = 16 * 1024;

/** Returns the last non-empty lines of a text file; none if the file doesn't exist. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - windowBytes), Deno.SeekMode.Start);
    const chunk = new Uint8Array(windowBytes);
    let length = 0;
    for (let read = 1; read > 0 && length < windowBytes; length += read) {
      read = await file.read(chunk.subarray(length)) ?? 0;
    }
    const lines = new TextDecoder().decode(chunk.subarray(0, length)).split("\n");
    return lines.filter((line) => line.trim() !== "").slice(-count);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
