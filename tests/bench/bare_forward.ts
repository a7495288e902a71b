/**
 * The least that forwards a port: a TCP proxy over one link to a pod, which copies and nothing else. It has no second
 * link, repeats nothing and counts nothing. `bare_forward.ts NAMESPACE POD LOCAL:REMOTE…`, for `deno task bench:forward`.
 */
import type { PortStream } from "../../src/kube/client.ts";
import { systemHost } from "../../src/kube/host.ts";
import { openKubeClient } from "../../src/kube/open_client.ts";

const [namespace = "", pod = "", ...ports] = Deno.args;
const client = await openKubeClient({}, systemHost(() => {}));
const link = await client.portLink({ namespace, pod });

async function carry(connection: Deno.TcpConn, remote: number): Promise<void> {
  connection.setNoDelay(true);
  using stream = await link.open(remote);
  const up = fromProgram(connection, stream).catch(() => {});
  for (let bytes; (bytes = await stream.read()) !== null;) {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
  }
  connection.close();
  await up;
}

async function fromProgram(connection: Deno.TcpConn, stream: PortStream): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (let count; (count = await connection.read(buffer)) !== null;) {
    await stream.write(buffer.subarray(0, count));
  }
  await stream.closeWrite();
}

async function serve(local: number, remote: number): Promise<void> {
  for await (const connection of Deno.listen({ hostname: "127.0.0.1", port: local })) {
    carry(connection, remote).catch(() => {});
  }
}

await Promise.all(ports.map((pair) => {
  const [local = 0, remote = 0] = pair.split(":").map(Number);
  return serve(local, remote);
}));
