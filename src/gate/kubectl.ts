/**
 * The effect of a kubectl command line, judged by its verb and by every one of its flags: reads from the cluster,
 * changes something in it, or reaches beyond it, to this machine or to other credentials.
 *
 * Flags are an allow-list. A flag that isn't on it is assumed to reach beyond the cluster: kubectl gets new flags with
 * every version. The flags of kubectl 1.32 are the source: `kubectl options`, `kubectl VERB --help`.
 */

/** How a command line reaches beyond the cluster that its context names. */
export type KubectlReach =
  /** A program of this machine runs: a plugin, an editor, git, a diff program. */
  | "runsPrograms"
  | "writesFiles"
  | "readsFiles"
  /** Something is fetched from an arbitrary server. */
  | "fetches"
  /** The user's credentials go to another server, or are checked by other certificates. */
  | "otherServer"
  /** Other credentials than those of the context. */
  | "otherIdentity"
  /** Credentials are in the output. */
  | "showsCredentials"
  /** A local port leads to the cluster, for everyone who can connect to it. */
  | "opensPort"
  /** An unknown flag. */
  | "unknown";

/** The reason why a command line needs a permission. */
export interface KubectlReason {
  reach: KubectlReach;
  /** The flag or the verb: `--kubeconfig`, `cp`. */
  word: string;
  /** Of `readsFiles`: the file or folder, if there is only one. */
  path?: string;
}

/** The effect of a command line. */
export type KubectlUse =
  | { kind: "reads" }
  | { kind: "changes" }
  /** It reaches beyond the cluster; `effect` is its effect in the cluster. */
  | { kind: "needsPermission"; effect: "reads" | "changes"; reasons: readonly KubectlReason[] };

/** `value` and `file` take the next argument unless they have a value after `=`; a switch takes one after `=` only. */
type FlagKind =
  | { kind: "switch" | "value" | "output" | "file" }
  | { kind: "beyond"; reach: KubectlReach; takesValue: boolean };

type Flags = Readonly<Record<string, FlagKind>>;

/** Returns `"-A --all"` as switches, or as the given kind. */
function flags(names: string, kind: "switch" | "value" | "output" | "file"): Flags {
  return Object.fromEntries(names.split(" ").map((name) => [name, { kind }]));
}

function beyond(reach: KubectlReach, names: string, takesValue = true): Flags {
  return Object.fromEntries(
    names.split(" ").map((name) => [name, { kind: "beyond", reach, takesValue }]),
  );
}

/** Flags with the same meaning in every verb that has them. */
const commonFlags: Flags = {
  ...flags(
    "-A --all-namespaces --all --all-containers --all-pods --allow-missing-template-keys --append-hash --attach " +
      "--cached --cascade --client --command --containers --delete-emptydir-data --disable-compression " +
      "--disable-eviction --dry-run --expose --flatten --follow --force --force-conflicts --global-default -h --help " +
      "--ignore-daemonsets --ignore-errors --ignore-not-found -i --interactive --leave-stdin-open --list --local " +
      "--match-server-version --merge --minify --namespaced --no-headers --now --openapi-patch " +
      "--output-watch-events --overwrite --prefix --previous --privileged --prune -q --quiet -R --recursive " +
      "--resolve --rm --save-config --server-print --server-side --share-processes --show-capacity --show-events " +
      "--show-kind --show-labels --show-managed-fields --show-swap --stdin --sum --timestamps -t --tty " +
      "--use-protocol-buffers --validate --wait --warnings-as-errors -w --watch --watch-only",
    "switch",
  ),
  ...flags(
    "--annotation --annotations --api-group --api-version --audience --categories --chunk-size --class -c " +
      "--clusterrole --cluster-ip --clusterip --concurrency --container --context --copy-to --cpu-percent " +
      "--current-replicas --default-backend --duration -e --env --external-ip --external-name --field-manager " +
      "--field-selector --for --from --from-literal --grace-period --group --hard --image --image-pull-policy --keys " +
      "-L --label-columns --labels --limit-bytes --limits --load-balancer-ip --max --max-log-requests " +
      "--max-unavailable --min --min-available --name -n --namespace --namespaces --node-port --non-resource-url " +
      "--override-type --overrides --patch --pod-running-timeout --pod-selector --port --protocol --prune-allowlist --raw " +
      "--replicas --request-timeout --requests --resource --resource-name --resource-version --restart --revision " +
      "--role --rule --schedule --scopes -l --selector --serviceaccount --session-affinity --set-image --since " +
      "--since-time --skip-wait-for-delete-timeout --sort-by --subresource --tail --target --target-port --tcp " +
      "--template --timeout --to-revision --type --types --value --verb --verbs",
    "value",
  ),
  ...flags("-o --output", "output"),
  ...flags(
    "-f --filename --from-file --from-env-file --patch-file --cert --key --custom",
    "file",
  ),
  ...beyond(
    "otherServer",
    "-s --server --cluster --kubeconfig --tls-server-name --certificate-authority",
  ),
  ...beyond("otherServer", "--insecure-skip-tls-verify --insecure-skip-tls-verify-backend", false),
  ...beyond(
    "otherIdentity",
    "--user --token --username --password --client-certificate --client-key --as --as-group --as-uid",
  ),
  ...beyond(
    "writesFiles",
    "--cache-dir --output-directory --profile --profile-output --log-file --log-dir",
  ),
  // Its bases can be repositories, which git fetches.
  ...beyond("runsPrograms", "-k --kustomize"),
  ...beyond("runsPrograms", "--edit", false),
};

