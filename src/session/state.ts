/** The ConfigMap that stores a session: to and from an object of the API. Pure. */
import { parse, stringify } from "yaml";
import { KodamaError } from "../base/errors.ts";
import { plainText } from "../base/plain_text.ts";
import type { ConfigMap, ObjectMeta } from "../kube/types.ts";
import { sessionDocument, sessionOf } from "./document.ts";
import type { Session } from "./model.ts";
import { sessionLabels, sessionNames } from "./names.ts";

/** The key in the ConfigMap. */
export const stateKey = "session.yaml";

/** The annotation with {@link Session.restoredAt}: a sync reads it without the document. */
export const restoredAnnotation = "kodama.dev/restored-at";

/** A session as it was read from the cluster, with the data by which a write detects concurrent writes. */
export interface StoredSession {
  session: Session;
  uid: string;
  resourceVersion: string;
}

/** The largest document that is read: the maximum of a ConfigMap. */
const maxChars = 1024 * 1024;

/** Returns the text of a session's document. */
export function sessionText(session: Session): string {
  // Aliases would save a few lines and puzzle readers.
  return stringify(sessionDocument(session), { aliasDuplicateObjects: false });
}

/** Returns the object that stores the session. `previous` is the replaced object. */
export function stateObject(session: Session, previous?: StoredSession): ConfigMap {
  const { name, namespace, owner, restoredAt } = session;
  const annotations = {
    ...(owner === undefined ? {} : { "kodama.dev/owner": owner }),
    ...(restoredAt === undefined ? {} : { [restoredAnnotation]: restoredAt }),
  };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: sessionNames(name).state,
      namespace,
      labels: sessionLabels(session, "state"),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(previous === undefined
        ? {}
        : { uid: previous.uid, resourceVersion: previous.resourceVersion }),
    },
    data: { [stateKey]: sessionText(session) },
  };
}

/**
 * Returns the session that an object stores.
 *
 * @throws KodamaError `conflict` if the object isn't a session, or is another's.
 */
export function storedSession(object: ConfigMap): StoredSession {
  const { name = "", namespace = "", uid = "", resourceVersion = "" } = object.metadata ?? {};
  const wrong = (reason: string) =>
    new KodamaError(
      "conflict",
      `configmap "${name}" in namespace "${namespace}" contains no session: ${
        plainText(reason, 200)
      }`,
      { hint: `look at it: kubectl get configmap ${name} -n ${namespace} -o yaml` },
    );
  const session = sessionOfText(object.data?.[stateKey], wrong);
  // Objects are found by labels and name; a document can't override those.
  if (sessionNames(session.name).state !== name || session.namespace !== namespace) {
    throw wrong(`it names "${session.name}" in namespace "${session.namespace}"`);
  }
  return { session, uid, resourceVersion };
}

/**
 * Returns the session of a text.
 *
 * @param wrong creates the error for an invalid text, from the reason.
 */
export function sessionOfText(
  text: string | undefined,
  wrong: (reason: string) => KodamaError,
): Session {
  if (text === undefined) throw wrong(`it has no ${stateKey}`);
  if (text.length > maxChars) throw wrong(`${stateKey} is too large`);
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0 });
  } catch {
    throw wrong(`${stateKey} isn't YAML`);
  }
  const read = sessionOf(document);
  if (read.kind === "wrong") throw wrong(read.reason);
  return read.session;
}

/** Returns an object with the session's state as its owner: the cluster's garbage collector deletes it afterwards. */
export function ownedBy<T extends { metadata?: ObjectMeta }>(stored: StoredSession, object: T): T {
  const owner = {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: sessionNames(stored.session.name).state,
    uid: stored.uid,
  };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
}
