/**
 * Commands and flags of kubectl, stern, gh and vibectl, and their equivalents here. Checked before the nearest name: a
 * name from another tool isn't a typo. Hints mention `kodama`; they may name kubectl's own command.
 */
import { isKind } from "../../base/workload_kinds.ts";

const guarded = (verb: string) => `kodama k ${verb} runs kubectl, and confirms what it changes`;

/** Answers by one word or several, with blanks between them. */
type Answers = Readonly<Record<string, string>>;

const rootVerbs: Answers = {
  // kubectl
  describe: "kodama k describe runs kubectl; kodama pick shows the events and the log of each pod",
  events: "kodama k events runs kubectl; kodama pick shows those of each pod",
  ps: "kodama pods lists pods, kodama list lists sessions",
  "po pod": "kodama pods lists pods",
  "ns namespace namespaces": "-n NAME chooses a namespace; kubectl get namespaces lists them",
  "ctx context contexts":
    "--context NAME chooses a context; kubectl config get-contexts lists them",
  "node nodes": "--node NAME chooses the pods of a node; kubectl get nodes lists them",
  "port-forward": "kodama forward forwards local ports to pods, and keeps them",
  debug: "kodama k debug adds a container; kodama shell opens a shell in one that runs",
  rollout: "kodama k rollout runs kubectl; kodama run rolling-restart restarts pods one by one",
  "kubectl kc": "kodama k VERB runs kubectl, and confirms what it changes",
  ...Object.fromEntries(
    [
      ..."apply create edit patch replace annotate label scale autoscale expose explain".split(" "),
      ..."drain cordon uncordon taint auth certificate proxy diff kustomize".split(" "),
      ..."api-resources api-versions cluster-info options".split(" "),
    ].map((verb) => [verb, guarded(verb)]),
  ),
  // stern, and shell programs
  log: "kodama logs shows logs",
  tail: "kodama logs -f follows logs",
  stern: "kodama logs -f -m TEXT follows the logs of the pods whose name contains TEXT",
  grep: "kodama logs --grep RE shows the lines that match",
  "ssh sh bash": "kodama shell opens a shell in a pod",
  "enter connect": "kodama shell opens a shell in a pod, kodama attach one in a session",
  "copy scp": "kodama cp copies files to and from pods",
  rsync: "kodama sync start keeps two folders in sync; kodama cp copies once",
  "search find": "kodama pick searches pods, -m TEXT in any command chooses by name",
  select: "kodama pick chooses pods; -P in any command does it before the command",
  // gh
  history: "kodama runs list lists past runs",
  view: "kodama runs show shows a run, kodama workflow show a workflow",
  workflows: "kodama workflow list lists workflows",
  login: "no login is needed: kubectl's kubeconfig is used; kodama doctor checks it",
  init: "kodama workflow new creates a workflow file",
  settings: "kodama config view prints the settings",
  alias: "there are no aliases of its own: use those of your shell, or a workflow file",
  // vibectl
  just: "kodama k VERB runs kubectl, and confirms what it changes",
  theme: "there are no themes: --color never or NO_COLOR turns colours off",
  "setup-proxy": "no proxy is needed; HTTPS_PROXY names one for an API server",
  "install-completions": "kodama completion bash prints the completion script",
  "vibe auto semiauto": "kodama ask answers a question about the cluster",
  llm: "kodama model list has the language models",
};

/** Words by the path of the branch that doesn't have them. */
const verbs: Readonly<Record<string, Answers>> = {
  "": rootVerbs,
  "session": {
    "new create": "kodama start starts a session",
    "exec shell connect": "kodama attach NAME opens a shell in a session",
    ssh: "kodama attach NAME opens a shell in a session; kodama ssh-config makes it a host of SSH",
    code: "kodama open NAME opens a session in an editor",
    logs: "kodama agent logs shows what the agent did, kodama logs the output of the session's pod",
    push: "kodama pull fetches a session's branch, kodama pr opens a pull request of it",
    rm: "kodama delete NAME deletes a session",
    status: "kodama get NAME shows one session",
    restart: "kodama stop NAME and kodama resume NAME",
  },
  "agent": {
    "start run": "kodama prompt gives a task to a session's agent",
    "stop cancel": "kodama interrupt stops a session's agent",
  },
  "cluster": {
    "start create": "kodama cluster up starts the embedded cluster",
    "stop delete": "kodama cluster down stops the embedded cluster",
  },
  "workflow": {
    create: "kodama workflow new creates a workflow file",
    view: "kodama workflow show shows a workflow",
    "lint validate": "kodama workflow check reports problems in workflow files",
  },
  "runs": {
    view: "kodama runs show shows a run",
    watch: "kodama runs follow follows a run in the cluster",
    retry: "kodama runs rerun --failed runs the failed pods again",
  },
  "sync": {
    create: "kodama sync start keeps two folders in sync",
    terminate: "kodama sync stop stops a sync",
  },
  "config": {
    ...Object.fromEntries(
      [
        ...["use-context", "get-contexts", "current-context", "set-context", "rename-context"],
        ...["delete-context", "get-clusters", "set-cluster", "get-users", "set-credentials"],
      ].map((verb) => [
        verb,
        `kubectl config ${verb} is about the kubeconfig; --context NAME chooses for one command`,
      ]),
    ),
    list: "kodama config view prints all settings",
    edit: "kodama config path prints the file's path; kodama config set changes one setting",
  },
  "model": { "set use": "kodama config set model.name NAME chooses the model" },
};

