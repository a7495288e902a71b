/** The Secret with the SSH key for git: the user's own, which a session names and never changes. */
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import { SECRETS } from "../../kube/resources.ts";
import type { Secret } from "../../kube/types.ts";
import { sshSecretKeys } from "../../session/git_environment.ts";
import type { Session } from "../../session/model.ts";
import { repositoryAddress } from "../../session/repository_url.ts";
import type { SessionStore } from "../../session/store.ts";
import type { Checked } from "./check_out.ts";

/**
 * Returns what the Secret lacks, before a pod waits for it: a warning if the session works without it.
 *
 * @throws KodamaError if the repository is accessed over SSH, and wasn't checked out before.
 */
export async function lacksOfGitSecret(
  store: SessionStore,
  { spec: { gitSecret }, repository }: Session,
): Promise<string | undefined> {
  if (gitSecret === undefined) return undefined;
  const reason = await lackOf(store, gitSecret);
  if (reason === undefined) return undefined;
  const needed = repository !== undefined && repository.commitHash === undefined &&
    repositoryAddress(repository.url).transport === "ssh";
  if (!needed) return `git over SSH will not work: ${reason}`;
  throw new KodamaError("notFound", reason, {
    hint: `kubectl create secret generic ${gitSecret} -n ${store.namespace} ` +
      `--from-file=${sshSecretKeys.key}=$HOME/.ssh/id_ed25519`,
  });
}

/** Only checks names, never values. If the caller may not read Secrets, git will report what is missing. */
async function lackOf(store: SessionStore, name: string): Promise<string | undefined> {
  const place = `secret "${name}" in namespace "${store.namespace}"`;
  try {
    const secret = await store.get<Secret>(SECRETS, name);
    if (secret === undefined) return `there is no ${place}`;
    const keys = Object.keys(secret.data ?? {});
    if (keys.includes(sshSecretKeys.key)) return undefined;
    const has = keys.length === 0 ? "none" : plainText(keys.join(", "), 200);
    return `${place} has no key "${sshSecretKeys.key}"; its keys: ${has}`;
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "forbidden") return undefined;
    throw error;
  }
}

/** Returns what the user should verify, once. */
export function trustWords(
  { host, key }: NonNullable<Checked["trusted"]>,
  gitSecret: string | undefined,
): string {
  const checked = gitSecret === undefined
    ? ""
    : `; ${sshSecretKeys.hosts} in secret "${gitSecret}" has it checked instead`;
  return `${host} was taken for what it is, with the key ${key}: no other one from now on${checked}`;
}
