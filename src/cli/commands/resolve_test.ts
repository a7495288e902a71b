/** Args -> options. */
import { testResolve } from "../testing/resolve.ts";

testResolve([
  {
    line: "metrics",
    options: { scope: { allNamespaces: false }, format: "openmetrics" },
    changes: [
      ["--namespace x", { scope: { namespace: "x" } }],
      ["--context x", { scope: { context: "x" } }],
      ["-A", { scope: { allNamespaces: true } }],
      ["-o json", { format: "json" }],
    ],
    errors: [["-A -n x", /--namespace and --all-namespaces can't be used together/]],
  },
  {
    line: "completion bash",
    options: { shell: "bash" },
  },
  {
    line: "doctor",
    options: { sessions: false, looked: { contexts: [] } },
    changes: [
      ["--context x", { looked: { contexts: ["x"] } }],
      ["--namespace x", { looked: { namespace: "x" } }],
      ["--sessions", { sessions: true }],
      ["--output yaml", { format: "yaml" }],
    ],
  },
  {
    line: "help",
    options: { path: [] },
    changes: [
      ["exec", { path: ["exec"] }],
      ["sync start", { path: ["sync", "start"] }],
    ],
  },
  {
    line: "k get pods",
    options: { args: ["get", "pods"], isConfirmed: false, readOnly: false, watch: false },
    changes: [
      ["--yes", { isConfirmed: true }],
      ["--read-only", { readOnly: true }],
      ["--budget 2000", { budget: 2000 }],
      // kubectl's own.
      ["--watch", { args: ["get", "pods", "--watch"] }],
      ["-n web -o wide", { args: ["get", "pods", "-n", "web", "-o", "wide"] }],
    ],
  },
  {
    line: "k exec web-0 -- ls --yes",
    options: {
      args: ["exec", "web-0", "--", "ls", "--yes"],
      isConfirmed: false,
      readOnly: false,
      watch: false,
    },
  },
  {
    line: "k delete pod web-0",
    options: {
      args: ["delete", "pod", "web-0"],
      isConfirmed: false,
      readOnly: false,
      watch: false,
    },
    changes: [["--watch", { watch: true }]],
  },
  {
    line: "interrupt my-work",
    options: { theirs: false, ref: { kind: "session", name: "my-work" } },
    changes: [
      ["--namespace x", { ref: { namespace: "x" } }],
      ["--context x", { ref: { context: "x" } }],
      ["--theirs", { theirs: true }],
      ["--task 3", { task: 3 }],
    ],
  },
  {
    line: "interrupt pod/web-0",
    options: { theirs: false, ref: { kind: "pod", name: "web-0" } },
  },
  {
    line: "lsp",
    options: {},
  },
  {
    line: "web",
    options: {
      port: 0,
      address: "127.0.0.1",
      names: ["127.0.0.1", "localhost"],
      open: false,
    },
    changes: [
      ["--port 8443", { port: 8443 }],
      ["--open", { open: true }],
      ["--metrics-token-file f", { metrics: "f" }],
      ["--address ::1", { address: "::1", names: ["::1", "localhost"] }],
      ["--tls-cert c --tls-key k", { tls: { cert: "c", key: "k" } }],
      ["--address 0.0.0.0 --allow-remote laptop.lan --tls-cert c --tls-key k", {
        address: "0.0.0.0",
        names: ["laptop.lan"],
        tls: { cert: "c", key: "k" },
      }],
    ],
    errors: [
      ["--port 70000", /must be a port/],
      ["--tls-cert c", /need each other/],
      ["--address 0.0.0.0", /other machines can connect/],
      ["--address 0.0.0.0 --allow-remote a", /needs a certificate/],
      ["--allow-remote a", /needs --address/],
      ["--address 0.0.0.0 --allow-remote a:1 --tls-cert c --tls-key k", /without a port/],
    ],
  },
  {
    line: "mcp",
    options: { allowChanges: false },
    changes: [
      ["--allow-changes", { allowChanges: true }],
      ["--http 7331", { port: 7331 }],
      ["--namespace shop", { only: { namespace: "shop" } }],
      ["--namespace shop --context lab", { only: { namespace: "shop", context: "lab" } }],
      ["--session fix", { agent: { kind: "session", name: "fix" } }],
      ["--session pod/x -n shop --context lab", {
        agent: { kind: "pod", name: "x", namespace: "shop", context: "lab" },
      }],
    ],
    errors: [
      ["--http 70000", /must be a port/],
      ["--context lab", /needs --namespace/],
      ["--session fix --http 1", /--session and --http can't be used together/],
      ["--session fix --allow-changes", /--session and --allow-changes can't be/],
    ],
  },
  {
    line: "mcp install vscode",
    options: { program: "vscode", scope: "user", isPrinted: false, args: [] },
    changes: [
      ["--scope project", { scope: "project" }],
      ["--print", { isPrinted: true }],
      ["--allow-changes", { args: ["--allow-changes"] }],
      ["--read-only", { args: ["--read-only"] }],
      ["--kubeconfig f", { args: ["--kubeconfig", "f"] }],
      ["-n shop", { args: ["--namespace", "shop"] }],
      ["-n shop --context lab", { args: ["--namespace", "shop", "--context", "lab"] }],
    ],
    errors: [["--allow-changes --read-only", /can't be used together/]],
  },
  {
    line: "mcp install claude-code",
    options: { program: "claude-code", scope: "user", isPrinted: false, args: [] },
  },
  {
    line: "version",
    options: { json: false, check: false },
    changes: [
      ["--output json", { json: true }],
      ["--check", { check: true }],
    ],
  },
  {
    line: "wait deploy/web",
    options: {
      targets: [{ kind: "deploy", name: "web" }],
      conditions: [{ kind: "ready" }],
      need: { kind: "all" },
      failOn: [],
      timeoutMs: 30_000,
      allNamespaces: false,
      format: "text",
      quiet: false,
    },
    changes: [
      ["job/migrate", {
        targets: [{ kind: "deploy", name: "web" }, { kind: "job", name: "migrate" }],
      }],
      ["--for create", { conditions: [{ kind: "create" }] }],
      ["--for condition=Available --for delete", {
        conditions: [{ kind: "condition", type: "Available", status: "True" }, { kind: "delete" }],
      }],
      ["--for jsonpath={.status.phase}=Bound", {
        conditions: [{
          kind: "jsonpath",
          links: [{ kind: "name", name: "status" }, { kind: "name", name: "phase" }],
          value: "Bound",
        }],
      }],
      ["--for DELETE", { conditions: [{ kind: "delete" }] }],
      ["--then svc/web,rs/web --then ingress/web", {
        then: [
          [{ kind: "svc", name: "web" }, { kind: "rs", name: "web" }],
          [{ kind: "ingress", name: "web" }],
        ],
      }],
      ["--any", { need: { kind: "any" } }],
      ["--count 1", { need: { kind: "count", count: 1 } }],
      ["--fail-on Failed --fail-on any", { failOn: ["Failed", "any"] }],
      ["--timeout 5m", { timeoutMs: 300_000 }],
      ["--timeout 0", { timeoutMs: 0 }],
      ["--timeout 0s", { timeoutMs: 0 }],
      ["--timeout=-1s", { timeoutMs: 604_800_000 }],
      ["-n shop", { namespace: "shop" }],
      ["--context x", { context: "x" }],
      ["-o jsonl", { format: "jsonl" }],
      ["-o name", { format: "name" }],
      ["-q", { quiet: true }],
    ],
    errors: [
      ["--for", /needs a value|--for/],
      ["--for jsonpath={.a}=", /no value after its equals sign/],
      ["-f app.yaml", /contradict/],
      ["--timeout=-soon", /soon/],
      ["-o yaml", /yaml/],
      ["--for Ready", /not something to wait for/],
      ["--for jsonpath={.a", /not a JSONPath/],
      ["--any --count 1", /contradict/],
      ["--count 2", /only 1 object is named/],
      ["deploy/db --count 3", /only 2 objects are named/],
      ["--then pods", /not an object/],
      ["--then svc/web --any", /contradict/],
      ["--then svc/web --count 1", /contradict/],
      ["-n shop -A", /can't be used together/],
      ["-l app=web", /a name and a selector/],
      ["--timeout soon", /soon/],
      ["deploy/", /not an object/],
    ],
  },
  {
    line: "wait -f app.yaml",
    options: {
      files: ["app.yaml"],
      conditions: [{ kind: "ready" }],
      need: { kind: "all" },
      failOn: [],
      timeoutMs: 30_000,
      allNamespaces: false,
      format: "text",
      quiet: false,
    },
    changes: [["--filename -", { files: ["app.yaml", "-"] }]],
    errors: [["-l app=web", /contradict/], ["--all", /contradict/]],
  },
  {
    line: "wait pods web-0 web-1",
    options: {
      targets: [{ kind: "pods", name: "web-0" }, { kind: "pods", name: "web-1" }],
      conditions: [{ kind: "ready" }],
      need: { kind: "all" },
      failOn: [],
      timeoutMs: 30_000,
      allNamespaces: false,
      format: "text",
      quiet: false,
    },
  },
  {
    line: "wait pods,jobs --all",
    options: {
      targets: [{ kind: "pods" }, { kind: "jobs" }],
      conditions: [{ kind: "ready" }],
      need: { kind: "all" },
      failOn: [],
      timeoutMs: 30_000,
      allNamespaces: false,
      format: "text",
      quiet: false,
    },
    changes: [
      ["-A", { allNamespaces: true }],
      ["--selector app=web", {
        targets: [
          { kind: "pods", labelSelector: "app=web" },
          { kind: "jobs", labelSelector: "app=web" },
        ],
      }],
      ["--field-selector status.phase=Running", {
        targets: [
          { kind: "pods", fieldSelector: "status.phase=Running" },
          { kind: "jobs", fieldSelector: "status.phase=Running" },
        ],
      }],
    ],
  },
  { line: "wait", error: /nothing to wait for/ },
  { line: "wait pods", error: /no objects of kind pods are chosen/ },
  {
    line: "ui",
    options: { kind: "pods", scope: { namespaces: { kind: "default" } } },
    changes: [
      ["deploy", { kind: "deploy" }],
      ["-n a -n b", { scope: { namespaces: { kind: "named", names: ["a", "b"] } } }],
      ["-A", { scope: { namespaces: { kind: "all" } } }],
      ["--context x", { scope: { namespaces: { kind: "default" }, context: "x" } }],
      ["--layout shop", { layout: "shop" }],
    ],
  },
  { line: "ui -A -n a", error: /contradict/ },
  { line: "ui pods --layout a", error: /a layout has its own kinds/ },
  {
    line: "watch pods",
    options: {
      watch: {
        contexts: [],
        namespaces: [],
        allNamespaces: false,
        targets: [{ kind: "pods" }],
        events: false,
      },
      view: { format: "text", isWide: false, diff: false, reverse: false },
    },
    changes: [
      ["deploy", { watch: { targets: [{ kind: "pods" }, { kind: "deploy" }] } }],
      ["-l app=web -l tier!=test --field-selector status.phase=Running", {
        watch: { labelSelector: "app=web,tier!=test", fieldSelector: "status.phase=Running" },
      }],
      ["-n a -n b", { watch: { namespaces: ["a", "b"] } }],
      ["-A", { watch: { allNamespaces: true } }],
      ["--context x --context y", { watch: { contexts: ["x", "y"] } }],
      ["--columns PHASE:.status.phase --columns IP:{.status.podIP}", {
        view: {
          columns: [
            {
              title: "PHASE",
              links: [{ kind: "name", name: "status" }, { kind: "name", name: "phase" }],
            },
            {
              title: "IP",
              links: [{ kind: "name", name: "status" }, { kind: "name", name: "podIP" }],
            },
          ],
        },
      }],
      ["--sort restarts --reverse", { view: { sort: "RESTARTS", reverse: true } }],
      ["--filter ^web", { view: { filter: "^web" } }],
      ["--events", { watch: { events: true } }],
      ["--diff", { view: { diff: true } }],
      ["--save f.jsonl", { save: "f.jsonl" }],
      ["-o wide", { view: { isWide: true } }],
      ["-o jsonl", { view: { format: "jsonl" } }],
    ],
    errors: [
      ["-n a -A", /can't be used together/],
      ["--reverse", /needs --sort/],
      ["--columns PHASE", /not a column/],
      ["--columns PHASE:.a[", /not a column/],
      ["pod/", /not an object/],
      ["-o json", /json/],
    ],
  },
  {
    line: "watch deploy/web pod/web-0",
    options: {
      watch: {
        contexts: [],
        namespaces: [],
        allNamespaces: false,
        targets: [{ kind: "deploy", name: "web" }, { kind: "pod", name: "web-0" }],
        events: false,
      },
      view: { format: "text", isWide: false, diff: false, reverse: false },
    },
    errors: [
      ["-l app=web", /a name and a selector/],
      ["-A", /one namespace/],
    ],
  },
  { line: "watch", error: /nothing to watch/ },
  {
    line: "image build r.example/session:1",
    options: { kind: "build", image: "r.example/session:1", push: false, buildArgs: [] },
    changes: [
      ["--push", { push: true }],
      ["--builder docker", { builder: "docker" }],
      ["--platform linux/arm64", { platform: "linux/arm64" }],
      ["--build-arg BASE=a --build-arg B=", { buildArgs: ["BASE=a", "B="] }],
    ],
    errors: [
      ["--builder kaniko", /kaniko/],
      ["--build-arg BASE", /expected NAME=VALUE/],
    ],
  },
  { line: "image build --dockerfile", options: { kind: "dockerfile" } },
  { line: "image build", error: /the image needs a name/ },
  {
    line: "image check",
    options: { options: { timeoutMs: 180_000 } },
    changes: [
      ["r.example/session:1", { options: { image: "r.example/session:1" } }],
      ["--timeout 10s", { options: { timeoutMs: 10_000 } }],
      ["-n dev", { options: { namespace: "dev" } }],
      ["--context x", { options: { context: "x" } }],
      ["-o json", { format: "json" }],
    ],
  },
  { line: "completion", error: /missing SHELL/ },
  { line: "interrupt", error: /missing/ },
]);
