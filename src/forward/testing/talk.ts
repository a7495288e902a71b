/** A client of a local port. */

/** Sends a text, ends its side, and returns the whole answer. */
export async function talkTo(port: number, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  await connection.closeWrite();
  const buffer = new Uint8Array(64 * 1024);
  let answer = "";
  for (let count; (count = await connection.read(buffer)) !== null;) {
    answer += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return answer;
}
