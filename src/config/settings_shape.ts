/** The schema of the settings. */
import * as v from "valibot";
import { parseDuration } from "../base/duration.ts";
import { parseQuantity } from "../base/quantity.ts";
import { type ProviderId, providerIds, providers } from "../model/names.ts";
import { sgrOf, styleText } from "../base/text_style.ts";

const text = v.pipe(v.string("a text"), v.nonEmpty("a text that isn't empty"));
const texts = v.array(text, "a list of texts");

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const objectName = v.pipe(
  v.string("a name"),
  v.regex(/^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/, "a name as Kubernetes allows it"),
);

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const quantity = v.pipe(
  v.union([v.string(), v.number()], "a quantity such as 500m or 2Gi"),
  v.transform(String),
  v.regex(
    /^\d+(?:\.\d+)?(?:m|k|[MGTPE]|[KMGTPE]i|e\d{1,2})?$/,
    "a quantity such as 500m, 2 or 2Gi",
  ),
);

const sizeText = "a size from 1Ki to 1Gi, such as 16Mi";
const size = v.pipe(
  v.string(sizeText),
  v.regex(/^\d{1,4}(?:Ki|Mi|Gi)$/, sizeText),
  v.check((text) => {
    const bytes = parseQuantity(text) ?? 0;
    return bytes >= 1024 && bytes <= 1024 ** 3;
  }, sizeText),
);

const duration = v.pipe(
  v.string("a duration such as 15s"),
  v.check((word) => parseDuration(word) !== undefined, "a duration such as 15s"),
);

const limitWords = "a duration such as 8h or 30m, or never";
const limit = v.pipe(
  v.string(limitWords),
  v.check((word) => word === "never" || (parseDuration(word) ?? 0) >= 1000, limitWords),
);

const wholeFromOne = "a whole number from 1";
const fanout = v.pipe(
  v.number(wholeFromOne),
  v.integer(wholeFromOne),
  v.minValue(1, wholeFromOne),
);

const wholeFromZero = "a whole number, 0 or more";

/** Parts of the terminal UI that have a style. */
const themeParts = [
  "error",
  "warning",
  "success",
  "title",
  "muted",
  "cursor",
  "mark",
  "match",
  "changed",
] as const;

const style = v.pipe(
  v.union([v.string(), v.number()], styleText),
  v.transform(String),
  v.check((one) => sgrOf(one) !== undefined, styleText),
);

const modes = ["prefix", "group", "fold", "raw", "none"] as const;

const labels = v.record(text, v.string("a text"), "a mapping of names to texts");

/** Whose pods some settings are about. */
const allPods = "pods of sessions, runs, schedules and image checks";

