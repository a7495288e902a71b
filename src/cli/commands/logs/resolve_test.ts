/** Args -> options. */
import { wholeSelection } from "../../../actions/exec/events.ts";
import { logFields } from "../../../actions/logs/events.ts";
import { readFields } from "../../../operation/operation.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { testResolve } from "../../testing/resolve.ts";

testResolve([
  {
    line: "logs web-0",
    options: {
      kind: "containers",
      containers: {
        pick: false,
        options: {
          contexts: [],
          selection: {
            ...wholeSelection,
            operands: [{ kind: "pod", name: "web-0" }],
            allPhases: true,
          },
          ...readFields(logFields, {}),
        },
        view: {
          format: "default",
          single: true,
          quiet: false,
          color: "auto",
          jsonFields: [],
          highlight: [],
        },
      },
    },
    changes: [
      ["--exclude-container x", {
        containers: { options: { excludeContainer: [{ kind: "exact", name: "x" }] } },
      }],
      ["--init-containers", { containers: { options: { initContainers: true } } }],
      ["--ephemeral-containers", { containers: { options: { ephemeralContainers: true } } }],
      ["--container-state terminated", {
        containers: { options: { containerState: ["terminated"] } },
      }],
      ["--condition ready=false", {
        containers: { options: { condition: { type: "ready", status: "false" } } },
      }],
      ["--follow", { containers: { options: { follow: true } } }],
      ["--previous", { containers: { options: { previous: true } } }],
      ["--tail 3", { containers: { options: { tail: 3 } } }],
      ["--since 30s", { containers: { options: { since: 30_000 } } }],
      ["--since-time 2026-01-02T03:04:05Z", {
        containers: { options: { sinceTime: new Date("2026-01-02T03:04:05.000Z") } },
      }],
      ["--until-time 2026-01-02T03:04:05Z", {
        containers: { options: { untilTime: new Date("2026-01-02T03:04:05.000Z") } },
      }],
      ["--limit-bytes 3", { containers: { options: { limitBytes: 3 } } }],
      ["--max-log-requests 3", { containers: { options: { maxLogRequests: 3 } } }],
      ["--grep x", { containers: { options: { grep: [/x/u] } } }],
      ["--exclude-lines x", { containers: { options: { excludeLines: [/x/u] } } }],
      ["--highlight x", { containers: { view: { highlight: [/x/u] } } }],
      ["--timestamps", { containers: { view: { timestamps: "full" } } }],
      ["--json-fields x", { containers: { view: { jsonFields: ["x"] } } }],
      ["--output jsonl", { containers: { view: { format: "jsonl" } } }],
      ["--template {pod}:{json.a}", {
        containers: {
          view: {
            template: [{ kind: "placeholder", field: "pod" }, { kind: "text", text: ":" }, {
              kind: "field",
              path: ["a"],
            }],
          },
        },
      }],
      ["--color never", { containers: { view: { color: "never" } } }],
      ["--quiet", { containers: { view: { quiet: true } } }],
      ["--tail -1", {}],
      ["-l app=web", { containers: { options: { selection: { labelSelector: "app=web" } } } }],
      ["--pick", { containers: { pick: true } }],
      ["--prefix=false", { containers: { view: { format: "raw" } } }],
      ["--prefix", { containers: { view: { single: false } } }],
      ["deploy/web", {
        containers: {
          options: {
            selection: {
              operands: [{ kind: "pod", name: "web-0" }, {
                kind: "workload",
                plural: "deployments",
                name: "web",
              }],
            },
          },
          view: { single: false },
        },
      }],
    ],
    errors: [
      ["--follow --previous", /--follow and --previous can't be used together/],
      ["--follow --limit-bytes 3", /--follow and --limit-bytes can't be used together/],
      [
        "--follow --until-time 2026-01-02T03:04:05Z",
        /--follow and --until-time can't be used together/,
      ],
      [
        "--since 1h --since-time 2026-01-02T03:04:05Z",
        /--since and --since-time can't be used together/,
      ],
      ["-o json --template {pod}", /--output and --template can't be used together/],
      [
        "--all-containers=false",
        /--all-containers=false is not supported: all containers are the default/,
      ],
      ["--timestamps --template {pod}", /--timestamps and --template can't be used together/],
      ["--json-fields a -o jsonl", /--json-fields and --output can't be used together/],
      ["--exclude x", /--exclude excludes pods by name, and would exclude none/],
    ],
  },
  {
    line: "logs --agent my-work",
    options: {
      kind: "agent",
      agent: {
        ref: { kind: "session", name: "my-work" },
        name: "my-work",
        follow: false,
        format: "text",
      },
    },
    changes: [
      ["--follow", { agent: { follow: true } }],
      ["--output jsonl", { agent: { format: "jsonl" } }],
      ["-n dev --context lab", { agent: { ref: { namespace: "dev", context: "lab" } } }],
      ["-o json", { agent: { format: "jsonl" } }],
    ],
    errors: [
      ["--exclude-container x", /--agent and --exclude-container can't be used together/],
      ["--init-containers", /--agent and --init-containers can't be used together/],
      ["--ephemeral-containers", /--agent and --ephemeral-containers can't be used together/],
      ["--container-state terminated", /--agent and --container-state can't be used together/],
      ["--condition ready=false", /--agent and --condition can't be used together/],
      ["--previous", /--agent and --previous can't be used together/],
      ["--tail 3", /--agent and --tail can't be used together/],
      ["--since 30s", /--agent and --since can't be used together/],
      ["--since-time 2026-01-02T03:04:05Z", /--agent and --since-time can't be used together/],
      ["--until-time 2026-01-02T03:04:05Z", /--agent and --until-time can't be used together/],
      ["--limit-bytes 3", /--agent and --limit-bytes can't be used together/],
      ["--max-log-requests 3", /--agent and --max-log-requests can't be used together/],
      ["--grep x", /--agent and --grep can't be used together/],
      ["--exclude-lines x", /--agent and --exclude-lines can't be used together/],
      ["--highlight x", /--agent and --highlight can't be used together/],
      ["--timestamps", /--agent and --timestamps can't be used together/],
      ["--json-fields x", /--agent and --json-fields can't be used together/],
      ["--template x", /--agent and --template can't be used together/],
      ["--color never", /--agent and --color can't be used together/],
      ["--quiet", /--agent and --quiet can't be used together/],
      ["-n a -n b", /--agent needs a single namespace and context/],
      ["-o raw", /--agent has no output raw/],
      ["other", /--agent needs the name of one session/],
    ],
  },
  { line: "logs --agent", error: /--agent needs the name of one session/ },
], selectionFlags);
