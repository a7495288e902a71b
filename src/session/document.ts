/**
 * A session as a document: the content of the state ConfigMap, of `sessions/NAME.yaml`, and of `-o yaml`. It comes back
 * from a cluster that others write to, so every field is validated when it is read.
 */
import * as v from "valibot";
import { optionalFileVersion } from "../base/file_version.ts";
import { definedOnly } from "../base/json_value.ts";
import type { Container, Toleration, Volume } from "../kube/types.ts";
import { limitsOf, limitText, parseLimit } from "./limits.ts";
import type { Session, SessionSpec } from "./model.ts";
import { sessionNames } from "./names.ts";

const word = v.pipe(v.string(), v.maxLength(4096));
const words = v.pipe(v.array(word), v.maxLength(4096));
const resources = v.object({ cpu: word, memory: word });

/* Only the fields that kodama reads: Kubernetes checks the others, which the casts take as valid. */

const container = v.pipe(
  v.looseObject({ name: word, image: word }),
  v.transform((value) => value as unknown as Container),
);
const toleration = v.pipe(
  v.looseObject({ key: v.optional(word), operator: v.optional(word) }),
  v.transform((value) => value as unknown as Toleration),
);

const volume = v.pipe(
  v.looseObject({ name: word }),
  v.transform((value) => value as unknown as Volume),
);

const limit = v.pipe(word, v.check((text) => typeof parseLimit(text) === "number", "a duration"));

/** A command is as long as a line of shell may be. */
const argument = v.pipe(v.string(), v.maxLength(64 * 1024));
const setup = v.object({
  path: word,
  user: v.optional(word),
  variables: v.record(word, argument),
  steps: v.pipe(
    v.array(v.object({
      property: word,
      mayFail: v.boolean(),
      commands: v.pipe(
        v.array(v.object({ name: v.optional(word), argv: v.array(argument) })),
        v.maxLength(256),
      ),
    })),
    v.maxLength(256),
  ),
  ports: v.pipe(v.array(v.pipe(v.number(), v.integer())), v.maxLength(4096)),
  customizations: v.optional(v.record(v.string(), v.unknown())),
});

const statuses = ["Pending", "Starting", "Running", "Stopped", "Failed"] as const;

/** Unknown fields are ignored: a later kodama adds some without another version. */
const shape = v.object({
  version: optionalFileVersion(1),
  name: word,
  namespace: word,
  owner: v.optional(word),
  repo: v.optional(word),
  branch: v.optional(word),
  baseBranch: v.optional(word),
  autoBranch: v.optional(v.boolean()),
  commitHash: v.optional(word),
  image: word,
  resources,
  storage: v.object({ workspace: word, claudeHome: word }),
  storageClass: v.optional(word),
  requests: v.optional(v.object({ cpu: v.optional(word), memory: v.optional(word) })),
  extendedResources: v.optional(v.record(word, word)),
  imagePullSecrets: v.optional(words),
  labels: v.optional(v.record(word, argument)),
  annotations: v.optional(v.record(word, argument)),
  runAsUser: v.optional(v.union([v.number(), v.literal("any")])),
  priorityClass: v.optional(word),
  runtimeClass: v.optional(word),
  serviceAccount: v.optional(word),
  volumes: v.optional(v.array(v.object({ mountPath: word, readOnly: v.boolean(), volume }))),
  nodeSelector: v.optional(v.record(word, word)),
  tolerations: v.optional(v.array(toleration)),
  containers: v.optional(v.array(container)),
  containerSecrets: v.optional(words),
  egress: v.optional(
    v.array(
      v.object({
        cidr: word,
        ports: v.optional(v.array(v.number())),
        udpPorts: v.optional(v.array(v.number())),
      }),
    ),
  ),
  ttl: v.optional(limit),
  idleTimeout: v.optional(limit),
  gitSecret: v.optional(word),
  gitMirrors: v.optional(v.record(word, word)),
  setup: v.optional(setup),
  dotfiles: v.optional(v.object({ repository: word, command: v.optional(argument) })),
  env: v.optional(v.object({ variables: words, gitToken: v.boolean() })),
  sync: v.object({ enabled: v.boolean(), localPath: v.optional(word) }),
  agent: v.optional(v.object({ adapter: word, task: v.pipe(v.number(), v.integer()) })),
  template: v.optional(word),
  origin: v.optional(
    v.object({ kind: v.picklist(["clone", "snapshot"]), session: word, filled: v.boolean() }),
  ),
  restoredAt: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  allSaved: v.optional(v.boolean()),
  status: v.picklist(statuses),
  message: v.optional(word),
  createdAt: v.pipe(v.string(), v.isoTimestamp()),
  updatedAt: v.pipe(v.string(), v.isoTimestamp()),
});

/** The result of {@link sessionDocument}: plain data, without empty fields. */
export type SessionDocument = v.InferInput<typeof shape> & {
  podName: string;
  workspacePVC: string;
  claudeHomePVC: string;
};

