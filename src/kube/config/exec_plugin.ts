/**
 * Credentials from a user's program.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import { isRecord } from "../../base/json_value.ts";
import { orAborted } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { action, hint } from "../../base/hint.ts";
import { plainText } from "../../base/plain_text.ts";
import type { Connection, Credentials, Proof } from "../connection.ts";
import type { AwaitedProgram } from "../client.ts";
import { permissionError } from "../failures.ts";
import type { KubeHost } from "../host.ts";
import { decisionName, isUnknownUse } from "./known_plugins.ts";
import type { ExecPlugin } from "./kubeconfig.ts";

/** The cluster info passed to the program, if it requests it. */
type PluginCluster =
  & Pick<Connection, "server" | "tlsServerName" | "insecure" | "proxyUrl">
  & {
    /** PEM. */
    certificateAuthority: string | undefined;
  };

interface PluginAnswer {
  token: string | undefined;
  clientCertificate: Proof["clientCertificate"];
  /** Milliseconds since 1970; undefined if valid for the lifetime of the process. */
  expiresAtMs: number | undefined;
}

/** A run of the program, and how many requests wait for its answer. */
interface PluginRun {
  answer: Promise<PluginAnswer>;
  stop: AbortController;
  waiting: number;
}

/** A credential has a few thousand characters. */
const maxAnswerChars = 1024 * 1024;

/** Renewed before it expires, so that a request in flight still finds it valid. */
const marginMs = 30_000;

/** Runs the program if there is no credential or an expired one; concurrent requests share one run. */
export class PluginCredentials implements Credentials {
  #cached: PluginAnswer | undefined;
  #running: PluginRun | undefined;
  /** The user is being asked whether to start it. */
  #isAsking = false;

  constructor(
    private readonly plugin: ExecPlugin,
    private readonly cluster: PluginCluster,
    private readonly host: KubeHost,
  ) {}

  async current(signal: AbortSignal): Promise<Proof> {
    if (!this.#isFresh()) this.#cached = await this.#answer(signal);
    const { token, clientCertificate } = this.#cached ?? {};
    return {
      authorization: token === undefined ? undefined : `Bearer ${token}`,
      clientCertificate,
    };
  }

  get awaited(): AwaitedProgram | undefined {
    if (this.#running === undefined) return undefined;
    return {
      text: `the credential plugin ${this.plugin.command}`,
      mayPrompt: this.#isInteractive || this.#isAsking,
    };
  }

  /** Ends the program when no request waits for it any more. */
  async #answer(signal: AbortSignal): Promise<PluginAnswer> {
    signal.throwIfAborted();
    const running = this.#running ??= this.#started();
    running.waiting++;
    try {
      return await orAborted(running.answer, signal);
    } finally {
      if (--running.waiting === 0 && this.#running === running) {
        this.#running = undefined;
        running.stop.abort();
      }
    }
  }

  #started(): PluginRun {
    const stop = new AbortController();
    const answer = this.#run(stop.signal);
    // No one receives the result of a run that is given up.
    answer.catch(() => {});
    return { answer, stop, waiting: 0 };
  }

  get #isInteractive(): boolean {
    return this.plugin.interactiveMode !== "Never" && this.host.isInteractive();
  }

  rejected(): boolean {
    this.#cached = undefined;
    return true;
  }

  #isFresh(): boolean {
    if (this.#cached === undefined) return false;
    const { expiresAtMs } = this.#cached;
    return expiresAtMs === undefined || expiresAtMs - marginMs > this.host.clock.now().getTime();
  }

  async #run(signal: AbortSignal): Promise<PluginAnswer> {
    const { plugin } = this;
    const interactive = this.#isInteractive;
    if (plugin.interactiveMode === "Always" && !interactive) {
      throw new KodamaError("config", `the credential plugin ${plugin.command} needs a terminal`);
    }
    const env = Object.fromEntries(plugin.env.map(({ name, value }) => [name, value]));
    env["KUBERNETES_EXEC_INFO"] = JSON.stringify(execInfo(plugin, this.cluster, interactive));
    try {
      const options = { env, interactive, signal };
      const { code, stdout } = await this.#start(options);
      if (code !== 0) {
        throw new KodamaError(
          "unauthorized",
          `the credential plugin ${plugin.command} failed with exit code ${code}`,
          // Its args may be secrets.
          { hint: "its output is above, and its command line is in the kubeconfig" },
        );
      }
      return await readAnswer(stdout, plugin);
    } catch (error) {
      throw await pluginError(error, plugin);
    }
  }

  /** A program that the sandbox doesn't know is started by `sh`, if the user allows it. */
  async #start(options: Parameters<KubeHost["run"]>[2]): ReturnType<KubeHost["run"]> {
    const { plugin, host } = this;
    const { command, args } = plugin;
    if (isUnknownUse(plugin)) {
      if (!await this.#isAllowed()) throw new Deno.errors.NotCapable(command);
      return await host.run(command, args, options);
    }
    try {
      return await host.run(command, args, options);
    } catch (error) {
      if (permissionError(error) === undefined || !await this.#isAllowed()) throw error;
    }
    const ended = await host.run("sh", ["-c", startOther, command, ...args], options);
    if (ended.code === notFoundCode) throw new Deno.errors.NotFound(command);
    return ended;
  }

  async #isAllowed(): Promise<boolean> {
    this.#isAsking = true;
    try {
      return await this.host.allowsPlugin?.(this.plugin) ?? false;
    } finally {
      this.#isAsking = false;
    }
  }
}