/** Before the verb kubectl takes the argument after any other flag for its value: the verb is unknown then. */
const flagsBeforeVerb = new Set(["-n", "--namespace", "--context"]);

/** The effect of a verb. */
interface Verb {
  effect: "reads" | "changes";
  /** Flags that have another meaning here than elsewhere. */
  flags?: Flags;
  /** It reaches beyond the cluster whatever its flags are. */
  reach?: KubectlReach;
  /** By the next argument; for another one, or none, the verb's own fields apply. */
  parts?: Readonly<Record<string, Verb>>;
}

const reading: Verb = { effect: "reads" };
const changing: Verb = { effect: "changes" };
const each = (names: string, verb: Verb): Record<string, Verb> =>
  Object.fromEntries(names.split(" ").map((name) => [name, verb]));

const streaming: Flags = flags("-f -p", "switch");

const verbs: Readonly<Record<string, Verb>> = {
  ...each("api-resources api-versions describe events explain options top version wait", reading),
  "cluster-info": reading,
  get: reading,
  logs: { effect: "reads", flags: streaming },
  // A program makes the diff: the user's KUBECTL_EXTERNAL_DIFF, or diff.
  diff: { effect: "reads", reach: "runsPrograms" },
  rollout: { effect: "changes", parts: each("status history", reading) },
  auth: { effect: "changes", parts: each("can-i whoami", reading) },
  // All others write the kubeconfig.
  config: {
    effect: "reads",
    reach: "writesFiles",
    parts: {
      ...each("current-context get-clusters get-contexts get-users", reading),
      view: { effect: "reads", flags: beyond("showsCredentials", "--raw", false) },
    },
  },
  ...each(
    "annotate attach autoscale certificate cordon delete drain expose label replace run scale set taint uncordon",
    changing,
  ),
  exec: { effect: "changes", flags: { ...flags("-f --filename", "file") } },
  patch: { effect: "changes", flags: flags("-p", "value") },
  "port-forward": { effect: "changes", flags: beyond("opensPort", "--address") },
  debug: { effect: "changes", flags: flags("--profile", "value") },
  apply: {
    effect: "changes",
    parts: { "view-last-applied": reading },
  },
  create: changing,
  cp: { effect: "changes", reach: "writesFiles" },
  edit: { effect: "changes", reach: "runsPrograms" },
  kustomize: { effect: "reads", reach: "runsPrograms" },
  plugin: { effect: "reads", reach: "runsPrograms" },
  proxy: { effect: "changes", reach: "opensPort" },
};

/** Built-in parts of `kubectl create`. Any other can be a plugin. */
const createParts: ReadonlySet<string> = new Set([
  ..."clusterrole clusterrolebinding cm configmap cronjob deploy deployment ing ingress job".split(
    " ",
  ),
  ..."namespace ns pc pdb poddisruptionbudget priorityclass quota resourcequota role".split(" "),
  ..."rolebinding sa secret service serviceaccount svc token".split(" "),
]);

/**
 * Returns the effect of `kubectl ARGS`. Pure: reads no file.
 *
 * @param args without `kubectl` itself.
 */
export function kubectlUse(args: readonly string[]): KubectlUse {
  const reasons: KubectlReason[] = [];
  let at = 0;
  // Only flags whose value kubectl and this function find in the same argument.
  while (args[at]?.startsWith("-")) {
    const [name = "", value] = splitFlag(args[at] ?? "");
    if (!flagsBeforeVerb.has(name)) {
      return {
        kind: "needsPermission",
        effect: "changes",
        reasons: [reasonOf(commonFlags[name], name)],
      };
    }
    at += value === undefined ? 2 : 1;
  }
  const name = args[at] ?? "";
  const part = args[at + 1] ?? "";
  const main = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  const verb = main?.parts !== undefined && Object.hasOwn(main.parts, part)
    ? main.parts[part]
    : main;
  // An unknown verb is the name of a plugin.
  if (verb === undefined) reasons.push({ reach: "runsPrograms", word: name });
  else if (verb.reach !== undefined) reasons.push({ reach: verb.reach, word: name });
  if (name === "create" && part !== "" && !part.startsWith("-") && !createParts.has(part)) {
    reasons.push({ reach: "runsPrograms", word: `create ${part}` });
  }
  if (name === "apply" && args.includes("edit-last-applied")) {
    reasons.push({ reach: "runsPrograms", word: "apply edit-last-applied" });
  }
  const found = flagsIn(args.slice(at + 1), { ...commonFlags, ...verb?.flags });
  reasons.push(...found.flatMap(({ name, value, kind }) => reasonsOf(name, value, kind)));
  // A path of the API can lead to any server behind it: `/api/v1/namespaces/n/services/s/proxy/…`.
  const isRaw = found.some(({ name, kind }) => name === "--raw" && kind?.kind === "value");
  const effect = verb === undefined || isRaw ? "changes" : verb.effect;
  return reasons.length === 0 ? { kind: effect } : { kind: "needsPermission", effect, reasons };
}

