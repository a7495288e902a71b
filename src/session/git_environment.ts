/**
 * How git in a session finds its credentials: by variables of the container, so that every git there has them, the
 * agent's and a person's. They name the file of the mounted Secret, and hold nothing of it. Pure.
 */
import { kodamaFolder, workspaceFolder } from "./names.ts";
import { repositoryAddress } from "./repository_url.ts";

/** Where the token for git is mounted, and nothing else. */
export const gitTokenFolder = "/run/kodama/git";
/** The key of the token in the Secret: no variable can have this name. */
export const gitTokenKey = "git-token";
/** Where the Secret with the SSH key is mounted. */
export const sshFolder = "/run/kodama/ssh";
/** The keys of that Secret: what `kubernetes.io/ssh-auth` has, and the keys of hosts, where they are given. */
export const sshSecretKeys = { key: "ssh-privatekey", hosts: "known_hosts" } as const;
/** The key, in the pod. */
export const sshKeyFile = `${sshFolder}/${sshSecretKeys.key}`;
/** Hosts' keys as they were first seen, where the Secret has none: it outlives the pod. */
export const sshKnownHosts = `${kodamaFolder}/known_hosts`;

/**
 * Answers git with the token, for the one host alone. git runs it as a shell's line and gives it `get`; the token
 * goes from the file to git through a pipe. GitHub, GitLab and Gitea take any user beside a token.
 */
const credentialHelper =
  `!f() { test "$1" = get && test -r ${gitTokenFolder}/token && echo username=x-access-token && ` +
  `echo "password=$(cat ${gitTokenFolder}/token)"; }; f`;

/** Of what a session's git is made. */
export interface GitSurroundings {
  /** The address of the repository. */
  url: string | undefined;
  token: boolean;
  ssh: boolean;
  mirrors: Readonly<Record<string, string>>;
}

/** The variables, in the order in which they stand in the pod. */
export function gitEnvironment({ url, token, ssh, mirrors }: GitSurroundings): Map<string, string> {
  const address = url === undefined ? undefined : repositoryAddress(url);
  const settings: [key: string, value: string][] = [
    // A volume belongs to root, which git would take for another person's folder.
    ["safe.directory", workspaceFolder],
    // https://git-scm.com/docs/git-config `url.<base>.insteadOf`; the token stays with the first address.
    ...Object.entries(mirrors).map(([from, to]): [string, string] => [`url.${to}.insteadOf`, from]),
  ];
  if (token && (address?.transport === "https" || address?.transport === "http")) {
    const place = `${address.transport}://${address.host}`;
    // The empty one lets go of helpers that an image may have.
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
 * git has a shell run it. Where the Secret has keys of hosts, only these are believed; else a host's key is kept when
 * it is first seen, and has to stay. Which it is may change while the pod runs: the mounted Secret follows the cluster's.
 */
const sshCommand = [
  `ssh -i ${sshKeyFile} -o IdentitiesOnly=yes -o BatchMode=yes`,
  // git notices no link that has died.
  `-o ConnectTimeout=30 -o ServerAliveInterval=30`,
  `$(if test -e ${hostsOfSecret};`,
  `then echo -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${hostsOfSecret};`,
  `else echo -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile=${sshKnownHosts}; fi)`,
].join(" ");
