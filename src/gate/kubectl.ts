/**
 * The effect of a kubectl command line, judged by its verb and by all of its flags: reads from the cluster, changes
 * something in it, or reaches beyond it, to this machine or to other credentials.
 *
 * Flags are an allow-list. A flag that isn't on it is assumed to reach beyond the cluster: kubectl gets new flags with
 * every version. The flags of kubectl 1.32 are the source: `kubectl options`, `kubectl VERB --help`.
 */

/** How a command line reaches beyond the cluster that its context names. */
type KubectlReach =
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
  /** The file or folder of `readsFiles`, if there is only a single path. */
  path?: string;
}

/** The effect of a command line. */
type KubectlUse =
  | { kind: "reads" }
  | { kind: "changes" }
  /** The verb reaches beyond the cluster; `effect` is its effect in the cluster. */
  | { kind: "needsPermission"; effect: "reads" | "changes"; reasons: readonly KubectlReason[] };

/**
 * `value` and `file` take the next argument unless they have a value after `=`; a switch takes a value after `=` only.
 */
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
      "-L --label-columns --labels --limit-bytes --limits --load-balancer-ip --log-flush-frequency --max --max-log-requests " +
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
    "--user --token --username --password --client-certificate --client-key --as --as-group --as-uid --as-user-extra",
  ),
  ...beyond(
    "writesFiles",
    "--cache-dir --output-directory --profile --profile-output --log-file --log-dir",
  ),
  // From 8 on the bodies of requests are printed.
  ...beyond("showsCredentials", "-v --v --vmodule"),
  // The bases of a kustomization can be repositories, which git fetches.
  ...beyond("runsPrograms", "-k --kustomize"),
  ...beyond("runsPrograms", "--edit", false),
};

/** Flags of every verb that stand alone. Before the verb kubectl takes the argument after any other for its value. */
const leadingSwitches = new Set([
  ..."-h --help --disable-compression --insecure-skip-tls-verify --match-server-version --warnings-as-errors"
    .split(" "),
]);

/** The effect of a verb. */
interface Verb {
  effect: "reads" | "changes";
  /** Flags that have another meaning here than elsewhere. */
  flags?: Flags;
  /** The verb reaches beyond the cluster whatever its flags are. */
  reach?: KubectlReach;
  /** The verbs that the next argument completes; for another argument, or none, the verb's own fields apply. */
  parts?: Readonly<Record<string, Verb>>;
}

const reading: Verb = { effect: "reads" };
const changing: Verb = { effect: "changes" };
const each = (names: string, verb: Verb): Record<string, Verb> =>
  Object.fromEntries(names.split(" ").map((name) => [name, verb]));

const streaming: Flags = flags("-f -p", "switch");

const configFlags: Flags = {
  ...flags(
    "--auth-provider --auth-provider-arg --exec-api-version --exec-arg --exec-command --exec-env " +
      "--exec-interactive-mode --proxy-url",
    "value",
  ),
  ...flags("--current --embed-certs --exec-provide-cluster-info --set-raw-bytes", "switch"),
};

/** The subject of a binding, and not the user who makes it. */
const subjectFlags: Flags = flags("--user", "value");

const createFlags: Flags = {
  ...flags("--windows-line-endings", "switch"),
  ...flags(
    "--aggregation-rule --bound-object-kind --bound-object-name --bound-object-uid --description --docker-email " +
      "--docker-password --docker-server --docker-username --preemption-policy -r",
    "value",
  ),
};