/** Returns the document of a session. */
export function sessionDocument(session: Session): SessionDocument {
  const { name, namespace, repository, spec, environment } = session;
  const names = sessionNames(name);
  const document = {
    name,
    namespace,
    owner: session.owner,
    repo: repository?.url,
    branch: repository?.branch,
    baseBranch: repository?.baseBranch,
    autoBranch: repository?.autoBranch,
    podName: names.pod,
    workspacePVC: names.workspaceClaim,
    claudeHomePVC: names.homeClaim,
    commitHash: repository?.commitHash,
    sync: session.sync,
    status: session.status,
    message: session.message,
    createdAt: session.createdAt,
    updatedAt: session.updatedAt,
    ...specDocument(spec),
    env: environment.variables.length > 0 || environment.gitToken ? environment : undefined,
    agent: session.agent,
    template: session.template,
    origin: session.origin,
    restoredAt: session.restoredAt,
    // Whatever starts it again makes it unknown.
    allSaved: session.status === "Stopped" ? session.allSaved : undefined,
  };
  return definedOnly(document) as SessionDocument;
}

function specDocument(spec: SessionSpec) {
  const { ttlSeconds, idleSeconds } = spec.limits;
  return {
    image: spec.image,
    resources: spec.resources,
    storage: spec.storage,
    storageClass: spec.storageClass,
    requests: spec.requests,
    extendedResources: spec.extendedResources,
    imagePullSecrets: spec.imagePullSecrets,
    labels: spec.labels,
    annotations: spec.annotations,
    runAsUser: spec.runAsUser,
    priorityClass: spec.priorityClass,
    runtimeClass: spec.runtimeClass,
    serviceAccount: spec.serviceAccount,
    volumes: spec.volumes,
    nodeSelector: Object.keys(spec.nodeSelector).length > 0 ? spec.nodeSelector : undefined,
    tolerations: spec.tolerations.length > 0 ? spec.tolerations : undefined,
    containers: spec.containers.length > 0 ? spec.containers : undefined,
    containerSecrets: spec.containerSecrets,
    egress: spec.egress,
    ttl: ttlSeconds === undefined ? undefined : limitText(ttlSeconds),
    idleTimeout: idleSeconds === undefined ? undefined : limitText(idleSeconds),
    gitSecret: spec.gitSecret,
    gitMirrors: Object.keys(spec.gitMirrors).length > 0 ? spec.gitMirrors : undefined,
    setup: spec.setup,
    dotfiles: spec.dotfiles,
  };
}

/** Returns the session of a document, or its error: `field: reason`. */
export function sessionOf(
  document: unknown,
): { kind: "session"; session: Session } | { kind: "wrong"; reason: string } {
  const result = v.safeParse(shape, document);
  if (!result.success) {
    const [issue] = result.issues;
    const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
    return { kind: "wrong", reason: `${path === "" ? "the document" : path}: ${issue.message}` };
  }
  return { kind: "session", session: fromDocument(result.output) };
}

function fromDocument(document: v.InferOutput<typeof shape>): Session {
  const { repo, branch, baseBranch, commitHash } = document;
  const repository = repo === undefined
    ? undefined
    : { url: repo, branch, baseBranch, commitHash, autoBranch: document.autoBranch ?? false };
  const session = {
    name: document.name,
    namespace: document.namespace,
    owner: document.owner,
    repository: repository && definedOnly(repository),
    spec: definedOnly({
      image: document.image,
      resources: document.resources,
      storage: document.storage,
      storageClass: document.storageClass,
      requests: document.requests && definedOnly(document.requests),
      extendedResources: document.extendedResources,
      imagePullSecrets: document.imagePullSecrets,
      labels: document.labels,
      annotations: document.annotations,
      runAsUser: document.runAsUser,
      priorityClass: document.priorityClass,
      runtimeClass: document.runtimeClass,
      serviceAccount: document.serviceAccount,
      volumes: document.volumes,
      nodeSelector: document.nodeSelector ?? {},
      tolerations: document.tolerations ?? [],
      containers: document.containers ?? [],
      containerSecrets: document.containerSecrets,
      egress: document.egress?.map(definedOnly),
      limits: limitsOf({
        ttl: parseLimit(document.ttl ?? ""),
        idleTimeout: parseLimit(document.idleTimeout ?? ""),
      }),
      gitSecret: document.gitSecret,
      gitMirrors: document.gitMirrors ?? {},
      setup: document.setup,
      dotfiles: document.dotfiles && definedOnly(document.dotfiles),
    }),
    environment: document.env ?? { variables: [], gitToken: false },
    sync: definedOnly(document.sync),
    agent: document.agent,
    template: document.template,
    origin: document.origin,
    restoredAt: document.restoredAt,
    allSaved: document.status === "Stopped" ? document.allSaved : undefined,
    status: document.status,
    message: document.message,
    createdAt: document.createdAt,
    updatedAt: document.updatedAt,
  };
  return definedOnly(session) as Session;
}