function named(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, "pods are args: web-0, 'web-[1-3]', deploy/web; -m TEXT searches"]),
  );
}

function kubectlGet(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => [name, "kodama k get pods runs kubectl, which has it"]),
  );
}

/** Flags by the path of their command; `*` for every command. */
const flags: Readonly<Record<string, Answers>> = {
  "*": {
    "live-display": "live lines are shown on a terminal, and in no pipe",
    "no-live-display": "live lines are shown on a terminal, and in no pipe: | cat has none",
    "freeze-memory": "only kodama ask changes what a model notes, and not with --freeze-memory",
    "unfreeze-memory": "only kodama ask changes what a model notes",
    "show-metrics": "kodama ask --show-metrics; kodama model stats has all of them",
    "show-raw-output no-show-raw-output": "output is the program's own; -o json prints data",
    "show-vibe": "--explain lets a model explain the output, if the command has it",
    "no-show-vibe": "without --explain no model is asked",
    "show-kubectl": "-v 6 prints each request",
    "no-show-kubectl": "requests are printed with -v 6 alone",
    "mode": "the setting gate.contexts has a policy for each context: read-only, ask or allow",
    "dry-run": "--list shows the pods that a command would run in, and runs nothing",
    "all-contexts": "--context NAME may be given several times",
    "label labels": "-l QUERY chooses pods by labels",
    "namespaces": "-n NAME may be given several times, -A looks in all namespaces",
    "all": "-A looks in all namespaces",
    "no-color": "--color never",
    "colour": "--color auto|always|never",
    ...named("-w", "-p", "host", "hosts", "pod", "pods", "nodelist"),
    "-f": "pods and workloads are args: web-0 deploy/web; --from FILE reads a list",
    "filename": "pods and workloads are args: web-0 deploy/web; --from FILE reads a list",
    "-g": "-l QUERY chooses pods by labels, svc/web those behind a service",
    "group": "-l QUERY chooses pods by labels, svc/web those behind a service",
  },
  exec: {
    "-a": "--all runs in every pod of the namespace",
    "-b": "--fold prints equal outputs once",
    "gather": "--fold prints equal outputs once",
    "dshbak": "--fold prints equal outputs once",
    "-u": "--timeout DURATION limits the command in each pod",
    "-S": "--max-rc ends with the largest exit code of a pod",
    "limit": "-m TEXT chooses pods by name, --sample N some of them",
    "become": "a command runs as the user of its container",
    "sudo": "a command runs as the user of its container",
    "parallel forks concurrency": "--fanout N runs in N pods at the same time",
    "command": "put the command after --, e.g. kodama exec web-0 -- uname -a",
    "all-containers": "a command runs in one container of each pod; -c NAME chooses it",
    "pod-running-timeout": "--connect-timeout DURATION waits for a server; pods must be running",
  },
  cp: {
    "no-preserve": "modes and times are those of the source, the owner is the user of the pod",
    "-p preserve": "modes and times are those of the source",
    "-r -R recursive": "folders are copied with all that they contain",
    "-a archive": "folders are copied with all that they contain, links, modes and times too",
  },
  logs: {
    "-e": "--exclude-lines RE excludes lines, -x TEXT pods",
    "-i": "--grep RE shows only lines that match",
    "-s": "--since DURATION reads the lines since then",
    "-t": "--timestamps shows the times",
    "-E": "--exclude-container NAME",
    "-d": "each container has a colour of its own",
    "all-pods": "deploy/web means all of its pods",
    "template-file": "--template TEXT",
    "verbosity": "-v N traces requests on standard error",
    "all": "without a choice the logs of all pods of the namespace are read",
    "no-follow": "without -f the logs are read to their end, and it ends by itself",
    "only-log-lines": "-q shows only lines and errors",
    "diff-container": "each container has a colour of its own",
    "timezone": "--timestamps=local writes times in the time zone of this machine",
    "exclude-pod": "-x TEXT excludes pods by name",
    "pod-colors container-colors": "--color auto|always|never",
    "prompt": "-P chooses among the pods in the picker",
    "stdin": "--from - reads the names of pods from standard input",
    "ephemeral": "--ephemeral-containers",
    "insecure-skip-tls-verify-backend": "kubectl logs --insecure-skip-tls-verify-backend",
    "pod-running-timeout": "-f waits for pods and containers to start",
  },
  forward: {
    "live-display": "the live rows are shown on a terminal, unless --no-live is given",
    "no-live-display": "--no-live shows no live rows, nor does a pipe",
    "pod-running-timeout": "--grace DURATION is how long connections wait for a pod",
  },
  pods: {
    ...kubectlGet("-L", "label-columns", "-R", "recursive", "chunk-size", "ignore-not-found"),
    ...kubectlGet("-k", "kustomize", "raw", "server-print", "show-kind", "show-managed-fields"),
    ...kubectlGet("subresource", "allow-missing-template-keys", "output-watch-events"),
    "watch-only": "-w prints the pods, and then each that changes",
    "show-labels": "kubectl get pods --show-labels; -l QUERY chooses by labels",
    "sort-by": "--sort name|age|node",
    "field jq template": "-o json | jq prints single fields",
  },
  top: {
    "no-headers": "-o json prints data",
    "sum": "-o json | jq adds values",
    "sort-by": "--sort name|age|node; with -w the keys sort",
  },
  pick: {
    "-e": "a search of 'TEXT is exact, as in fzf",
    "exact": "a search of 'TEXT is exact, as in fzf",
    "-i": "a search ignores case unless it has capitals, as in fzf",
    "-f": "--query TEXT starts with a search; kodama pods -m TEXT prints what matches",
    "reverse": "--layout reverse",
    "tac": "--sort name|age|node, or --shuffle",
    "no-sort": "--sort name|age|node, or --shuffle",
    "multi": "Tab chooses several; --single allows one only",
    "preview": "the preview is on; --no-preview starts without it",
    "filter": "--query TEXT starts with a search; kodama pods -m TEXT prints what matches",
    "bind": "the keys are fixed; ? in the picker shows them",
  },
};