const verbs: Readonly<Record<string, Verb>> = {
  ...each(
    "api-resources api-versions completion describe events explain get help options version wait " +
      "__complete __completeNoDesc",
    reading,
  ),
  "cluster-info": { effect: "reads", parts: { dump: reading } },
  top: { effect: "reads", parts: each("no node nodes po pod pods", reading) },
  logs: { effect: "reads", flags: streaming },
  // A program makes the diff: the user's KUBECTL_EXTERNAL_DIFF, or diff.
  diff: { effect: "reads", reach: "runsPrograms" },
  rollout: {
    effect: "changes",
    parts: { ...each("status history", reading), ...each("pause restart resume undo", changing) },
  },
  auth: {
    effect: "changes",
    parts: {
      ...each("can-i whoami", reading),
      reconcile: {
        effect: "changes",
        flags: flags("--remove-extra-permissions --remove-extra-subjects", "switch"),
      },
    },
  },
  // All other subcommands write the kubeconfig.
  config: {
    effect: "reads",
    reach: "writesFiles",
    flags: configFlags,
    parts: {
      ...each("current-context get-clusters get-contexts get-users", reading),
      view: { effect: "reads", flags: beyond("showsCredentials", "--raw", false) },
      ...each(
        "delete-cluster delete-context delete-user rename-context set set-cluster set-context set-credentials unset " +
          "use use-context",
        { effect: "reads", reach: "writesFiles", flags: configFlags },
      ),
    },
  },
  ...each(
    "annotate attach autoscale cordon delete drain expose label replace run scale taint uncordon",
    changing,
  ),
  certificate: { effect: "changes", parts: each("approve deny", changing) },
  set: {
    effect: "changes",
    parts: {
      ...each("image selector sa serviceaccount", changing),
      subject: { effect: "changes", flags: subjectFlags },
      env: { effect: "changes", flags: flags("--containers --prefix", "value") },
      resources: { effect: "changes", flags: flags("--containers", "value") },
    },
  },
  exec: { effect: "changes", flags: { ...flags("-f --filename", "file") } },
  patch: { effect: "changes", flags: flags("-p", "value") },
  // As kodama's own forwards: only requests through it can change something.
  "port-forward": { effect: "reads", flags: beyond("opensPort", "--address") },
  debug: {
    effect: "changes",
    flags: {
      ...flags("--profile", "value"),
      ...flags(
        "--arguments-only --keep-annotations --keep-init-containers --keep-labels --keep-liveness --keep-readiness " +
          "--keep-startup --replace --same-node",
        "switch",
      ),
    },
  },
  apply: {
    effect: "changes",
    parts: {
      "edit-last-applied": {
        effect: "changes",
        reach: "runsPrograms",
        flags: flags("--windows-line-endings", "switch"),
      },
      "set-last-applied": { effect: "changes", flags: flags("--create-annotation", "switch") },
      "view-last-applied": reading,
    },
  },
  create: {
    effect: "changes",
    flags: createFlags,
    parts: {
      ...each(
        "clusterrole cm configmap cj cronjob dep deploy deployment ing ingress job namespace ns pc pdb " +
          "poddisruptionbudget priorityclass quota resourcequota role sa secret service serviceaccount svc token",
        { effect: "changes", flags: createFlags },
      ),
      ...each("clusterrolebinding rolebinding", {
        effect: "changes",
        flags: { ...createFlags, ...subjectFlags },
      }),
    },
  },
  cp: {
    effect: "changes",
    reach: "writesFiles",
    flags: { ...flags("--retries", "value"), ...flags("--no-preserve", "switch") },
  },
  edit: {
    effect: "changes",
    reach: "runsPrograms",
    flags: flags("--output-patch --windows-line-endings", "switch"),
  },
  kustomize: {
    effect: "reads",
    reach: "runsPrograms",
    flags: {
      ...flags(
        "--helm-api-versions --helm-command --helm-kube-version --load-restrictor --mount --network-name",
        "value",
      ),
      ...flags(
        "--as-current-user --enable-alpha-plugins --enable-helm --helm-debug --network",
        "switch",
      ),
    },
  },
  plugin: {
    effect: "reads",
    reach: "runsPrograms",
    flags: flags("--name-only", "switch"),
    parts: {
      list: { effect: "reads", reach: "runsPrograms", flags: flags("--name-only", "switch") },
    },
  },
  proxy: {
    effect: "changes",
    reach: "opensPort",
    flags: {
      ...flags(
        "--accept-hosts --accept-paths --address --api-prefix --keepalive -p --reject-methods --reject-paths -u " +
          "--unix-socket -w --www -P --www-prefix",
        "value",
      ),
      ...flags("--append-server-path --disable-filter", "switch"),
    },
  },
};

