/**
 * Random sessions: of files of a repository, of the user's own settings and templates, of a project's devcontainer, of
 * flags, and of a snapshot's file. All but the user's own are hostile.
 */
import fc from "fast-check";
import type { Pod } from "../../../kube/types.ts";
import { checkedPod } from "../../../session/manifests/pod_standard.ts";
import { sessionAllowances, sessionPod } from "../../../session/manifests/pod.ts";
import { imageCheckPod } from "../../../session/manifests/image_check_pod.ts";
import { filesPod, snapshotPod } from "../../../session/manifests/snapshot_pod.ts";
import type { Session, SessionSpec } from "../../../session/model.ts";
import { sampleSession } from "../../../session/testing/session.ts";
import { simulatedHost } from "../../testing/simulated_host.ts";
import { defineSession, ownSpec } from "../definition.ts";
import { withDevContainer } from "../dev_container.ts";
import type { StartOptions } from "../events.ts";
import { fileSpec } from "../snapshots/file_spec.ts";

/** Any part of this object may be absent. */
const some = <T>(parts: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(parts, { requiredKeys: [] });

const secretRef = { secretRef: { name: "payroll" } };
const payroll = { name: "A", valueFrom: { secretKeyRef: { name: "payroll", key: "p" } } };

const securityContext = some({
  privileged: fc.boolean(),
  allowPrivilegeEscalation: fc.boolean(),
  runAsUser: fc.constantFrom(0, 1000),
  runAsNonRoot: fc.boolean(),
  procMount: fc.constantFrom("Unmasked", "Default"),
  capabilities: fc.constantFrom<unknown>({ add: ["SYS_ADMIN"] }, { drop: [] }),
  seccompProfile: fc.constant({ type: "Unconfined" }),
  appArmorProfile: fc.constant({ type: "Unconfined" }),
  seLinuxOptions: fc.constantFrom({ type: "spc_t" }, { user: "root" }),
  windowsOptions: fc.constant({ hostProcess: true }),
});

const container = fc.record({
  name: fc.constantFrom("helper", "workspace", "look", "db"),
  image: fc.constant("evil"),
  command: fc.constantFrom<unknown>(["sh"], { secretRef: { name: "payroll" } }),
  args: fc.constant(["-c", "x"]),
  env: fc.subarray<unknown>([{ name: "B", value: "1" }, payroll, { ...payroll, value: "1" }]),
  envFrom: fc.constant([secretRef]),
  ports: fc.constant([{ containerPort: 1, hostPort: 1 }]),
  securityContext,
  resources: fc.constantFrom<unknown>(
    { limits: { cpu: "1" } },
    { claims: [{ name: "secret" }] },
  ),
  volumeMounts: fc.constant([{ name: "git-token", mountPath: "/t" }]),
  volumeDevices: fc.constant([{ name: "workspace", devicePath: "/dev/x" }]),
  lifecycle: fc.constantFrom<unknown>(
    { postStart: { httpGet: { host: "h", port: 1 } } },
    { preStop: { tcpSocket: { host: "h", port: 1 } } },
  ),
  livenessProbe: fc.constant({ httpGet: { host: "h", port: 1 } }),
  restartPolicy: fc.constant("Always"),
  ["__proto__"]: fc.constant({ privileged: true }),
}, { requiredKeys: ["name", "image"] });

const volume = fc.constantFrom<Record<string, unknown>>(
  { name: "x", mountPath: "/x", hostPath: { path: "/" } },
  { name: "x", mountPath: "/x", secret: { secretName: "payroll" } },
  { name: "x", mountPath: "/x", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
  { name: "x", mountPath: "/x", csi: { driver: "d", nodePublishSecretRef: { name: "payroll" } } },
  { name: "own", mountPath: "/x", secret: { secretName: "payroll" } },
);

/** Settings of a repository, or of a template in it. */
const theirs = some({
  defaults: some({
    image: fc.constant("evil"),
    namespace: fc.constant("kube-system"),
    resources: some({
      extended: fc.constant({ "nvidia.com/gpu": "1" }),
      cpu: fc.constantFrom("8", "100m"),
      memory: fc.constant("64Gi"),
      requests: fc.constant({ cpu: "1m" }),
    }),
    storage: some({ className: fc.constant("evil"), workspace: fc.constant("1Ti") }),
    nodeSelector: fc.constantFrom<Record<string, string>>({ pool: "prod" }, { secret: "payroll" }),
    tolerations: fc.constant([{ operator: "Exists" }]),
    imagePullSecrets: fc.constant(["payroll"]),
    runtimeClass: fc.constant("runc"),
    serviceAccount: fc.constant("admin"),
    volumes: fc.array(volume, { maxLength: 2 }),
    containers: fc.array(container, { maxLength: 2 }),
    ttl: fc.constantFrom("never", "9h", "1h"),
    idleTimeout: fc.constantFrom("never", "1h"),
    egress: fc.constantFrom<string[]>([], ["0.0.0.0/0"]),
    env: fc.constant({ excludeVars: [] }),
  }),
  env: some({ dotenvFiles: fc.constant([".env"]), excludeVars: fc.constant([]) }),
  git: some({
    secretName: fc.constant("payroll"),
    mirrors: fc.constant({ "https://github.com/": "https://evil.example/" }),
  }),
  dotfiles: fc.constant({ repository: "evil.example/a/b", command: "x" }),
});

/** The parts that the user's own settings and templates may have. */
const own = some({
  defaults: some({
    image: fc.constant("own"),
    runtimeClass: fc.constant("gvisor"),
    serviceAccount: fc.constant("own"),
    egress: fc.constant(["10.0.0.0/8"]),
    ttl: fc.constant("8h"),
    imagePullSecrets: fc.constant(["own-registry"]),
    nodeSelector: fc.constant({ pool: "own" }),
    tolerations: fc.constant([{ key: "own", operator: "Exists" }]),
    volumes: fc.subarray<Record<string, unknown>>([
      { name: "own", mountPath: "/own", hostPath: { path: "/own" } },
      { name: "own-secret", mountPath: "/own-secret", secret: { secretName: "own-volume" } },
      { name: "own-empty", mountPath: "/own-empty", emptyDir: {} },
    ]),
    containers: fc.array(
      fc.record({
        name: fc.constantFrom("own-db", "own-cache"),
        image: fc.constant("own"),
        env: fc.subarray<unknown>([
          { name: "C", valueFrom: { secretKeyRef: { name: "own-container", key: "p" } } },
        ]),
        securityContext: fc.oneof({ weight: 4, arbitrary: fc.constant({ runAsUser: 999 }) }, {
          weight: 1,
          arbitrary: securityContext,
        }),
      }),
      { maxLength: 1 },
    ),
    env: fc.constant({ excludeVars: ["EXCLUDED"] }),
  }),
  git: some({ secretName: fc.constant("own-key") }),
});

const devContainer = some({
  image: fc.constant("evil"),
  privileged: fc.constant(true),
  capAdd: fc.constant(["SYS_ADMIN"]),
  securityOpt: fc.constant(["seccomp=unconfined"]),
  runArgs: fc.constant(["--privileged", "--network=host"]),
  mounts: fc.constant(["source=/,target=/host,type=bind"]),
  containerEnv: fc.constantFrom<Record<string, string>>(
    { A: "${localEnv:EXCLUDED}", LD_PRELOAD: "/x", HOME: "/x" },
    { B: "$(KODAMA_SESSION)" },
  ),
  remoteUser: fc.constant("root"),
  containerUser: fc.constant("root"),
  features: fc.constant({ "./../x": {}, "ghcr.io/x:1": {} }),
  postCreateCommand: fc.constant("x"),
  hostRequirements: fc.constant({ gpu: true, cpus: 4, memory: "1tb" }),
});

const flags = some({
  template: fc.constantFrom("theirs", "own", "go", "python"),
  image: fc.constant("flag"),
  cpu: fc.constant("500m"),
  ttl: fc.constantFrom<"never" | number>(60, "never"),
});

/** The specification in a snapshot's file. */
const fileParts = some({
  imagePullSecrets: fc.constant(["payroll"]),
  runtimeClass: fc.constant("runc"),
  serviceAccount: fc.constant("admin"),
  volumes: fc.array(
    volume.map(({ mountPath: _, ...one }) => ({ mountPath: "/x", readOnly: false, volume: one })),
    { maxLength: 1 },
  ),
  containers: fc.array(container, { maxLength: 2 }),
  containerSecrets: fc.constant(["payroll"]),
  egress: fc.constant([{ cidr: "0.0.0.0/0" }]),
  limits: fc.constantFrom({}, { ttlSeconds: 1_000_000 }),
  gitSecret: fc.constant("payroll"),
  gitMirrors: fc.constant({ "https://github.com/": "https://evil.example/" }),
  tolerations: fc.constant([{ operator: "Exists" }]),
  nodeSelector: fc.constant({ pool: "prod" }),
}) as fc.Arbitrary<unknown> as fc.Arbitrary<Partial<SessionSpec>>;

/** A session that is to be. */
export const randomSessions = fc.record({
  own,
  ownTemplate: own,
  repository: theirs,
  template: theirs,
  shadowing: fc.boolean(),
  devContainer,
  flags,
  file: fileParts,
});

/** A random session. */
export type RandomSession = typeof randomSessions extends fc.Arbitrary<infer T> ? T : never;

/** The names of Secrets and volumes that the user's own files have; a template takes precedence over settings. */
export function ownParts({ own, ownTemplate, flags, shadowing }: RandomSession) {
  const files = flags.template === "own" && !shadowing ? [own, ownTemplate] : [own];
  const last = <T>(read: (file: RandomSession["own"]) => T | undefined) =>
    files.map(read).findLast((value) => value !== undefined);
  const volumes = last(({ defaults }) => defaults?.volumes) ?? [];
  const containers = last(({ defaults }) => defaults?.containers) ?? [];
  return {
    runtimeClass: last(({ defaults }) => defaults?.runtimeClass),
    serviceAccount: last(({ defaults }) => defaults?.serviceAccount),
    tolerations: last(({ defaults }) => defaults?.tolerations),
    egress: last(({ defaults }) => defaults?.egress),
    nodeSelector: last(({ defaults }) => defaults?.nodeSelector),
    ttl: last(({ defaults }) => defaults?.ttl),
    excludes: files.some(({ defaults }) => defaults?.env !== undefined),
    volumes: new Set(volumes.map(({ name }) => name)),
    secrets: new Set([
      ...last(({ defaults }) => defaults?.imagePullSecrets) ?? [],
      ...[last(({ git }) => git?.secretName)].filter((name) => name !== undefined),
      ...(volumes.some(({ name }) => name === "own-secret") ? ["own-volume"] : []),
      ...(containers.some(({ env }) => env.length > 0) ? ["own-container"] : []),
    ]),
  };
}

const signal = new AbortController().signal;

/** A defined session, and the pods that may be created for it, as they are sent. */
export interface Finished {
  spec: SessionSpec;
  variables: ReadonlySet<string>;
  pods: readonly Pod[];
}

/**
 * Returns the session of a start with all of the files.
 *
 * @throws KodamaError if it is refused.
 */
export async function startedSession(one: RandomSession): Promise<Finished> {
  const { host } = simulatedHost({}, { files: filesOf(one) });
  const options: StartOptions = {
    name: "work",
    envFiles: [],
    envExclude: [],
    join: false,
    sync: { kind: "none" },
    devContainer: { kind: "file", path: ".devcontainer.json" },
    readyTimeoutMs: 1000,
    signal,
    ...one.flags,
  };
  const definition = await defineSession(host, options);
  const { chosen, secrets } = definition;
  const draft = definition.devContainer === undefined
    ? definition.spec
    : withDevContainer(definition.spec, definition.devContainer, chosen);
  return finished({ ...draft, image: draft.image ?? "x" }, [...secrets.variables.keys()]);
}

/**
 * Returns the session of a snapshot's file in the same surroundings.
 *
 * @throws KodamaError if it is refused.
 */
export async function restoredSession(one: RandomSession): Promise<Finished> {
  const { host } = simulatedHost({}, { files: filesOf(one) });
  const file: SessionSpec = { ...sampleSession().spec, ...one.file };
  return finished(fileSpec(file, await ownSpec(host)).spec, []);
}

function filesOf(
  { own, ownTemplate, repository, template, devContainer, shadowing }: RandomSession,
): Record<string, string> {
  return {
    "/config/config.yaml": JSON.stringify(own),
    "/config/templates/own.yaml": JSON.stringify(ownTemplate),
    "/project/.kodama.yaml": JSON.stringify(repository),
    "/project/.kodama/templates/theirs.yaml": JSON.stringify(template),
    // It has the name of a template that comes with kodama, or of the user's own.
    "/project/.kodama/templates/go.yaml": JSON.stringify(template),
    ...(shadowing ? { "/project/.kodama/templates/own.yaml": JSON.stringify(template) } : {}),
    "/project/.devcontainer.json": JSON.stringify(devContainer),
    "/project/.env": "EXCLUDED=x\nA=1\n",
  };
}

function finished(spec: SessionSpec, variables: readonly string[]): Finished {
  const session: Session = {
    ...sampleSession(),
    name: "work",
    spec,
    environment: { variables, gitToken: true },
  };
  const allowances = sessionAllowances(session);
  const check = { name: "kodama-check", namespace: session.namespace, limitSeconds: 60 };
  const pods = [
    sessionPod(session),
    snapshotPod(session, "own"),
    snapshotPod(session, "passing"),
    filesPod(session),
  ].map((pod) => checkedPod(pod, allowances));
  return {
    spec,
    variables: new Set(variables),
    pods: [...pods, imageCheckPod({ ...check, image: spec.image, settings: spec })],
  };
}
