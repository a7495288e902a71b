/**
 * Credential plugins that start without a question: those of large clouds, as these clouds write them into kubeconfigs.
 * With other args or variables the same programs do anything, as do those that kodama may start for purposes of its own.
 */
import { absolutePath } from "../../base/absolute_path.ts";
import type { ExecPlugin } from "./kubeconfig.ts";

/** How a program prints a credential. */
interface KnownForm {
  /** The first args, after flags with values. */
  command: readonly string[];
  /** The allowed flags; absent if each is harmless. */
  flags?: ReadonlySet<string>;
}

/** The flags of int128/kubelogin and Azure/kubelogin, except `--browser-command`, which starts a program. */
const kubeloginFlags: ReadonlySet<string> = new Set(
  [
    ..."authentication-timeout-sec authority-host certificate-authority certificate-authority-data"
      .split(" "),
    ..."client-certificate client-id client-secret disable-environment-override environment".split(
      " ",
    ),
    ..."force-refresh grant-type identity-resource-id insecure-skip-tls-verify legacy listen-address"
      .split(" "),
    ..."login login-hint oidc-auth-request-extra-params oidc-client-id oidc-client-secret".split(
      " ",
    ),
    ..."oidc-extra-scope oidc-issuer-url oidc-pkce-method oidc-redirect-url".split(" "),
    ..."oidc-redirect-url-hostname oidc-use-access-token oidc-use-pkce password pop-claims".split(
      " ",
    ),
    ..."pop-enabled redirect-url server-id skip-open-browser tenant-id timeout token-cache-dir"
      .split(" "),
    ..."token-cache-storage use-azurerm-env-vars username".split(" "),
  ].map((name) => `--${name}`),
);

/** The forms of each program that kodama's permissions let it start; a program without forms always needs a decision. */
export const knownForms: Readonly<Record<string, readonly KnownForm[]>> = {
  aws: [{ command: ["eks", "get-token"] }],
  "aws-iam-authenticator": [{ command: ["token"] }],
  az: [{ command: ["account", "get-access-token"] }],
  doctl: [{ command: ["kubernetes", "cluster", "kubeconfig", "exec-credential"] }],
  gcloud: [{ command: ["config", "config-helper"] }],
  "gke-gcloud-auth-plugin": [{ command: [] }],
  git: [],
  kubectl: [{ command: ["oidc-login", "get-token"], flags: kubeloginFlags }],
  kubelogin: [{ command: ["get-token"], flags: kubeloginFlags }],
  oci: [{ command: ["ce", "cluster", "generate-token"] }],
  sh: [],
  tmux: [],
  tsh: [{ command: ["kube", "credentials"] }],
};

/** Variables that choose an account, and no file or program. */
const harmlessVariables =
  /^(?:AWS_(?:PROFILE|REGION|DEFAULT_REGION|STS_REGIONAL_ENDPOINTS|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|ROLE_ARN)|AAD_(?:LOGIN_METHOD|SERVICE_PRINCIPAL_CLIENT_ID|SERVICE_PRINCIPAL_CLIENT_SECRET|USER_PRINCIPAL_NAME|USER_PRINCIPAL_PASSWORD)|AZURE_(?:CLIENT_ID|CLIENT_SECRET|TENANT_ID|SUBSCRIPTION_ID)|CLOUDSDK_(?:CORE_ACCOUNT|CORE_PROJECT|ACTIVE_CONFIG_NAME)|OCI_CLI_(?:PROFILE|AUTH|REGION)|USE_GKE_GCLOUD_AUTH_PLUGIN|PROVIDE_CLUSTER_INFO)$/;

/** Returns whether a plugin needs a decision of the user although kodama may start its program. */
export function isUnknownUse({ command, args, env }: ExecPlugin): boolean {
  if (!Object.hasOwn(knownForms, command)) return false;
  const isKnown = (knownForms[command] ?? []).some((form) => hasForm(args, form));
  return !isKnown || !env.every(({ name }) => harmlessVariables.test(name));
}

function hasForm(args: readonly string[], { command, flags }: KnownForm): boolean {
  let at = 0;
  while (command.length > 0 && args[at]?.startsWith("-")) at += args[at]?.includes("=") ? 1 : 2;
  if (!command.every((word, index) => args[at + index] === word)) return false;
  return flags === undefined ||
    args.every((arg) => !arg.startsWith("-") || flags.has(arg.split("=")[0] ?? ""));
}

/** Programs that do what their args say: a decision about one use of them is none about another. */
const interpreters =
  /(?:^|[/\\])(?:\w*sh|bun|busybox|cmd|deno|docker|doas|env|go|java|lua|nerdctl|nice|node|nodejs|nohup|npm|npx|osascript|perl|php|pipx|podman|python[\d.]*|ruby|setsid|sudo|timeout|uvx?|wsl|xargs)(?:\.exe)?$/;

/** Hexadecimal digits of a hash. */
const hashLength = 16;

/**
 * Returns the text by which the settings allow a plugin: its command, and a hash of its args and variables if it is a
 * program that can do anything. Those may be secrets. A path is absolute: a relative one names another program elsewhere.
 */
export async function decisionName({ command: named, args, env }: ExecPlugin): Promise<string> {
  const isRelative = /^[^/\\]+[/\\]/.test(named) && !/^[A-Za-z]:/.test(named);
  const command = isRelative ? absolutePath(named, Deno.cwd()) : named;
  if (!Object.hasOwn(knownForms, command) && !interpreters.test(command)) return command;
  const text = JSON.stringify([args, env.map(({ name, value }) => [name, value])]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `${command}#${new Uint8Array(hash).toHex().slice(0, hashLength)}`;
}