/** A flag as it was given. */
export interface KubectlFlag {
  /** With its dashes: `-n`, `--namespace`. */
  name: string;
  /** Undefined for a switch without a value, and for a flag whose value is missing. */
  value: string | undefined;
  /** Undefined if it is unknown. */
  kind: FlagKind | undefined;
  /** Index of its argument. */
  at: number;
  /** Index of the argument that is its value; absent if there is none, or if the flag's own argument has it. */
  valueAt?: number;
}

/** A command line, taken apart as kubectl does it: by the rules of cobra and pflag. */
export interface KubectlLine {
  /** The verb and its part, as in `rollout restart`; empty without a verb. */
  verb: readonly string[];
  /** Index of the verb's last argument; -1 without a verb. */
  verbAt: number;
  /** The verb isn't known to be kubectl's own: a plugin, or a flag in front of it is unknown. */
  isUnknown: boolean;
  /** In the order of the command line. */
  flags: readonly KubectlFlag[];
  operands: readonly string[];
  /** The args after `--`. */
  trailing: readonly string[] | undefined;
}

/**
 * Returns a command line taken apart.
 *
 * @param args without `kubectl` itself.
 * @param own long flags of another program among them, which kubectl won't see: whether they take a value.
 */
export function parseKubectl(
  args: readonly string[],
  own: Readonly<Record<string, "switch" | "value">> = {},
): KubectlLine {
  const { names, at, verb } = verbOf(args, own);
  const ownFlags = Object.fromEntries(Object.entries(own).map(([name, kind]) => [name, { kind }]));
  const line = flagsIn(args, at, { ...ownFlags, ...commonFlags, ...verb?.flags });
  // `kubectl create NAME` is a plugin too, if kubectl has no such part.
  const isPlugin = verb === undefined || names.join(" ") === "create" && line.operands.length > 0;
  return { verb: names, verbAt: at.at(-1) ?? -1, isUnknown: isPlugin, ...line };
}

/** Returns the args with flags of ours: after the user's own, which they take precedence over, and before `--`. */
export function withFlags(args: readonly string[], flags: readonly string[]): string[] {
  const { trailing } = parseKubectl(args);
  const end = trailing === undefined ? args.length : args.length - trailing.length - 1;
  return [...args.slice(0, end), ...flags, ...args.slice(end)];
}

/**
 * Returns the effect of `kubectl ARGS`. Pure: reads no file.
 *
 * @param args without `kubectl` itself.
 */
