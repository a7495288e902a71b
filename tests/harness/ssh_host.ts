/** A session as a host of this machine's OpenSSH. */
import assert from "node:assert/strict";
import { type CommandResult, runCommand } from "./command.ts";
import { freePort } from "./free_port.ts";
import { outputOf, type SourceKodama } from "./source_kodama.ts";

/** A host that `kodama ssh-config` has written. */
export class SshHost {
  private constructor(
    readonly name: string,
    readonly env: Readonly<Record<string, string>>,
    private readonly base: string,
  ) {}

  /** Makes the session a host. */
  static async of(kodama: SourceKodama, session: string, namespace: string): Promise<SshHost> {
    const name = `kodama-${session}`;
    assert.equal(await kodama.succeed(["ssh-config", session]), `${name}\n`);
    return new SshHost(name, kodama.env, `${kodama.configFolder}/ssh/${namespace}.${session}`);
  }

  get configFile(): string {
    return `${this.base}.conf`;
  }

  get keyFile(): string {
    return `${this.base}.key`;
  }

  /** What ssh, scp and others need to know the host. */
  get options(): string[] {
    return ["-F", this.configFile, "-o", "BatchMode=yes"];
  }

  /** The command of ssh for programs that start it themselves. */
  get shell(): string {
    return `ssh ${this.options.join(" ")}`;
  }

  /** Runs a command line there. */
  async run(line: string, stdin?: string | Uint8Array): Promise<CommandResult> {
    const input = stdin === undefined ? {} : { stdin };
    return await runCommand(["ssh", ...this.options, this.name, line], { env: this.env, ...input });
  }

  /** As {@link run}, but it has to succeed. Returns its standard output. */
  async succeed(line: string, stdin?: string | Uint8Array): Promise<string> {
    return outputOf([line], await this.run(line, stdin));
  }

  /**
   * Connects as an editor's extension does: a shell reads the script from its standard input, which stays open as long as
   * the connection.
   *
   * @param mark The script reports between the lines `MARK: start` and `MARK: end`.
   * @param forwardOf returns the forward with a local port, such as `-D PORT`.
   */
  async connect(
    script: string,
    mark: string,
    forwardOf: (localPort: number) => string[],
  ): Promise<SshConnection> {
    const localPort = freePort();
    const forward = ["-o", "ExitOnForwardFailure=yes", ...forwardOf(localPort)];
    const child = new Deno.Command("ssh", {
      args: [...this.options, "-T", ...forward, this.name, "bash"],
      ...{ clearEnv: true, env: { ...this.env } },
      ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
    }).spawn();
    await using stack = new AsyncDisposableStack();
    const connection = stack.use(new SshConnection(child, localPort));
    await connection.report(script, mark);
    stack.move();
    return connection;
  }
}

/** An editor's connection, with a forward. */
class SshConnection implements AsyncDisposable {
  /** The lines that the script reported. */
  reported: readonly string[] = [];
  readonly #errors: Promise<string>;

  constructor(private readonly child: Deno.ChildProcess, readonly localPort: number) {
    this.#errors = new Response(child.stderr).text();
  }

  /** Runs the script and reads its report. */
  async report(script: string, mark: string): Promise<void> {
    const input = this.child.stdin.getWriter();
    // If ssh ends before it reads, its error tells why.
    await input.write(new TextEncoder().encode(script)).catch(() => {});
    input.releaseLock();
    const [start, end] = [`${mark}: start\n`, `${mark}: end\n`];
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of this.child.stdout.values({ preventCancel: true })) {
      text += decoder.decode(bytes, { stream: true });
      if (!text.includes(end)) continue;
      const report = text.slice(text.indexOf(start) + start.length, text.indexOf(end));
      this.reported = report.trimEnd().split("\n");
      return;
    }
    assert.fail(`ssh ended: ${text}${await this.#errors}`);
  }

  /** Ends it by a signal: ssh would wait for forwarded connections that are still open. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stdin.close().catch(() => {});
    try {
      this.child.kill("SIGTERM");
    } catch (error) {
      // It has ended.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.child.stdout.cancel();
    await Promise.all([this.#errors, this.child.status]);
  }
}

/** Connects to a port of the other end by SOCKS 5: https://www.rfc-editor.org/rfc/rfc1928 */
export async function connectBySocks(socksPort: number, port: number): Promise<Deno.TcpConn> {
  await using stack = new AsyncDisposableStack();
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: socksPort });
  stack.defer(() => connection.close());
  await writeAll(connection, Uint8Array.of(5, 1, 0));
  assert.deepEqual(await readBytes(connection, 2), Uint8Array.of(5, 0));
  await writeAll(connection, Uint8Array.of(5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255));
  const reply = await readBytes(connection, 10);
  assert.equal(reply[1], 0, "the port isn't open at the other end");
  stack.move();
  return connection;
}

/** Writes all bytes. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Reads this number of bytes. */
export async function readBytes(connection: Deno.Conn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const read = await connection.read(bytes.subarray(at));
    assert.ok(read !== null, `the connection ended after ${at} of ${count} bytes`);
    at += read;
  }
  return bytes;
}
