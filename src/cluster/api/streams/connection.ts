/** TCP connections to a pod, read and written without Deno's streams, which close both halves when one ends. */

/** Passes bytes to the client in a message. */
const chunkBytes = 32 * 1024;

/** Returns the pod's output until its end. Each chunk is its own. */
export async function* bytesFrom(connection: Deno.TcpConn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(chunkBytes);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) return;
    yield buffer.slice(0, count);
  }
}

/** Writes all of them. */
export async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** Closes a connection that the other direction may have closed already. */
export function closeOnce(connection: Deno.TcpConn | undefined): void {
  try {
    connection?.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