export function kubectlUse(args: readonly string[]): KubectlUse {
  const { names, verb } = verbOf(args, {});
  const line = parseKubectl(args);
  const reasons: KubectlReason[] = [];
  const [name] = names;
  if (name === undefined) reasons.push({ reach: "unknown", word: args[0] ?? "" });
  // An unknown verb is the name of a plugin.
  else if (line.isUnknown) {
    const [operand = ""] = line.operands;
    const word = verb === undefined ? name : `${name} ${operand}`;
    reasons.push({ reach: "runsPrograms", word });
  } else if (verb?.reach !== undefined) {
    // A part that reaches further than its verb is named with it.
    const word = verbs[name]?.reach === verb.reach ? name : names.join(" ");
    reasons.push({ reach: verb.reach, word });
  }
  reasons.push(...line.flags.flatMap(({ name, value, kind }) => reasonsOf(name, value, kind)));
  const effect = verb === undefined || isProxied(line.flags) ? "changes" : verb.effect;
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

/** Returns the flags and operands, by pflag's rules: short flags combined, values after `=` or in the next arg. */
function flagsIn(
  args: readonly string[],
  verbAt: readonly number[],
  known: Flags,
): Pick<KubectlLine, "flags" | "operands" | "trailing"> {
  const found: KubectlFlag[] = [];
  const operands: string[] = [];
  const rest = args.map((word, at) => ({ word, at })).filter(({ at }) => !verbAt.includes(at));
  const kindOf = (name: string) => Object.hasOwn(known, name) ? known[name] : undefined;
  const takesNext = (kind: FlagKind | undefined) =>
    kind !== undefined && kind.kind !== "switch" && (kind.kind !== "beyond" || kind.takesValue);
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    const { word, at } = next;
    if (word === "--") {
      return { flags: found, operands, trailing: rest.map(({ word }) => word) };
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    if (word.startsWith("--")) {
      const [name = "", given] = splitFlag(word);
      const kind = kindOf(name);
      const following = given === undefined && takesNext(kind) ? rest.shift() : undefined;
      found.push(flagOf({ name, value: given ?? following?.word, kind, at }, following));
      continue;
    }
    for (let letters = word.slice(1); letters !== "";) {
      const name = `-${letters[0]}`;
      const kind = kindOf(name);
      letters = letters.slice(1);
      if (takesNext(kind) || letters.startsWith("=")) {
        const following = letters === "" ? rest.shift() : undefined;
        const value = following?.word ?? (letters === "" ? undefined : letters.replace(/^=/, ""));
        found.push(flagOf({ name, value, kind, at }, following));
        break;
      }
      found.push({ name, value: undefined, kind, at });
    }
  }
  return { flags: found, operands, trailing: undefined };
}

function flagOf(flag: KubectlFlag, following: { at: number } | undefined): KubectlFlag {
  return following === undefined ? flag : { ...flag, valueAt: following.at };
}

/** Splits `--name=value` and `--name`. kubectl accepts `_` for `-` in a long name. */
function splitFlag(word: string): [name: string, value: string | undefined] {
  const [, name = word, value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  return [name.startsWith("--") ? name.replaceAll("_", "-") : name, value];
}

/** Returns the verb and its part, and their indices: the arguments that cobra takes for them. */
function verbOf(
  args: readonly string[],
  own: Readonly<Record<string, "switch" | "value">>,
): { names: string[]; at: number[]; verb: Verb | undefined } {
  const at = commandAt(args, 0, own);
  if (at === undefined) return { names: [], at: [], verb: undefined };
  const name = args[at] ?? "";
  const main = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  const partAt = main?.parts === undefined ? undefined : commandAt(args, at + 1, own);
  const part = partAt === undefined ? undefined : args[partAt];
  if (partAt === undefined || part === undefined || !Object.hasOwn(main?.parts ?? {}, part)) {
    return { names: [name], at: [at], verb: main };
  }
  return { names: [name, part], at: [at, partAt], verb: main?.parts?.[part] };
}

/**
 * Returns the index of the next argument that cobra takes for a command (`stripFlags` of its command.go): the first
 * that is neither a flag nor the value of a flag. Undefined if there is none, or if a flag before it is unknown.
 */
function commandAt(
  args: readonly string[],
  from: number,
  own: Readonly<Record<string, "switch" | "value">>,
): number | undefined {
  for (let at = from; at < args.length; at++) {
    const word = args[at] ?? "";
    if (word === "--") return undefined;
    if (!word.startsWith("-")) {
      if (word !== "") return at;
      continue;
    }
    const name = word.startsWith("--") ? splitFlag(word)[0] : word.slice(0, 2);
    if (Object.hasOwn(own, name)) {
      if (own[name] === "value" && !word.includes("=")) at++;
      continue;
    }
    // A newer kubectl may know it, as a switch or with a value.
    if (!Object.hasOwn(commonFlags, name)) return undefined;
    const isAlone = word.includes("=") || !word.startsWith("--") && word.length !== 2;
    if (!isAlone && !leadingSwitches.has(name)) at++;
  }
  return undefined;
}

/** A path of the API can lead to any server behind it: `/api/v1/namespaces/n/services/s/proxy/…`. */
function isProxied(flags: readonly KubectlFlag[]): boolean {
  return flags.some(({ name, value = "", kind }) =>
    name === "--raw" && kind?.kind === "value" && /(^|\/)proxy(\/|$|\?)|%/i.test(value)
  );
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
      return [{ reach: kind?.kind === "beyond" ? kind.reach : "unknown", word }];
  }
}

function fileReason(word: string, path: string | undefined): KubectlReason {
  if (path !== undefined && /^https?:/i.test(path)) return { reach: "fetches", word };
  // kubectl opens all files that match a pattern.
  const isOne = path !== undefined && path !== "" && !/[*?[]/.test(path);
  return { reach: "readsFiles", word, ...(isOne ? { path } : {}) };
}