/** Returns the answer for a word that other tools have as a command of the branch at `path`. */
export function verbAnswer(word: string, path: readonly string[]): string | undefined {
  return answerOf(verbs[path.join(" ")], word.toLowerCase());
}

/**
 * Returns the answer for a flag that another tool has: a long one without its dashes, or a short one with it. `path`
 * is the command, as in `runs list`.
 */
export function flagAnswer(name: string, path: string): string | undefined {
  return answerOf(flags[path], name) ?? answerOf(flags["*"], name);
}

function answerOf(table: Answers = {}, word: string): string | undefined {
  return Object.entries(table).find(([words]) => words.split(" ").includes(word))?.[1];
}

/** kubectl's verbs among the verbs of sessions. */
const kubectlVerbs: ReadonlySet<string> = new Set(["get", "delete", "set"]);

/** The commands of `kubectl set`. */
const kubectlSets: ReadonlySet<string> = new Set(
  ["env", "image", "resources", "selector", "serviceaccount", "subject"],
);

/** Verbs of sessions that other tools have for pods and other objects. */
const sessionVerbs: ReadonlySet<string> = new Set([
  ...kubectlVerbs,
  ...["list", "attach", "start", "stop", "resume"],
]);

/**
 * Returns the answer to a verb of sessions whose args are another tool's: `delete pod web-0`, `get deploy/web`,
 * `delete -f web.yaml`. Undefined for args that may name sessions.
 */
export function objectAnswer(path: string, operands: readonly string[]): string | undefined {
  const [verb = ""] = path.split(" ").slice(-1);
  const [first = "", second] = operands;
  const isFile = /\.(?:ya?ml|json)$/.test(first);
  const isObject = isFile || first.includes("/") ||
    isKind(first) && (second !== undefined || verb === "list") ||
    verb === "set" && second !== undefined && kubectlSets.has(first);
  if (!sessionVerbs.has(verb) || !/^(?:session )?[a-z]+$/.test(path) || !isObject) return undefined;
  const line = `${isFile ? "-f " : ""}${operands.join(" ")}`;
  if (kubectlVerbs.has(verb)) return `kodama k ${verb} ${line} runs kubectl`;
  if (verb === "list") return `kodama k get ${line} runs kubectl; kodama pods lists pods`;
  if (verb === "attach") return "kodama shell POD opens a shell in a pod";
  return "kodama k VERB runs kubectl, which scales and restarts workloads";
}

/** Returns every answer, for the test that compares them with the actual commands. */
export function allAnswers(): { arg: string; answer: string }[] {
  const all = (table: Answers, before: string) =>
    Object.entries(table).flatMap(([words, answer]) =>
      words.split(" ").map((word) => ({ arg: before + word, answer }))
    );
  return [
    ...Object.entries(verbs).flatMap(([path, table]) => all(table, `${path} `)),
    ...Object.values(flags).flatMap((table) => all(table, "--")),
  ];
}

/** Commands that end, delete or overwrite something: a typo is never corrected to one of them. */
export const destructive: ReadonlySet<string> = new Set(
  "stop delete interrupt restore down revoke unset rerun".split(" "),
);
