/** The image of sessions as text: the lines of its build, and its programs. */
import type {
  BuildImageEvent,
  CheckedImage,
  CheckImageEvent,
  ImageNeed,
} from "../actions/session/image.ts";
import { commandLine } from "../base/shell_quote.ts";
import { action, hint } from "../base/hint.ts";
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import type { Piece } from "../terminal/terminal.ts";
import { commandHint } from "./hints.ts";

/** Returns what to write for an event of a build. */
export function buildPieces(event: BuildImageEvent): readonly Piece[] {
  switch (event.kind) {
    case "started":
      return [note(`$ ${commandLine(event.argv)}`)];
    case "line":
      return [note(printable(event.text))];
    case "built": {
      const { image, pushed } = event;
      const set = action("config.set", { key: "defaults.image", value: image });
      const next = pushed
        ? hint`new sessions use it after: ${set}`
        : hint`push it to where the cluster's nodes can pull it, and set it: ${set}`;
      return [note(commandHint(next)), { stream: "stdout", data: [`${image}\n`] }];
    }
  }
}

const subjects: Readonly<Record<ImageNeed["id"], [found: string, missing: string]>> = {
  user: [
    "user: 1000 has a name",
    "user: 1000 isn't in /etc/passwd: git over ssh and ssh don't work",
  ],
  git: ["git", "git is missing: --repo, pull and pr don't work"],
  sync: ["tar", "tar is missing: sync and copies don't work"],
  shells: ["tmux", "tmux is missing: shells end with their connection, and can't be shared"],
  claude: ["claude", "claude is missing: Claude Code gets no tasks"],
  ssh: ["sshd", "sshd is missing: editors can't connect by ssh"],
  watcher: [
    "watcher: sync notices changes at once",
    "perl, inotifyd and inotifywait are missing: sync polls for changes",
  ],
};

/** Returns what to write for an event of a check. */
export function checkPieces(event: CheckImageEvent, style: Style): readonly Piece[] {
  if (event.kind === "waiting") return [note(printable(event.reason))];
  const { checked } = event;
  return [
    note(printable(`${checked.image} in namespace ${checked.namespace} of ${checked.context}`)),
    ...checked.needs.map(({ id, isMet, isRequired }): Piece => {
      const [found, missing] = subjects[id];
      const mark = isMet
        ? style.green("ok     ")
        : isRequired
        ? style.red("fail   ")
        : style.yellow("warn   ");
      return { stream: "stdout", data: [`${mark}  ${isMet ? found : missing}\n`] };
    }),
  ];
}

/** Returns a check as data. */
export function checkedImageData({ needs, ...where }: CheckedImage): Record<string, unknown> {
  return {
    ...where,
    needs: needs.map(({ id, isMet, isRequired }) => ({ id, met: isMet, required: isRequired })),
  };
}

function note(line: string): Piece {
  return { stream: "stderr", data: [`${line}\n`] };
}
