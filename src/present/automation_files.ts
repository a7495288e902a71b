/** Files that run a workflow elsewhere: in GitHub Actions, and as a CronJob in the cluster. Pure. */
import { objectName } from "./workflow_rights.ts";
import { UsageError } from "../base/errors.ts";
import type { JsonValue } from "../base/json_value.ts";
import type { AutomatedWorkflow, NeededRole } from "../actions/workflow/automation.ts";

type Param = AutomatedWorkflow["params"][number];

/** A parameter's value as the command line takes it. */
type ParamArg = readonly [name: string, value: string];

/* GitHub Actions. https://docs.github.com/en/actions/writing-workflows/workflow-syntax-for-github-actions */

/** What a file for GitHub Actions depends on beside the workflow. */
interface ActionsOptions {
  /** The workflow as `kodama run` takes it: a path from the repository's root, or a name. */
  workflow: string;
  /** A cron expression; run by hand only if absent. */
  schedule?: string;
}

/** The version that kodama is installed by. */
const denoVersion = "2.9.6";

/** Returns the file: its parameters are inputs, its secret ones are secrets of the repository. */
export async function actionsFile(
  workflow: AutomatedWorkflow,
  options: ActionsOptions,
): Promise<string> {
  const head =
    `# Runs the workflow ${workflow.name} in GitHub Actions. Set OWNER/kodama to the repository of kodama, and the\n` +
    "# secret KUBECONFIG to a kubeconfig with the rights that `kodama workflow rights` prints.\n";
  return head + await yamlText(actionsData(workflow, options));
}

/** Long lines aren't folded: a shell reads some of them. */
async function yamlText(value: unknown): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Returns the path of the file for GitHub Actions, from the repository's root. */
export function actionsPath({ name }: AutomatedWorkflow): string {
  return `.github/workflows/${objectName(name)}.yaml`;
}

/** The same as data. */
export function actionsData(
  workflow: AutomatedWorkflow,
  { workflow: wanted, schedule }: ActionsOptions,
): Record<string, unknown> {
  const inputs = workflow.params.filter(({ secret }) => !secret);
  return {
    name: `kodama ${workflow.name}`,
    on: {
      workflow_dispatch: inputs.length === 0
        ? {}
        : { inputs: Object.fromEntries(inputs.map((param) => [param.name, inputOf(param)])) },
      ...(schedule === undefined ? {} : { schedule: [{ cron: schedule }] }),
    },
    permissions: { contents: "read" },
    // One run at a time; the next one waits.
    concurrency: { group: objectName(workflow.name), "cancel-in-progress": false },
    jobs: {
      run: {
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 60,
        steps: [
          { uses: "actions/checkout@v4" },
          {
            name: "Get kodama",
            uses: "actions/checkout@v4",
            with: { repository: "OWNER/kodama", path: ".kodama-source" },
          },
          {
            name: "Install kodama",
            "working-directory": ".kodama-source",
            run: `npx -y deno@${denoVersion} task install --prefix "$HOME/.local"\n` +
              'echo "$HOME/.local/bin" >>"$GITHUB_PATH"\n',
          },
          {
            name: "Write the kubeconfig",
            env: { KUBECONFIG_TEXT: "${{ secrets.KUBECONFIG }}" },
            run: 'umask 077\nprintf \'%s\' "$KUBECONFIG_TEXT" >"$RUNNER_TEMP/kubeconfig"\n',
          },
          {
            name: `Run ${workflow.name}`,
            env: {
              KUBECONFIG: "${{ runner.temp }}/kubeconfig",
              ...Object.fromEntries(workflow.params.map(environmentOf)),
            },
            run: [`kodama run ${shellWord(wanted)} --yes --trust`, ...inputs.map(argumentOf)]
              .join(" \\\n  ") + "\n",
          },
          {
            name: "Write the report",
            if: "${{ !cancelled() }}",
            run: 'kodama runs report --output "$RUNNER_TEMP/report.html"\n',
          },
          {
            if: "${{ !cancelled() }}",
            uses: "actions/upload-artifact@v4",
            with: { name: `report-${workflow.name}`, path: "${{ runner.temp }}/report.html" },
          },
        ],
      },
    },
  };
}

function inputOf(param: Param): Record<string, unknown> {
  const { description, type, enum: values, required } = param;
  const fallback = param.default;
  return {
    ...(description === undefined ? {} : { description }),
    ...(values === undefined
      ? { type: type === "boolean" || type === "number" ? type : "string" }
      : { type: "choice", options: values.map(String) }),
    ...(fallback === undefined || fallback === null ? { required } : {
      required: false,
      default: typeof fallback === "boolean" || typeof fallback === "number"
        ? fallback
        : Array.isArray(fallback)
        ? fallback.map(String).join(",")
        : String(fallback),
    }),
  };
}

/** A value gets into the shell as a variable: in its text it could be a command. */
function environmentOf({ name, secret, env }: Param): [string, string] {
  if (!secret) return [variableOf(name), `\${{ inputs.${name} }}`];
  if (env === undefined) throw secretError(name);
  return [env, `\${{ secrets.${env} }}`];
}

/** Absent if it is empty: a run by a schedule has no inputs. */
function argumentOf({ name }: Param): string {
  const variable = variableOf(name);
  return `\${${variable}:+--param} \${${variable}:+"${name}=$${variable}"}`;
}

