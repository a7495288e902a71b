/** A session's branch, fetched or as a pull request. */
import type { Pulled } from "../../../actions/session/pull.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { plural } from "../../../base/plural.ts";
import { jsonDocument } from "../../../present/json.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { success } from "../../exit_codes.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

/** `kodama pull`. */
const pull = defineCommand({
  description:
    "Fetches a session's branch, pushed or not, into the repository of the current directory. Only " +
    "the branch is updated: nothing is checked out, and a local branch that has diverged is not " +
    "changed. In a folder that is synced with the session, which has the branch's files already, HEAD " +
    "moves to the branch too.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    as: value("local name of the branch (default the same name)", text, { placeholder: "BRANCH" }),
  },
  examples: {
    "Fetch what the agent committed": "kodama pull fix-auth",
    "Under another name": "kodama pull fix-auth --as review",
  },
  exitCodes: [
    ["1", "the local branch has diverged, or the session is not running"],
    ["2", "the current directory is not a clone of the session's repository"],
  ],
  seeAlso: ["kodama get --help shows the commits of a session."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), ...definedOnly({ as: flags.as }) },
  }),
  async run({ options }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { pull } = await import("../../../actions/session/pull.ts");
    const pulled = await stoppable(signals, (signal) => pull(host, { ...options, signal }));
    const { branch, commitHash, nothingNew, uncommitted, checkout } = pulled;
    const commit = `${printable(branch)} at ${commitHash.slice(0, 12)}`;
    await terminal.stdout.write(
      nothingNew ? `nothing new: the origin has ${commit}\n` : `${commit}\n`,
    );
    if (uncommitted > 0) {
      await terminal.stderr.write(
        `${plural(uncommitted, "file")} not committed in the session, and not fetched\n`,
      );
    }
    if (checkout !== undefined) {
      await terminal.stderr.write(`${printable(checkoutText(checkout, branch))}\n`);
    }
    return success;
  },
});

function checkoutText(checkout: NonNullable<Pulled["checkout"]>, branch: string): string {
  switch (checkout.kind) {
    case "switched":
      return `${branch} is checked out here: its files were already synced`;
    case "advanced":
      return `${branch}, which is checked out here, has the new commits`;
    case "stays":
      return `${branch} isn't checked out here: ${checkout.reason}; git checkout and git stash would ` +
        `change the session's files too, this doesn't: ${checkout.command}`;
  }
}

/** `kodama pr`. */
const pr = defineCommand({
  description:
    "Prints the address at which a pull request of a session's branch is opened, at GitHub, GitLab, " +
    "Bitbucket, Gitea and their own installations. With --push, git in the session pushes the branch " +
    "first; it is refused if a commit contains the value of one of the session's variables, or a copy " +
    "of a sync's conflict.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    push: toggle("push the branch first"),
    output: valueOr("output format", choice(["text", "json"]), "text", { short: "o" }),
  },
  examples: {
    "Push the branch, and open the request": "xdg-open $(kodama pr fix-auth --push)",
    "See what isn't pushed": "kodama pr fix-auth -o json",
  },
  exitCodes: [["1", "there is no branch with commits of its own, or the push was refused"]],
  seeAlso: ["kodama pull NAME fetches the branch without pushing it."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), push: flags.push },
    json: flags.output === "json",
  }),
  async run({ options, json }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { pullRequest } = await import("../../../actions/session/pull_request.ts");
    const request = await stoppable(signals, (signal) => pullRequest(host, { ...options, signal }));
    const { url, branch, base, repository, ahead, unpushed, uncommitted } = request;
    if (json) {
      await terminal.stdout.write(jsonDocument({ ...request, url: url ?? null }));
      return success;
    }
    const lines = [
      ...(ahead === 0 ? [`${branch} has no commits that ${base} lacks`] : []),
      ...(unpushed === 0
        ? []
        : [`${plural(unpushed, "commit")} not pushed: kodama pr ${options.name} --push`]),
      ...(uncommitted === 0 ? [] : [`${plural(uncommitted, "file")} not committed in the session`]),
      ...(url === undefined
        ? [
          `no page is known at this host: request a merge of ${branch} into ${base} at ${repository}`,
        ]
        : []),
    ];
    await terminal.stderr.write(lines.map((line) => `${printable(line)}\n`).join(""));
    if (url !== undefined) await terminal.stdout.write(`${url}\n`);
    return success;
  },
});

/** The commands of this file, by name. */
export const commands = { pull, pr };
