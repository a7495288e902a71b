/**
 * Credentials from a user's program.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import { isRecord } from "../../base/json_value.ts";
import { orAborted } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { Connection, Credentials, Proof } from "../connection.ts";
import { permissionError } from "../failures.ts";
import type { KubeHost } from "../host.ts";
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

/** Renewed before it expires, so that a request in flight still finds it valid. */
const marginMs = 30_000;

/** Runs the program if there is no credential or an expired one; concurrent requests share one run. */
export class PluginCredentials implements Credentials {
  #cached: PluginAnswer | undefined;
  #running: Promise<PluginAnswer> | undefined;

  constructor(
    private readonly plugin: ExecPlugin,
    private readonly cluster: PluginCluster,
    /** The kubeconfig's own certificate applies until the program returns one. */
    private readonly own: Proof["clientCertificate"],
    private readonly host: KubeHost,
  ) {}

  async current(signal: AbortSignal): Promise<Proof> {
    if (!this.#isFresh()) {
      this.#running ??= this.#run().finally(() => this.#running = undefined);
      this.#cached = await orAborted(this.#running, signal);
    }
    const { token, clientCertificate } = this.#cached ?? {};
    return {
      authorization: token === undefined ? undefined : `Bearer ${token}`,
      clientCertificate: clientCertificate ?? this.own,
    };
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

  async #run(): Promise<PluginAnswer> {
    const { plugin, host } = this;
    const interactive = plugin.interactiveMode !== "Never" && host.isInteractive();
    if (plugin.interactiveMode === "Always" && !interactive) {
      throw new KodamaError("config", `the credential plugin ${plugin.command} needs a terminal`);
    }
    const env = Object.fromEntries(plugin.env.map(({ name, value }) => [name, value]));
    env["KUBERNETES_EXEC_INFO"] = JSON.stringify(execInfo(plugin, this.cluster, interactive));
    try {
      const { code, stdout } = await host.run(plugin.command, plugin.args, { env, interactive });
      if (code !== 0) {
        throw new KodamaError(
          "unauthorized",
          `the credential plugin ${plugin.command} failed with exit code ${code}`,
          {
            hint: `its output is above; to run it alone: ${
              [plugin.command, ...plugin.args].join(" ")
            }`,
          },
        );
      }
      return readAnswer(stdout, plugin);
    } catch (error) {
      throw pluginError(error, plugin);
    }
  }
}

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

/** Returns the `ExecCredential` of the output. Its text is secret: no message shows any of it. */
function readAnswer(stdout: string, plugin: ExecPlugin): PluginAnswer {
  const fail = (problem: string) =>
    new KodamaError("config", `the credential plugin ${plugin.command} ${problem}`);
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw fail("printed something other than JSON");
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

function pluginError(error: unknown, plugin: ExecPlugin): unknown {
  const denied = permissionError(error);
  if (denied !== undefined) {
    return new KodamaError(
      "environment",
      `kodama won't run the credential plugin ${plugin.command}: it is not on its allow-list`,
      {
        hint: `allow it with KODAMA_ALLOW_RUN=${plugin.command}`,
        cause: error,
      },
    );
  }
  if (error instanceof Deno.errors.NotFound) {
    const hint = plainText(plugin.installHint ?? "", 2000);
    return new KodamaError("config", `the credential plugin ${plugin.command} is not installed`, {
      cause: error,
      ...(hint === "" ? {} : { hint }),
    });
  }
  return error;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
