/** `kodama lsp` with the client side of the protocol's reference implementation. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  createProtocolConnection,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  type InitializeResult,
  type ProtocolConnection,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { builtKodama } from "./built_kodama.ts";

/** A server that has been initialized. */
export interface LanguageServer {
  readonly client: ProtocolConnection;
  readonly initialized: InitializeResult;
  readonly pid: number;
  /** Ends it by the protocol; returns its exit code. */
  end(): Promise<number | null>;
}

/** Starts a server in a folder. */
export async function startLanguageServer(folder: string): Promise<LanguageServer> {
  const server = spawn(`${await builtKodama()}/bin/kodama`, ["lsp"], {
    cwd: folder,
    env: { HOME: folder, PATH: Deno.env.get("PATH") ?? "" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(server, "exit");
  const client = createProtocolConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  client.listen();
  const initialized = await client.sendRequest(InitializeRequest.type, {
    processId: null,
    rootUri: `file://${folder}`,
    capabilities: {},
  });
  await client.sendNotification(InitializedNotification.type, {});
  return {
    client,
    initialized,
    pid: server.pid ?? 0,
    async end() {
      await client.sendRequest(ShutdownRequest.type);
      await client.sendNotification(ExitNotification.type);
      const [code] = await exited as [number | null];
      client.dispose();
      server.stdin.destroy();
      server.stdout.destroy();
      return code;
    },
  };
}
