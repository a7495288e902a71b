/** Clones a session: a new session of the same definition, whose volumes start with the files of the other. */
import { requireWritable } from "../../kube/client_limits.ts";
import { action, hint } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, SECRETS } from "../../kube/resources.ts";
import type { ConfigMap, Secret } from "../../kube/types.ts";
import { gitTokenKey } from "../../session/git_environment.ts";
import type { ManifestParts } from "../../session/manifests/all.ts";
import { type EditorFile, editorFiles } from "../../session/manifests/editor_config.ts";
import type { SessionSecrets } from "../../session/manifests/env_secret.ts";
import type { Session } from "../../session/model.ts";
import { checkedSessionName, sessionNames } from "../../session/names.ts";
import type { StoredSession } from "../../session/state.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Host } from "../host.ts";
import { kodamaErrorOf, rollBackFill, rollBackStart } from "./cleanup.ts";
import { bringUp } from "./bring_up.ts";
import type { SessionRef, StartEvent } from "./events.ts";
import { fill } from "./fill.ts";
import { newSession, type SessionDraft } from "./new_session.ts";
import { type Consent, requireConsent } from "./owner.ts";
import { openStore } from "../session_ref.ts";
import { openCarried, podChecksums } from "./pod_files.ts";
import { sessionFiles } from "./session_files.ts";

/** Which session, and the name of its clone; both are in the same namespace. */
interface CloneOptions extends SessionRef {
  newName: string;
  /** Includes the variables of the session's Secret, the token for git, and the login of its agent. */
  withSecrets: boolean;
  /** To secrets of another user. */
  consent: Consent;
  readyTimeoutMs: number;
  signal: AbortSignal;
}

/**
 * Clones a session by a stream from pod to pod that is stored nowhere in between. A failure before all files are
 * there removes the new session completely.
 *
 * @throws KodamaError `conflict` if the session neither runs nor is stopped, or the new name is taken.
 */
export async function* clone(host: Host, options: CloneOptions): AsyncGenerator<StartEvent, void> {
  const { signal, name, newName, withSecrets, readyTimeoutMs } = options;
  if (checkedSessionName(newName) === name) {
    throw new UsageError(`a clone of session "${name}" needs another name`);
  }
  const { stored: { session: from }, withFiles } = await sessionFiles(host, options, options);
  const store = await openStore(host, options, signal);
  requireWritable(store.client, "clone a session");
  if (withSecrets) {
    await requireConsent(store.client, from, { verb: "copy the secrets of", ...options });
  }
  const parts = await partsOf(store, name, withSecrets);
  const session = await newSession(host, store, cloneOf(from, newName, parts), signal);
  yield { kind: "stepStarted", step: "claim", session };
  const stored = await created(store, session);
  yield { kind: "stepEnded", step: "claim", result: "done" };
  const checksums = await podChecksums(host);
  let isFilled = false;
  try {
    yield* bringUp({
      host,
      store,
      stored,
      parts,
      remakePod: false,
      syncsClone: false,
      readyTimeoutMs,
      signal,
      made: () => {},
      fill: async function* (pod) {
        const what = `cannot copy session "${name}"`;
        const summary = yield* withFiles((source) => {
          const open = (folder: Parameters<typeof openCarried>[1]) =>
            openCarried(source, folder, { checksums, withSecrets });
          return fill(pod, { open, checksums, what });
        });
        isFilled = true;
        return summary;
      },
    });
  } catch (error) {
    const failure = kodamaErrorOf(error, signal);
    if (!isFilled) {
      throw await rollBackFill(host, store, { name: newName, error: failure, purge: true });
    }
    const failed = { store, clock: host.clock, stored, created: false, made: [] };
    throw await rollBackStart({ ...failed, error: failure, interrupted: signal.aborted });
  }
}

function cloneOf(
  { name, repository, spec, template }: Session,
  newName: string,
  { secrets: { variables, gitToken } }: ManifestParts,
): SessionDraft {
  return {
    name: newName,
    repository,
    spec,
    environment: { variables: [...variables.keys()], gitToken: gitToken !== undefined },
    sync: { enabled: false },
    template,
    origin: { kind: "clone", session: name, filled: false },
  };
}

/** Returns the new session's state: created, or that of the same clone, which was killed halfway. */
async function created(store: SessionStore, session: Session): Promise<StoredSession> {
  const { name } = session;
  const there = await store.read(name);
  if (there === undefined) await refuseExistingClaims(store, name);
  const { stored, created } = await store.create(session);
  const { origin } = stored.session;
  const same = origin?.kind === "clone" && origin.session === session.origin?.session;
  if (created || same && !origin.filled) return stored;
  throw new KodamaError(
    "conflict",
    `session "${name}" already exists in namespace "${store.namespace}"`,
    { hint: "choose another name for the clone" },
  );
}

/** The volumes that an earlier session of the name retained are someone's work. */
async function refuseExistingClaims(store: SessionStore, name: string): Promise<void> {
  const { workspaceClaim, homeClaim } = sessionNames(name);
  for (const claim of [workspaceClaim, homeClaim]) {
    if (await store.get(PERSISTENT_VOLUME_CLAIMS, claim) === undefined) continue;
    throw new KodamaError(
      "conflict",
      `claim "${claim}" contains the work of an earlier session "${name}"`,
      {
        hint: hint`choose another name, or ${
          action("delete", { name, purge: true, namespace: store.namespace })
        }, which deletes that work`,
      },
    );
  }
}

/** The editors' configuration is cloned too; secrets only if requested. */
async function partsOf(
  store: SessionStore,
  name: string,
  withSecrets: boolean,
): Promise<ManifestParts> {
  const { editorConfig, envSecret } = sessionNames(name);
  const config = await store.get<ConfigMap>(CONFIG_MAPS, editorConfig);
  const files = Object.keys(editorFiles) as EditorFile[];
  const editor = Object.fromEntries(
    files.flatMap((file) => {
      const text = config?.data?.[file];
      return text === undefined ? [] : [[file, text]];
    }),
  );
  const secret = withSecrets ? await store.get<Secret>(SECRETS, envSecret) : undefined;
  return { editor, secrets: secretsOf(secret) };
}

function secretsOf(secret: Secret | undefined): SessionSecrets {
  const values = new Map(
    Object.entries(secret?.data ?? {}).map((
      [name, value],
    ) => [name, new TextDecoder().decode(Uint8Array.fromBase64(value))]),
  );
  const gitToken = values.get(gitTokenKey);
  values.delete(gitTokenKey);
  return { variables: values, ...(gitToken === undefined ? {} : { gitToken }) };
}