/** Returns the reason as a clause: `--kubeconfig sends credentials to another server`. */
export function kubectlReasonText({ reach, word, path }: KubectlReason): string {
  switch (reach) {
    case "runsPrograms":
      return `${word} can run programs of this machine`;
    case "writesFiles":
      return `${word} writes files of this machine`;
    case "readsFiles":
      return `${word} reads ${path ?? "files of this machine"}`;
    case "fetches":
      return `${word} fetches from any server`;
    case "otherServer":
      return `${word} can send credentials to another server`;
    case "otherIdentity":
      return `${word} acts as another user`;
    case "showsCredentials":
      return `${word} shows credentials`;
    case "opensPort":
      return `${word} opens a port of this machine`;
    case "unknown":
      return `${word} is not a flag that is known to be harmless`;
  }
}

/** Returns whether a value can follow this start of an argument: `--namespace=`, `-n`. */
export function endsWithFlagName(text: string): boolean {
  return /^--[a-z][a-z-]*=/.test(text) || /^-[a-zA-Z]=/.test(text) || /^-[cnlo]/.test(text);
}

interface FoundFlag {
  name: string;
  value: string | undefined;
  kind: FlagKind | undefined;
}

/** Returns the flags of a command line, by pflag's rules: short ones combined, values after `=` or in the next arg. */
function flagsIn(args: readonly string[], known: Flags): FoundFlag[] {
  const found: FoundFlag[] = [];
  const rest = [...args];
  const kindOf = (name: string) => Object.hasOwn(known, name) ? known[name] : undefined;
  const takesNext = (kind: FlagKind | undefined) =>
    kind !== undefined && kind.kind !== "switch" && (kind.kind !== "beyond" || kind.takesValue);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") break;
    if (!word.startsWith("-") || word === "-") continue;
    if (word.startsWith("--")) {
      const [name = "", given] = splitFlag(word);
      const kind = kindOf(name);
      const value = given ?? (takesNext(kind) ? rest.shift() : undefined);
      found.push({ name, value, kind });
      continue;
    }
    for (let letters = word.slice(1); letters !== "";) {
      const name = `-${letters[0]}`;
      const kind = kindOf(name);
      letters = letters.slice(1);
      if (takesNext(kind) || letters.startsWith("=")) {
        const value = letters === "" ? rest.shift() : letters.replace(/^=/, "");
        found.push({ name, value, kind });
        break;
      }
      found.push({ name, value: undefined, kind });
    }
  }
  return found;
}

/** Splits `--name=value` and `--name`. */
function splitFlag(word: string): [name: string, value: string | undefined] {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function reasonOf(kind: FlagKind | undefined, word: string): KubectlReason {
  return { reach: kind?.kind === "beyond" ? kind.reach : "unknown", word };
}

function reasonsOf(
  word: string,
  value: string | undefined,
  kind: FlagKind | undefined,
): KubectlReason[] {
  switch (kind?.kind) {
    case "switch":
    case "value":
      return [];
    case "output": {
      // `go-template-file`, `jsonpath-file`, `custom-columns-file`, `templatefile`.
      const [format = "", path] = splitFlag(value ?? "");
      return format.toLowerCase().includes("file") ? [fileReason(`${word} ${format}`, path)] : [];
    }
    case "file":
      return (value ?? "").split(",").filter((path) => path !== "-")
        .map((path) =>
          fileReason(word, word.startsWith("--from") ? path.replace(/^[^=/]*=/, "") : path)
        );
    default:
      return [reasonOf(kind, word)];
  }
}

function fileReason(word: string, path: string | undefined): KubectlReason {
  if (path !== undefined && /^https?:/i.test(path)) return { reach: "fetches", word };
  // kubectl opens all files that match a pattern.
  const isOne = path !== undefined && path !== "" && !/[*?[]/.test(path);
  return { reach: "readsFiles", word, ...(isOne ? { path } : {}) };
}
