/** Sessions that should start with another one's files. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Session } from "../../session/model.ts";

/**
 * Refuses a session with only some of another one's files: a checkout, or an agent, would take them for all of them.
 *
 * @throws KodamaError `conflict` if the files aren't all there.
 */
export function requireFiles({ origin, name }: Session): void {
  if (origin === undefined || origin.filled) return;
  const again = origin.kind === "clone"
    ? hint`${action("clone", { source: origin.session, name })} goes on with it`
    : hint`${action("restore", { name, source: "FILE|SNAPSHOT" })} goes on with it`;
  throw new KodamaError(
    "conflict",
    `session "${name}" was to begin with the files of "${origin.session}", and doesn't have them`,
    { hint: hint`${again}; ${action("delete", { name, purge: true })} takes it away` },
  );
}
