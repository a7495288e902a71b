import { UsageError } from "../../base/errors.ts";
import { printable } from "../../terminal/printable.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { success } from "../exit_codes.ts";
import type { ServeWebOptions } from "../invocation.ts";
import { defineCommand } from "../parser/command.ts";
import { BadValue, port, text, toggle, value, valueOr, values } from "../parser/flag.ts";

const group = "Other machines";

/** `kodama web`. */
export const command = defineCommand({
  description:
    "Serves a page of sessions and runs, for a browser: sessions with what their agents do, their logs, differences and " +
    "terminals; pods and logs; workflows, started and followed; forwards. It has the rights of your kubeconfig, and " +
    "changes are confirmed as everywhere else. Runs that it starts end with it.\n\n" +
    "It prints a link that works once, for ten minutes, and signs one browser in for twelve hours. With a terminal, " +
    "Enter prints another link; the page makes links too, for a phone.\n\n" +
    "Only this machine can connect. For other machines it needs a certificate, and with --allow-remote the names by " +
    "which they reach it: requests by another name are refused.",
  flags: {
    port: valueOr("port to listen on; 0 is any free one", port, "0"),
    open: toggle("open the link in the browser of this machine"),
    address: value("address to listen on, instead of 127.0.0.1", text, {
      placeholder: "ADDRESS",
      group,
    }),
    "allow-remote": values("let other machines connect, which reach this one as NAME", nameOf, {
      placeholder: "NAME",
      group,
    }),
    "tls-cert": value("certificate of the server, PEM", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
      group,
    }),
    "tls-key": value("private key of the certificate, PEM", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
      group,
    }),
    "metrics-token-file": value(
      "serve /metrics too, for scrapers that send the token in FILE as a bearer token",
      text,
      { placeholder: "FILE", completion: { kind: "files" } },
    ),
    kubeconfig: value("kubeconfig file to use", (text) => text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
  },
  examples: {
    "Open the page": "kodama web --open",
    "Only look": "kodama web --read-only",
    "Use it from a phone in the same network":
      "kodama web --address :: --allow-remote pc --tls-cert c.pem --tls-key k.pem",
  },
  seeAlso: ["docs/web.md describes the page, and what protects it."],
  resolve({ flags }) {
    const names = flags["allow-remote"];
    const [cert, key] = [flags["tls-cert"], flags["tls-key"]];
    if ((cert === undefined) !== (key === undefined)) {
      throw new UsageError("--tls-cert and --tls-key need each other");
    }
    const address = flags.address ?? "127.0.0.1";
    const isRemote = !["127.0.0.1", "::1", "localhost"].includes(address);
    if (isRemote && names.length === 0) {
      throw new UsageError(`with --address ${address} other machines can connect`, {
        hint: "--allow-remote NAME allows it, and is the name by which they reach this one",
      });
    }
    if (isRemote && cert === undefined) {
      throw new UsageError("for other machines the server needs a certificate", {
        hint: "--tls-cert FILE and --tls-key FILE",
      });
    }
    if (!isRemote && names.length > 0) {
      throw new UsageError("--allow-remote needs --address", {
        hint: "--address 0.0.0.0 listens on every address of this machine",
      });
    }
    return {
      port: flags.port,
      address: address === "localhost" ? "127.0.0.1" : address,
      names: isRemote
        ? names
        : address === "::1"
        ? ["::1", "localhost"]
        : ["127.0.0.1", "localhost"],
      tls: cert === undefined || key === undefined ? undefined : { cert, key },
      open: flags.open,
      metrics: flags["metrics-token-file"],
    };
  },
  async run({ port, address, names, tls, open, metrics }, invocation) {
    const { interruptedExitCode, stoppable } = await import("../../terminal/driver/signals.ts");
    const { terminal, signals } = invocation;
    const host = await invocation.host();
    const certificate = tls && {
      cert: await readFile(host, tls.cert),
      key: await readFile(host, tls.key),
    };
    const token = metrics === undefined ? undefined : await readToken(host, metrics);
    // Its runs end with it, in their pods too.
    return await stoppable(signals, async (signal) => {
      const ended = new AbortController();
      const asking: Promise<void>[] = [];
      try {
        await invocation.serveWeb({
          host,
          port,
          address,
          names,
          ...(certificate === undefined ? {} : { tls: certificate }),
          open,
          ...(token === undefined ? {} : { metricsToken: token }),
          onListen: (newLink) => {
            asking.push(printLinks(terminal, newLink, AbortSignal.any([signal, ended.signal])));
          },
          onOpenFailed: (program) => {
            const text = `${program} can't open a browser here: open the printed link in one\n`;
            asking.push(terminal.stderr.write(text));
          },
          signal,
        });
      } finally {
        ended.abort();
        await Promise.all(asking);
      }
      return signal.aborted ? interruptedExitCode : success;
    });
  },
});

/** Prints a link, and another one after each Enter. */
async function printLinks(
  terminal: Terminal,
  newLink: Parameters<ServeWebOptions["onListen"]>[0],
  signal: AbortSignal,
): Promise<void> {
  const print = async () => {
    await terminal.stdout.write(`${newLink().url}\n`);
    await terminal.stdout.flush();
  };
  await print();
  const more = terminal.stdin.isTerminal ? "Enter prints another one, " : "";
  await terminal.stderr.write(
    `the link works once, for 10 minutes; ${more}Ctrl-C ends the server\n`,
  );
  if (!terminal.stdin.isTerminal) return;
  for await (const chunk of terminal.stdin.chunks(signal)) {
    if (new TextDecoder().decode(chunk).includes("\n")) await print();
  }
}

async function readFile(
  host: ServeWebOptions["host"],
  path: string,
): Promise<string> {
  const absolute = path.startsWith("/") ? path : `${host.places.workingDir}/${path}`;
  const content = await host.files.readText(absolute, 1024 * 1024);
  if (content !== undefined) return content;
  throw new UsageError(`there is no file ${printable(path)}`);
}

/** A file and not an argument, which every process of this machine can read. */
async function readToken(host: ServeWebOptions["host"], path: string): Promise<string> {
  const token = (await readFile(host, path)).trim();
  if (/^[\x21-\x7e]{16,1024}$/.test(token)) return token;
  throw new UsageError(`${printable(path)} has no token: one line of at least 16 characters`, {
    hint: `openssl rand -hex 32 > ${printable(path)} writes one`,
  });
}

/** A host name or an address, without a port. */
function nameOf(raw: string): string {
  if (/^[A-Za-z\d](?:[A-Za-z\d.-]*[A-Za-z\d])?$|^(?=.*:.*:)[\dA-Fa-f:.]+$/.test(raw)) return raw;
  throw new BadValue(raw, "must be a host name or an address, without a port");
}