function variableOf(name: string): string {
  return `PARAM_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
}

function secretError(name: string): UsageError {
  return new UsageError(`the parameter ${name} is secret, and would be an argument`, {
    hint: `give it \`env: NAME\` in the workflow; the variable is set from a secret then`,
  });
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/* A CronJob. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */

/** What a CronJob depends on beside the workflow. */
export interface CronJobOptions {
  namespace: string;
  schedule: string;
  /** With kodama on its PATH. */
  image: string;
  params: readonly ParamArg[];
  roles: readonly NeededRole[];
  /** The workflow's own file first, then those that it refers to: paths in one folder, and their texts. */
  files: readonly { path: string; text: string }[];
}

const mountPath = "/workflows";

/** Returns the manifests as YAML; the rights that aren't known are comments. */
export async function cronJobYaml(
  workflow: AutomatedWorkflow,
  { unknown, ...options }: CronJobOptions & {
    unknown: readonly { step: string; reason: string }[];
  },
): Promise<string> {
  const notes = unknown.map(({ step, reason }) =>
    `# The Role may be incomplete. Step ${step}: ${reason}.\n`
  );
  const texts = await Promise.all(cronJobObjects(workflow, options).map(yamlText));
  return notes.join("") + texts.join("---\n");
}

/** Returns the objects: a ServiceAccount with the workflow's roles, its files in a ConfigMap, and the CronJob. */
export function cronJobObjects(
  workflow: AutomatedWorkflow,
  { namespace, schedule, image, params, roles, files }: CronJobOptions,
): Record<string, unknown>[] {
  const name = objectName(workflow.name);
  const metadata = { name, namespace, labels: { "app.kubernetes.io/name": name } };
  requireParams(workflow, params);
  const pod = workflowPod(workflow, { name, image, params, files });
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    ...roles.flatMap((role) => roleObjects(role, { name, namespace })),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata,
      data: Object.fromEntries(files.map(({ text }, at) => [`file-${at}`, text])),
    },
    {
      apiVersion: "batch/v1",
      kind: "CronJob",
      metadata,
      spec: {
        schedule,
        concurrencyPolicy: "Forbid",
        startingDeadlineSeconds: 300,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          spec: { backoffLimit: 0, ttlSecondsAfterFinished: 86_400, template: { spec: pod } },
        },
      },
    },
  ];
}

/** Throws UsageError for a parameter that is missing, or a secret one that no variable can give. */
function requireParams(
  workflow: AutomatedWorkflow,
  params: CronJobOptions["params"],
): void {
  const given = new Set(params.map(([param]) => param));
  for (const { name, required, secret, env } of workflow.params) {
    if (secret && env === undefined) throw secretError(name);
    if (required && !secret && !given.has(name)) {
      throw new UsageError(`the parameter ${name} must be given`, { hint: `--param ${name}=…` });
    }
  }
}

/** Returns the pod that runs a workflow: its files in a volume, its secrets as variables. */
function workflowPod(
  workflow: AutomatedWorkflow,
  { name, image, params, files }:
    & { name: string }
    & Pick<
      CronJobOptions,
      "image" | "params" | "files"
    >,
): Record<string, unknown> {
  const secrets = workflow.params.flatMap(({ secret, env }) => secret && env ? [env] : []);
  const [own] = files;
  const container = {
    name: "kodama",
    image,
    // Named, as the image may start kodama by itself or not.
    command: ["kodama"],
    args: [
      ...["run", `${mountPath}/${own?.path ?? ""}`, "--yes", "--trust"],
      ...params.flatMap(([param, value]) => ["--param", `${param}=${value}`]),
    ],
    env: [
      // Records of its runs; a volume keeps them.
      { name: "KODAMA_CONFIG_DIR", value: "/tmp/kodama" },
      { name: "HOME", value: "/tmp" },
      ...secrets.map((variable) => ({
        name: variable,
        valueFrom: { secretKeyRef: { name, key: variable } },
      })),
    ],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
      readOnlyRootFilesystem: true,
    },
    volumeMounts: [
      { name: "workflows", mountPath, readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
  return {
    serviceAccountName: name,
    restartPolicy: "Never",
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container],
    volumes: [
      {
        name: "workflows",
        configMap: {
          name,
          items: files.map(({ path }, at) => ({ key: `file-${at}`, path })),
        },
      },
      { name: "tmp", emptyDir: {} },
    ],
  };
}

/** Returns a role and its binding. Two CronJobs in different namespaces may have the same ClusterRole. */
function roleObjects(
  { scope, rules }: NeededRole,
  { name, namespace }: { name: string; namespace: string },
): Record<string, JsonValue>[] {
  const isCluster = scope.kind === "cluster";
  const place = isCluster
    ? { name: `${name}-${namespace}` }
    : { name, namespace: scope.kind === "namespace" ? scope.name : namespace };
  const group = "rbac.authorization.k8s.io";
  const kind = isCluster ? "ClusterRole" : "Role";
  return [
    {
      apiVersion: `${group}/v1`,
      kind,
      metadata: place,
      rules: rules.map((rule) => ({
        apiGroups: [rule.group],
        resources: [...rule.resources],
        verbs: [...rule.verbs],
      })),
    },
    {
      apiVersion: `${group}/v1`,
      kind: `${kind}Binding`,
      metadata: place,
      roleRef: { apiGroup: group, kind, name: place.name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}
