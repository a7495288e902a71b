/**
 * Commands and flags of kubectl, stern, gh and vibectl, and their equivalents here. Checked before the nearest name: a
 * name from another tool isn't a typo. Hints mention `kodama`; they may name kubectl's own command.
 */

const guarded = (verb: string) => `kodama k ${verb} runs kubectl, and confirms what it changes`;

const rootVerbs: Readonly<Record<string, string>> = {
  // kubectl
  describe: "kodama k describe runs kubectl; kodama pick shows the events and the log of each pod",
  events: "kodama k events runs kubectl; kodama pick shows those of each pod",
  ps: "kodama pods lists pods, kodama list lists sessions",
  po: "kodama pods lists pods",
  pod: "kodama pods lists pods",
  ns: "-n NAME chooses a namespace; kubectl get namespaces lists them",
  namespace: "-n NAME chooses a namespace; kubectl get namespaces lists them",
  namespaces: "-n NAME chooses a namespace; kubectl get namespaces lists them",
  ctx: "--context NAME chooses a context; kubectl config get-contexts lists them",
  context: "--context NAME chooses a context; kubectl config get-contexts lists them",
  contexts: "--context NAME chooses a context; kubectl config get-contexts lists them",
  node: "--node NAME chooses the pods of a node; kubectl get nodes lists them",
  nodes: "--node NAME chooses the pods of a node; kubectl get nodes lists them",
  "port-forward": "kodama forward forwards local ports to pods, and keeps them",
  debug: "kodama k debug adds a container; kodama shell opens a shell in one that runs",
  rollout: "kodama k rollout runs kubectl; kodama run rolling-restart restarts pods one by one",
  kubectl: "kodama k VERB runs kubectl, and confirms what it changes",
  kc: "kodama k VERB runs kubectl, and confirms what it changes",
  ...Object.fromEntries(
    [
      ...["apply", "create", "edit", "patch", "replace", "annotate", "label", "scale"],
      ...["autoscale", "expose", "explain", "drain", "cordon", "uncordon", "taint", "auth"],
      ...["certificate", "proxy", "diff", "kustomize", "api-resources", "api-versions"],
      ...["cluster-info", "options"],
    ].map((verb) => [verb, guarded(verb)]),
  ),
  // stern, and shell programs
  log: "kodama logs shows logs",
  tail: "kodama logs -f follows logs",
  stern: "kodama logs -f -m TEXT follows the logs of the pods whose name contains TEXT",
  grep: "kodama logs --grep RE shows the lines that match",
  ssh: "kodama shell opens a shell in a pod",
  sh: "kodama shell opens a shell in a pod",
  bash: "kodama shell opens a shell in a pod",
  enter: "kodama shell opens a shell in a pod, kodama attach one in a session",
  connect: "kodama shell opens a shell in a pod, kodama attach one in a session",
  copy: "kodama cp copies files to and from pods",
  scp: "kodama cp copies files to and from pods",
  rsync: "kodama sync start keeps two folders in sync; kodama cp copies once",
  search: "kodama pick searches pods, -m TEXT in any command chooses by name",
  find: "kodama pick searches pods, -m TEXT in any command chooses by name",
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
  vibe: "kodama ask answers a question about the cluster",
  auto: "kodama ask answers a question about the cluster",
  semiauto: "kodama ask answers a question about the cluster",
  llm: "kodama model list has the language models",
};

/** Words by the path of the branch that doesn't have them. */
const verbs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "": rootVerbs,
  "session": {
    new: "kodama start starts a session",
    create: "kodama start starts a session",
    exec: "kodama attach NAME opens a shell in a session",
    shell: "kodama attach NAME opens a shell in a session",
    connect: "kodama attach NAME opens a shell in a session",
    ssh: "kodama attach NAME opens a shell in a session; kodama ssh-config makes it a host of SSH",
    code: "kodama open NAME opens a session in an editor",
    logs: "kodama agent logs shows what the agent did, kodama logs the output of the session's pod",
    push: "kodama pull fetches a session's branch, kodama pr opens a pull request of it",
    rm: "kodama delete NAME deletes a session",
    status: "kodama get NAME shows one session",
    restart: "kodama stop NAME and kodama resume NAME",
  },
  "agent": {
    start: "kodama prompt gives a task to a session's agent",
    run: "kodama prompt gives a task to a session's agent",
    stop: "kodama interrupt stops a session's agent",
    cancel: "kodama interrupt stops a session's agent",
  },
  "cluster": {
    start: "kodama cluster up starts the embedded cluster",
    create: "kodama cluster up starts the embedded cluster",
    stop: "kodama cluster down stops the embedded cluster",
    delete: "kodama cluster down stops the embedded cluster",
  },
  "workflow": {
    create: "kodama workflow new creates a workflow file",
    view: "kodama workflow show shows a workflow",
    lint: "kodama workflow check reports problems in workflow files",
    validate: "kodama workflow check reports problems in workflow files",
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
    list: "kodama config view prints all settings",
    edit: "kodama config path prints the file's path; kodama config set changes one setting",
  },
  "model": {
    set: "kodama config set model.name NAME chooses the model",
    use: "kodama config set model.name NAME chooses the model",
  },
};

