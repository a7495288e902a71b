/**
 * The least that one process can do: for each pod, open a WebSocket, read to the final Status, close.
 * A fan-out and nothing else. The names are given to it, the command runs bare, and what comes goes to
 * standard output as it comes.
 *
 *     deno run floor.ts JOB.json
 *
 * What a program around it costs is measured beside this, so not a line of kodama is in it.
 */

/** A job, as the file holds it. */
export interface FloorJob {
  /** `https://host:port`. */
  server: string;
  /** PEM. */
  certificateAuthority: string;
  clientCertificate?: { certificate: string; key: string };
  token?: string;
  namespace: string;
  pods: string[];
  command: string[];
  /** Pods at the same time. */
  fanout: number;
}

const protocol = "v5.channel.k8s.io";
const channel = { stdout: 1, error: 3 } as const;

/** Runs the command in one pod. Rejects where its Status isn't a success. */
function execute(job: FloorJob, pod: string, client: Deno.HttpClient): Promise<void> {
  const query = new URLSearchParams({ stdout: "true", stderr: "true" });
  for (const word of job.command) query.append("command", word);
  const { server, namespace, token } = job;
  const address = `${server}/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;
  const socket = new WebSocket(address, {
    protocols: [protocol],
    client,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  socket.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      const message = new Uint8Array(data);
      if (message[0] === channel.stdout) Deno.stdout.writeSync(message.subarray(1));
      if (message[0] !== channel.error) return;
      const status = JSON.parse(new TextDecoder().decode(message.subarray(1)));
      if (status.status !== "Success") return reject(new Error(`${pod}: ${status.message}`));
      socket.close();
      resolve();
    };
    socket.onerror = (event) =>
      reject(new Error(`${pod}: ${event instanceof ErrorEvent ? event.message : "no stream"}`));
    // After a Status this changes nothing any more.
    socket.onclose = () => reject(new Error(`${pod}: closed without a Status`));
  });
}

if (import.meta.main) {
  const job: FloorJob = JSON.parse(await Deno.readTextFile(Deno.args[0] ?? ""));
  const { certificate: cert, key } = job.clientCertificate ?? {};
  const client = Deno.createHttpClient({
    caCerts: [job.certificateAuthority],
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
  const pods = job.pods.values();
  const worker = async () => {
    for (const pod of pods) await execute(job, pod, client);
  };
  await Promise.all(Array.from({ length: job.fanout }, worker));
  // Pending close handshakes are abandoned.
  Deno.exit(0);
}
