/** Sessions that were to begin with another one's files. */
import { KodamaError } from "../../base/errors.ts";
import type { Session } from "../../session/model.ts";

/**
 * What has half of another session's files isn't worked in: a checkout, or an agent, would take it for the whole.
 *
 * @throws KodamaError `conflict` where the files aren't all there.
 */
export function requireFiles({ origin, name }: Session): void {
  if (origin === undefined || origin.filled) return;
  const again = origin.kind === "clone"
    ? `kodama clone ${origin.session} ${name} goes on with it`
    : `kodama restore ${name} FILE|SNAPSHOT goes on with it`;
  throw new KodamaError(
    "conflict",
    `session "${name}" was to begin with the files of "${origin.session}", and doesn't have them`,
    { hint: `${again}; kodama delete ${name} --purge takes it away` },
  );
}
