import { definedOnly } from "../../../base/json_value.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { port, text, value } from "../../parser/flag.ts";
import { agentRef } from "../agent/flags.ts";
import { onlyOf, serverFlags } from "./flags.ts";

/** `kodama mcp`. */
export const command = defineCommand({
  description:
    "Serves kodama's tools to the agent of another program by the Model Context Protocol, on standard input and " +
    "output: pods, commands over many pods with equal outputs folded, logs, files, objects, waits, runs, workflows " +
    "and sessions. Each answer fits a budget of tokens and says what it omits. Values of Secrets, credentials and " +
    "what looks like a secret are left out.\n\n" +
    "Only what reads runs, and with --read-only the client itself lets nothing else out. With --allow-changes other commands and workflows are offered too, and for each one you " +
    "are asked by the agent's program, which shows the exact command and the pods; if that program can't ask, it " +
    "is refused.\n\n" +
    "With --namespace the client itself lets no request out about another namespace, or about objects that have none; " +
    "workflows, records of runs and kubectl aren't offered then.\n\n" +
    "With --session it serves the agents in the session's pod, as long as it runs: a program there that is started as " +
    "an MCP server leads to it. They can use the tools for the pod's namespace alone, and change nothing. The pod gets " +
    "no credentials.\n\n" +
    "With --http it listens on this machine alone, for requests with a token: $KODAMA_MCP_TOKEN, or a new one that " +
    "is printed on standard error.",
  flags: {
    "allow-changes": serverFlags["allow-changes"],
    http: value("listen on this port of 127.0.0.1; 0 is any free one", port),
    session: value("serve the agents of this session, or of pod/POD, in its pod", text, {
      placeholder: "NAME",
      completion: { kind: "sessions" },
    }),
    namespace: serverFlags.namespace,
    context: serverFlags.context,
    kubeconfig: serverFlags.kubeconfig,
  },
  examples: {
    "What an agent's program starts": "kodama mcp",
    "Let it use one namespace alone": "kodama mcp --namespace shop",
    "Let it request changes": "kodama mcp --allow-changes",
    "Serve programs that connect by HTTP": "kodama mcp --http 7331",
    "Serve the agent of a session": "kodama mcp --session fix-auth",
  },
  seeAlso: [
    "kodama mcp install --help registers it with Claude Code and VS Code.",
    "docs/mcp.md has the tools, and what an agent can't do.",
  ],
  resolve({ flags }) {
    const { session, http: port } = flags;
    if (session !== undefined && (flags["allow-changes"] || port !== undefined)) {
      const other = port === undefined ? "allow-changes" : "http";
      throw new UsageError(`--session and --${other} can't be used together`);
    }
    return {
      allowChanges: flags["allow-changes"],
      port,
      only: session === undefined ? onlyOf(flags) : undefined,
      agent: session === undefined ? undefined : agentRef(flags, session),
    };
  },
  async run({ allowChanges, port, only, agent }, invocation) {
    if (agent !== undefined) {
      const { serveSession } = await import("./session.ts");
      return await serveSession(agent, invocation);
    }
    const { interruptible } = await import("../../../terminal/driver/signals.ts");
    const { terminal, environment, signals } = invocation;
    const host = await invocation.host(definedOnly({ only }));
    if (port === undefined && terminal.stdin.isTerminal) {
      await terminal.stderr.write("waiting for an agent on standard input; Ctrl-C ends it\n");
    }
    const token = environment("KODAMA_MCP_TOKEN") ||
      crypto.getRandomValues(new Uint8Array(24)).toHex();
    if (port !== undefined && token.length < 16) {
      throw new KodamaError("config", "KODAMA_MCP_TOKEN has fewer than 16 characters");
    }
    const isNew = !environment("KODAMA_MCP_TOKEN");
    const onListen = (url: string) => {
      const shown = isNew ? `\ntoken: ${token}` : "";
      terminal.stderr.write(`listening on ${url}${shown}\n`).catch(() => {});
    };
    await interruptible(signals, (signal) =>
      invocation.serveTools({
        host,
        allowChanges: allowChanges && !host.readOnly,
        signal,
        ...(only === undefined ? {} : { onlyNamespace: only.namespace }),
        ...(port === undefined ? {} : { http: { port, token, onListen } }),
      }));
    return success;
  },
});