/** Starts the program that its args name, in its own place. */
const startOther = 'exec "$0" "$@"';

/** How `sh` ends if there is no such program. */
const notFoundCode = 127;

/** The `ExecCredential` that is passed in the environment variable `KUBERNETES_EXEC_INFO`. */
function execInfo(plugin: ExecPlugin, cluster: PluginCluster, interactive: boolean): unknown {
  const { server, tlsServerName, insecure, proxyUrl, certificateAuthority } = cluster;
  return {
    apiVersion: plugin.apiVersion,
    kind: "ExecCredential",
    spec: {
      interactive,
      ...(plugin.provideClusterInfo
        ? {
          cluster: {
            server,
            ...(tlsServerName === undefined ? {} : { "tls-server-name": tlsServerName }),
            ...(insecure ? { "insecure-skip-tls-verify": true } : {}),
            ...(certificateAuthority === undefined
              ? {}
              : { "certificate-authority-data": btoa(certificateAuthority) }),
            ...(proxyUrl === undefined ? {} : { "proxy-url": proxyUrl }),
          },
        }
        : {}),
    },
  };
}

/**
 * Returns the `ExecCredential` of the output, which may be YAML, as for kubectl. Its text is secret: no message shows
 * any of it.
 */
async function readAnswer(stdout: string, plugin: ExecPlugin): Promise<PluginAnswer> {
  const fail = (problem: string) =>
    new KodamaError("config", `the credential plugin ${plugin.command} ${problem}`);
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    const { YamlSource } = await import("../../base/yaml/source.ts");
    try {
      answer = YamlSource.parseAsKubectl({ path: "", text: stdout }, maxAnswerChars).source.plain;
    } catch {
      throw fail("printed something other than JSON or YAML");
    }
  }
  if (!isRecord(answer) || answer["kind"] !== "ExecCredential") {
    throw fail("printed no ExecCredential");
  }
  if (answer["apiVersion"] !== plugin.apiVersion) {
    throw fail(`answered with another version than ${plugin.apiVersion}`);
  }
  const status = isRecord(answer["status"]) ? answer["status"] : {};
  const [token, certificate, key] = ["token", "clientCertificateData", "clientKeyData"]
    .map((name) => textOf(status[name]));
  if ((certificate === undefined) !== (key === undefined)) {
    throw fail("gave a client certificate without its key, or a key alone");
  }
  if (token === undefined && certificate === undefined) {
    throw fail("gave neither token nor certificate");
  }
  const expires = textOf(status["expirationTimestamp"]);
  const expiresAtMs = expires === undefined ? undefined : Date.parse(expires);
  if (Number.isNaN(expiresAtMs)) throw fail("gave an expirationTimestamp that is not a time");
  return {
    token,
    clientCertificate: certificate === undefined || key === undefined
      ? undefined
      : { certificate, key },
    expiresAtMs,
  };
}

async function pluginError(error: unknown, plugin: ExecPlugin): Promise<unknown> {
  const denied = permissionError(error);
  if (denied !== undefined) {
    const { command } = plugin;
    const name = await decisionName(plugin);
    const setting = action("config.set", { key: "credentials.plugins", value: `[${name}]` });
    return new KodamaError(
      "environment",
      `kodama won't run the credential plugin ${command}${
        name === command ? "" : " with these args"
      }: it is not on its allow-list`,
      {
        hint: isUnknownUse(plugin)
          ? hint`\`${setting}\` allows it`
          : hint`\`${setting}\` allows it; so does the variable KODAMA_ALLOW_RUN=${name}`,
        cause: error,
      },
    );
  }
  if (error instanceof Deno.errors.NotFound) {
    const advice = plainText(plugin.installHint ?? "", 2000);
    return new KodamaError("config", `the credential plugin ${plugin.command} is not installed`, {
      cause: error,
      ...(advice === "" ? {} : { hint: advice }),
    });
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotADirectory) {
    return new KodamaError("config", `the credential plugin ${plugin.command} can't be started`, {
      cause: error,
      hint: "is it an executable file?",
    });
  }
  return error;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
