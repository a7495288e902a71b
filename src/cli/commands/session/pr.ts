import { plural } from "../../../base/plural.ts";
import { jsonDocument } from "../../../present/json.ts";
import { printable } from "../../../terminal/printable.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, toggle, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";

const formats = choice(["text", "json"]);

/** `kodama pr`. */
export const command = defineCommand({
  description:
    "Prints the address at which a pull request of a session's branch is opened, at GitHub, GitLab, " +
    "Bitbucket, Gitea and their own installations. With --push, git in the session pushes the branch " +
    "first; it is refused if a commit contains the value of one of the session's variables, or a copy " +
    "of a sync's conflict.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    push: toggle("push the branch first"),
    output: valueOr("output format", formats.parse, "text", { short: "o", ...formats }),
  },
  examples: [
    {
      title: "Push the branch, and open the request",
      line: "xdg-open $(kodama pr fix-auth --push)",
    },
    { title: "See what isn't pushed", line: "kodama pr fix-auth -o json" },
  ],
  exitCodes: [
    ["1", "there is no branch with commits of its own, or the push was refused"],
  ],
  seeAlso: ["kodama pull NAME fetches the branch without pushing it."],
  resolve: ({ flags, operands: [name] }) => ({
    options: { ...sessionRef(flags, name), push: flags.push },
    kubeconfig: flags.kubeconfig,
    json: flags.output === "json",
  }),
  async run({ options, kubeconfig, json }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
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
