/**
 * How git in a session finds its credentials: by variables of the container, so that every git in it has them, the
 * agent's and a user's. They name the file of the mounted Secret, and contain none of it. Pure.
 */
import { kodamaFolder, workspaceFolder } from "./names.ts";
import { repositoryAddress } from "./repository_url.ts";

/** The folder where only the token for git is mounted. */
export const gitTokenFolder = "/run/kodama/git";
/** The key of the token in the Secret: no variable can have this name. */
export const gitTokenKey = "git-token";
/** The folder where the Secret with the SSH key is mounted. */
export const sshFolder = "/run/kodama/ssh";
/** The keys of that Secret: those of `kubernetes.io/ssh-auth`, and host keys, if given. */
export const sshSecretKeys = { key: "ssh-privatekey", hosts: "known_hosts" } as const;
/** The key, in the pod. */
export const sshKeyFile = `${sshFolder}/${sshSecretKeys.key}`;
/** Host keys as they were first seen, if the Secret has none: the file outlives the pod. */
export const sshKnownHosts = `${kodamaFolder}/known_hosts`;

/**
 * Answers git with the token, for this host only. git runs it as a shell line with the argument `get`; the token goes
 * from the file to git through a pipe. GitHub, GitLab and Gitea accept any user beside a token.
 */
const credentialHelper =
  `!f() { test "$1" = get && test -r ${gitTokenFolder}/token && echo username=x-access-token && ` +
  `echo "password=$(cat ${gitTokenFolder}/token)"; }; f`;

/** The inputs of a session's git configuration. */
interface GitSurroundings {
  /** The address of the repository. */
  url: string | undefined;
  token: boolean;
  ssh: boolean;
  mirrors: Readonly<Record<string, string>>;
}

/** Returns the variables, in the pod's order. */
export function gitEnvironment({ url, token, ssh, mirrors }: GitSurroundings): Map<string, string> {
  const address = url === undefined ? undefined : repositoryAddress(url);
  const settings: [key: string, value: string][] = [
    // A volume belongs to root, which git would treat as another user's folder.
    ["safe.directory", workspaceFolder],
    // https://git-scm.com/docs/git-config `url.<base>.insteadOf`; the token stays with the first address.
    ...Object.entries(mirrors).map(([from, to]): [string, string] => [`url.${to}.insteadOf`, from]),
  ];
  if (token && (address?.transport === "https" || address?.transport === "http")) {
    const place = `${address.transport}://${address.host}`;
    // The empty helper removes helpers that an image may have.
    settings.push([`credential.${place}.helper`, ""]);
    settings.push([`credential.${place}.helper`, credentialHelper]);
  }
  const variables = new Map([["GIT_TERMINAL_PROMPT", "0"], [
    "GIT_CONFIG_COUNT",
    `${settings.length}`,
  ]]);
  settings.forEach(([key, value], at) => {
    variables.set(`GIT_CONFIG_KEY_${at}`, key);
    variables.set(`GIT_CONFIG_VALUE_${at}`, value);
  });
  if (ssh) variables.set("GIT_SSH_COMMAND", sshCommand);
  return variables;
}

const hostsOfSecret = `${sshFolder}/${sshSecretKeys.hosts}`;

/**
 * git runs it in a shell. If the Secret has host keys, only these are trusted; else a host's key is stored when it is
 * first seen, and must stay the same. This may change while the pod runs: the mounted Secret follows the cluster's.
 */
const sshCommand = [
  `ssh -i ${sshKeyFile} -o IdentitiesOnly=yes -o BatchMode=yes`,
  // git doesn't notice a dead link.
  `-o ConnectTimeout=30 -o ServerAliveInterval=30`,
  `$(if test -e ${hostsOfSecret};`,
  `then echo -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${hostsOfSecret};`,
  `else echo -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${sshKnownHosts}; fi)`,
].join(" ");