/** Flags by the path of their command; `*` for every command. */
const flags: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "*": {
    "live-display": "live lines are shown on a terminal, and in no pipe",
    "no-live-display": "live lines are shown on a terminal, and in no pipe: | cat has none",
    "freeze-memory": "only kodama ask changes what a model notes, and not with --freeze-memory",
    "unfreeze-memory": "only kodama ask changes what a model notes",
    "show-metrics": "kodama ask --show-metrics; kodama model stats has all of them",
    "show-raw-output": "output is the program's own; -o json prints data",
    "no-show-raw-output": "output is the program's own; -o json prints data",
    "show-vibe": "--explain lets a model explain the output, if the command has it",
    "no-show-vibe": "without --explain no model is asked",
    "show-kubectl": "-v 6 prints each request",
    "no-show-kubectl": "requests are printed with -v 6 alone",
    "mode": "the setting gate.contexts has a policy for each context: read-only, ask or allow",
    "dry-run": "--list shows the pods that a command would run in, and runs nothing",
    "cluster": "--context NAME chooses a cluster",
    "all-contexts": "--context NAME may be given several times",
    "label": "-l QUERY chooses pods by labels",
    "labels": "-l QUERY chooses pods by labels",
    "namespaces": "-n NAME may be given several times, -A looks in all namespaces",
    "all": "-A looks in all namespaces",
    "no-color": "--color never",
    "colour": "--color auto|always|never",
  },
  exec: {
    "parallel": "--fanout N runs in N pods at the same time",
    "forks": "--fanout N runs in N pods at the same time",
    "concurrency": "--fanout N runs in N pods at the same time",
    "command": "put the command after --, e.g. kodama exec web-0 -- uname -a",
    "all-containers": "a command runs in one container of each pod; -c NAME chooses it",
    "pod-running-timeout": "--connect-timeout DURATION waits for a server; pods must be running",
  },
  logs: {
    "no-follow": "without -f the logs are read to their end, and it ends by itself",
    "only-log-lines": "-q shows only lines and errors",
    "diff-container": "each container has a colour of its own",
    "timezone": "--timestamps=local writes times in the time zone of this machine",
    "exclude-pod": "-x TEXT excludes pods by name",
    "pod-colors": "--color auto|always|never",
    "container-colors": "--color auto|always|never",
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
    "show-labels": "kubectl get pods --show-labels; -l QUERY chooses by labels",
    "sort-by": "--sort name|age|node",
    "no-headers": "-o name prints names alone, -o jsonl data",
    "field": "-o json | jq prints single fields",
    "jq": "-o json | jq prints single fields",
    "template": "-o json | jq prints single fields",
  },
  pick: {
    "multi": "Tab chooses several; --single allows one only",
    "preview": "the preview is on; --no-preview starts without it",
    "filter": "--query TEXT starts with a search; kodama pods -m TEXT prints what matches",
    "bind": "the keys are fixed; ? in the picker shows them",
  },
};

/** Returns the answer for a word that other tools have as a command of the branch at `path`. */
export function verbAnswer(word: string, path: readonly string[]): string | undefined {
  const known = verbs[path.join(" ")];
  const key = word.toLowerCase();
  return known !== undefined && Object.hasOwn(known, key) ? known[key] : undefined;
}

/**
 * Returns the answer for a flag that another tool has: a long one without its dashes, or a short one with it. `path`
 * is the command, as in `runs list`.
 */
export function flagAnswer(name: string, path: string): string | undefined {
  for (const table of [flags[path], flags["*"]]) {
    if (table !== undefined && Object.hasOwn(table, name)) return table[name];
  }
  return undefined;
}

/** Returns every answer, for the test that compares them with the actual commands. */
export function* allAnswers(): Generator<{ arg: string; answer: string }> {
  for (const [path, table] of Object.entries(verbs)) {
    for (const [word, answer] of Object.entries(table)) yield { arg: `${path} ${word}`, answer };
  }
  for (const table of Object.values(flags)) {
    for (const [name, answer] of Object.entries(table)) yield { arg: `--${name}`, answer };
  }
}

/** Commands that end, delete or overwrite something: a typo is never corrected to one of them. */
export const destructive: ReadonlySet<string> = new Set([
  "stop",
  "delete",
  "interrupt",
  "restore",
  "down",
  "revoke",
  "unset",
  "rerun",
]);
