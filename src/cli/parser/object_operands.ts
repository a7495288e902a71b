/** Operands that name objects of a cluster, of any kind: `deploy/web`, and all objects of kinds: `pods,deployments`. */
import { UsageError } from "../../base/errors.ts";

/** Returns the objects of one operand; without a name, all of the kind. Throws `UsageError`. */
export function objectsOf(operand: string): { kind: string; name?: string }[] {
  const [kind = "", name, ...others] = operand.split("/");
  if (name === undefined) {
    return operand.split(",").filter((one) => one !== "").map((kind) => ({ kind }));
  }
  if (kind === "" || name === "" || others.length > 0) throw notAnObject(operand);
  return [{ kind, name }];
}

/** Returns the error of a text that doesn't name one object. */
export function notAnObject(text: string): UsageError {
  return new UsageError(`"${text}" is not an object`, { hint: "such as deploy/web" });
}