/** Only the fields that kodama reads: Kubernetes validates the others. */
const tolerations = v.array(
  v.looseObject({ key: v.optional(text), operator: v.optional(text) }, "a toleration"),
  "a list of tolerations",
);
const volumes = v.array(
  v.looseObject({
    name: objectName,
    mountPath: v.pipe(v.string("an absolute path"), v.regex(/^\//, "an absolute path")),
    readOnly: v.optional(v.boolean("true or false")),
  }, "a volume of a pod with a mountPath"),
  "a list of volumes",
);
const containers = v.array(
  v.looseObject({ name: objectName, image: text }, "a container of a pod"),
  "a list of containers",
);

const variable = v.pipe(
  v.string("the name of a variable"),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of a variable"),
);

const args = v.pipe(texts, v.minLength(1, "a program and its args"));

/** The types of `AgentManifest`: `src/agent/manifest.ts`. */
const agents = v.record(
  objectName,
  v.strictObject({
    protocol: picked(["acp", "claude", "codex", "text"]),
    command: args,
    continue: v.optional(args),
    env: v.optional(v.array(variable, "a list of variables")),
  }, "an agent: protocol and command"),
  "a mapping of names to agents",
);

function picked<const T extends readonly string[]>(values: T) {
  return v.picklist(values, `one of ${values.join(", ")}`);
}

function group<const E extends v.ObjectEntries>(entries: E) {
  // A group's name with nothing under it is a group whose settings are all commented out.
  return v.nullish(v.strictObject(entries, "a mapping"));
}

function setting<S extends v.GenericSchema>(schema: S, description: string) {
  return v.optional(v.pipe(schema, v.description(description)));
}

/** The providers of language models, each with a setting of the same schema. */
function eachProvider<S extends v.GenericSchema>(
  schema: S,
  description: (title: string) => string,
) {
  const one = (id: ProviderId) => setting(schema, description(providers[id].title));
  return group(
    Object.fromEntries(providerIds.map((id) => [id, one(id)])) as Record<
      ProviderId,
      ReturnType<typeof one>
    >,
  );
}

const serverUrl = v.pipe(
  v.string("a URL such as https://models.example.com/v1"),
  v.regex(/^https?:\/\/[^\s/]+\S*$/, "a URL such as https://models.example.com/v1"),
);

const dollars = v.pipe(v.number("a price in US dollars"), v.minValue(0, "a price in US dollars"));

/** Every permission is checked where it is used: an unknown permission is an error of its plugin alone. */
const plugins = v.array(
  v.strictObject({
    key: v.pipe(
      v.string("a name"),
      v.regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "a name in kebab-case, such as my-view"),
    ),
    path: text,
    permissions: v.optional(texts),
    keybinding: v.optional(text),
    config: v.optional(v.record(text, v.unknown(), "a mapping")),
  }, "a plugin: key and path"),
  "a list of plugins",
);

/** The schema of `config.yaml` and of a repository's `.kodama.yaml`. Every field may be absent. */
export const settingsShape = v.strictObject({
  defaults: group({
    namespace: setting(objectName, "Namespace of new sessions."),
    image: setting(text, "Image of new sessions; there is no default."),
    resources: group({
      cpu: setting(quantity, "CPU limit of new sessions."),
      memory: setting(quantity, "Memory limit of new sessions."),
      requests: group({
        cpu: setting(
          quantity,
          "CPU that the scheduler reserves; 100m if not set, or the limit if that is less.",
        ),
        memory: setting(
          quantity,
          "Memory that the scheduler reserves; 256Mi if not set, or the limit if that is less.",
        ),
      }),
      extended: setting(
        v.record(text, quantity, "a mapping of resources to quantities"),
        'Resources of devices, such as {"nvidia.com/gpu": 1}.',
      ),
    }),
    storage: group({
      workspace: setting(quantity, "Size of a session's workspace."),
      claudeHome: setting(quantity, "Size of a session's home of the agent."),
      className: setting(objectName, "StorageClass of both; the cluster's default if not set."),
    }),
    branchPrefix: setting(text, "Prefix of the branches of sessions."),
    env: group({
      excludeVars: setting(texts, "Variables that never reach a session."),
    }),
    nodeSelector: setting(labels, `Labels of the nodes for ${allPods}.`),
    tolerations: setting(
      tolerations,
      `Taints of nodes that ${allPods} tolerate. Only in your own file.`,
    ),
    imagePullSecrets: setting(
      v.array(objectName, "a list of names"),
      `Secrets with the credentials of registries, in the namespace of ${allPods}. Only in your own file.`,
    ),
    labels: setting(
      labels,
      `Labels of ${allPods}, and of the other objects made for them. Only in your own file.`,
    ),
    annotations: setting(labels, `Annotations of ${allPods}. Only in your own file.`),
    runAsUser: setting(
      v.union([fanout, v.literal("any")], "a user id from 1, or any"),
      `User id of ${allPods}, and of their groups; any leaves it to the cluster, as OpenShift requires. Only in your own ` +
        "file.",
    ),
    priorityClass: setting(
      objectName,
      `PriorityClass of ${allPods}. Only in your own file.`,
    ),
    runtimeClass: setting(
      objectName,
      "RuntimeClass of sessions' pods, such as gvisor. Only in your own file.",
    ),
    serviceAccount: setting(
      objectName,
      "ServiceAccount of sessions' pods, which don't get its token. Only in your own file.",
    ),
    volumes: setting(
      volumes,
      "Further volumes of a session's workspace: a pod's volume with a mountPath, as in " +
        "{name: cache, mountPath: /cache, persistentVolumeClaim: {claimName: cache}}. Only in your own file.",
    ),
    containers: setting(containers, "Further containers of a session's pod."),
    ttl: setting(limit, "Time to live of a session's pod; a resume begins another one."),
    idleTimeout: setting(limit, "A session that is unused for this long stops by itself."),
    egress: setting(texts, "Addresses that sessions may reach, as in 10.0.0.0/8:443."),
  }),
  env: group({
    dotenvFiles: setting(texts, "Files with variables for sessions, beside this file."),
    excludeVars: setting(texts, "Variables of those files that never reach a session."),
  }),
  sync: group({
    useGitignore: setting(v.boolean("true or false"), "What .gitignore names is not synced."),
    excludePatterns: setting(texts, "Further patterns of what is not synced."),
  }),
  git: group({
    secretName: setting(objectName, "Secret with the SSH key for git. Only in your own file."),
    mirrors: setting(
      labels,
      "Beginnings of repositories' addresses, and where sessions find them. Only in your own file.",
    ),
  }),
  dotfiles: group({
    repository: setting(
      text,
      "Repository with your own configuration of shells and tools, installed in each new pod of a session. Only in your " +
        "own file.",
    ),
    command: setting(
      text,
      "Line of shell that installs it, in the clone; install.sh and the like if not set. Only in your own file.",
    ),
  }),
  exec: group({
    fanout: setting(fanout, "Pods at the same time."),
    connectTimeout: setting(duration, "To open the stream to a pod."),
    outputMode: setting(
      picked(modes),
      "Layout of the output of many pods.",
    ),
    confirmAbove: setting(
      v.pipe(v.number(wholeFromZero), v.integer(wholeFromZero), v.minValue(0, wholeFromZero)),
      "Ask before a change of more pods than this; a repository's file can only lower it.",
    ),
    requireAll: setting(
      v.boolean("true or false"),
      "Try every pod that matches: one that isn't running is unreachable, with exit code 4; a repository's file can " +
        "only set true.",
    ),
    readOnly: setting(
      texts,
      "Further commands that only read: a program, or a program and its first arguments, as in redis-cli info. " +
        "Only in your own file.",
    ),
  }),
  credentials: group({
    plugins: setting(
      texts,
      "Credential plugins of kubeconfigs that may be started although kodama doesn't know them: names, or paths. Only " +
        "in your own file.",
    ),
  }),
  forwards: setting(
    v.record(objectName, texts, "a mapping of names to lists of args"),
    'Sets of forwards to start by name, each with its args: {web: [svc/web, "8080:80"]}.',
  ),
  agents: setting(
    agents,
    "Coding agents by their names: {opencode: {protocol: acp, command: [opencode, acp]}}.",
  ),
  runs: group({
    outputs: setting(
      v.boolean("true or false"),
      "Records what the commands of a run write, each distinct output once, without what looks like a secret.",
    ),
    outputLimit: setting(size, "How much of the output of one run is recorded."),
    totalLimit: setting(size, "How much all records may hold; the oldest are removed."),
    image: setting(
      text,
      "Image of kodama for runs in the cluster. Only in your own file: it gets the rights of the workflow.",
    ),
    resources: group({
      cpu: setting(
        quantity,
        "CPU limit of each pod of a run in the cluster. Only in your own file.",
      ),
      memory: setting(
        quantity,
        "Memory limit of each pod of a run in the cluster. Only in your own file.",
      ),
    }),
  }),
  model: group({
    name: setting(text, "Language model that is asked, as in anthropic/claude-sonnet-5-5."),
    fallback: setting(texts, "Models that are asked, in this order, if that one can't answer."),
    maxRetries: setting(
      v.pipe(v.number(wholeFromZero), v.integer(wholeFromZero), v.minValue(0, wholeFromZero)),
      "Further attempts at a model whose failure passes by itself.",
    ),
    retryDelay: setting(
      duration,
      "Before the second attempt; each further delay is twice as long.",
    ),
    timeout: setting(duration, "For the next part of an answer."),
    prices: setting(
      v.record(
        text,
        v.strictObject({ input: dollars, output: dollars }, "a mapping with input and output"),
        "a mapping of models to prices",
      ),
      "US dollars for a million tokens, by model, for the statistics: {input: 3, output: 15}.",
    ),
  }),
  model_keys: eachProvider(text, (title) => `Key for ${title}.`),
  model_key_files: eachProvider(text, (title) => `Path of a file with the key for ${title}.`),
  model_urls: eachProvider(serverUrl, (title) => `Base URL of ${title}.`),
  releases: group({
    url: setting(
      text,
      "Where the newest version is read: a package in an npm registry, or JSON with it. Only " +
        "in your own file.",
    ),
  }),
  log: group({
    level: setting(
      picked(["error", "warning", "info", "debug", "trace"]),
      "What is logged: info has commands and decisions, debug also each request, trace also retries and protocols.",
    ),
    file: setting(
      text,
      "File of the log, below kodama's own folder; - is standard error. The default is log/kodama.log.",
    ),
    format: setting(picked(["text", "json"]), "Form of the log's lines."),
  }),
  budget: group({
    sections: setting(
      texts,
      "Fields of an object that a budget spends on first, in their order: [status, spec].",
    ),
    listItems: setting(fanout, "Items of each list that a budget leaves at most."),
    depth: setting(fanout, "Levels of nesting that a budget leaves at most."),
  }),
  gate: group({
    contexts: setting(
      v.record(text, picked(["read-only", "ask", "allow"]), "a mapping of contexts to policies"),
      "What may be changed, by the name of a context, in which * stands for any text: read-only (nothing), ask (each " +
        "change is confirmed), allow (only what is dangerous is confirmed). A context's own name comes first, else the " +
        "strictest that matches it or another context of its server; a repository's file can only make it stricter.",
    ),
    servers: setting(
      v.record(text, picked(["read-only", "ask", "allow"]), "a mapping of servers to policies"),
      "What may be changed, by the address of an API server, as in `https://10.0.0.1:6443` or `*.prod.example.com`, " +
        "whatever its contexts are called. The strictest of all that match, and of gate.contexts, counts.",
    ),
    kubectl: setting(
      v.record(
        text,
        picked(["read", "change", "dangerous"]),
        "a mapping of plugins to read, change or dangerous",
      ),
      "How far plugins of kubectl may be trusted, by their name and first arguments, as in `neat` or `argo rollouts get`: " +
        "read, change or dangerous, as all others are. Only in your own file.",
    ),
  }),
  ui: group({
    keys: setting(
      v.record(
        text,
        v.union([text, texts], "a key or a list of keys"),
        "a mapping of actions to keys",
      ),
      "Keys of the terminal UI by the names of their actions, instead of the default ones: zoom: alt-m. Only in your " +
        "own file.",
    ),
    theme: setting(
      v.record(
        v.picklist(themeParts, `one of ${themeParts.join(", ")}`),
        style,
        "a mapping of parts of the screen to styles",
      ),
      `Styles of parts of the terminal UI (${
        themeParts.join(", ")
      }), such as bold red, #ff8800 or ` +
        "black on 250: cursor: reverse. Only in your own file.",
    ),
    columns: setting(
      v.record(text, text, "a mapping of kinds to columns"),
      "Columns of the lists of the terminal UI by their kinds, as in `watch -o custom-columns`, instead of those of " +
        "kubectl get: pods: NAME:.metadata.name,NODE:.spec.nodeName. Only in your own file.",
    ),
  }),
  plugins: setting(
    plugins,
    "Plugins: key, path of the .wasm file, permissions, keybinding and config. Only in your own file.",
  ),
}, "a mapping of settings");

/** The settings of a file. */
export type Settings = v.InferOutput<typeof settingsShape>;
