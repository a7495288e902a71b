/** Label and field selectors as text: obvious mistakes are reported before the server is contacted. */
import { UsageError } from "../../base/errors.ts";
import type { LabelSelector } from "../types.ts";

const key = String.raw`(?:[A-Za-z0-9][A-Za-z0-9.-]*/)?[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?`;
const labelValue = String.raw`(?:[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)?`;
/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors */
const labelRequirement = new RegExp(
  String
    .raw`^\s*(?:!\s*${key}|${key}|${key}\s*(?:=|==|!=|<|>)\s*${labelValue}|${key}\s+(?:in|notin)\s*\([^()]*\))\s*$`,
);
const fieldRequirement = /^\s*[A-Za-z][\w./[\]'-]*\s*(?:==|!=|=)[^=]*$/;
/** Some servers accept no longer URL. */
const maxLength = 4096;

/** Returns whether a server could accept it. */
export function isLabelSelector(selector: string): boolean {
  return wrongPart(selector, labelRequirement) === undefined;
}

/** Returns whether a server could accept it. */
export function isFieldSelector(selector: string): boolean {
  return wrongPart(selector, fieldRequirement) === undefined;
}

/** Throws `UsageError` for a selector that no server would accept. */
export function checkLabelSelector(selector: string): void {
  check(selector, "label selector", labelRequirement, "as in app=web,tier!=test or tier in (a,b)");
}

/** Throws `UsageError` for a selector that no server would accept. */
export function checkFieldSelector(selector: string): void {
  check(selector, "field selector", fieldRequirement, "as in status.podIP=10.0.0.7");
}

function check(selector: string, what: string, requirement: RegExp, hint: string): void {
  if (selector.length > maxLength) throw new UsageError(`the ${what} is too long`);
  const part = wrongPart(selector, requirement);
  if (part === undefined) return;
  const wrong = part.trim() === ""
    ? ": a part of it is empty"
    : part === selector
    ? ""
    : `: ${JSON.stringify(part.trim())}`;
  throw new UsageError(`${JSON.stringify(selector)} isn't a ${what}${wrong}`, { hint });
}

function wrongPart(selector: string, requirement: RegExp): string | undefined {
  return selector.split(/,(?![^(]*\))/).find((part) => !requirement.test(part));
}

/** Returns the text of a workload's `spec.selector`; empty if it selects everything. */
export function labelSelectorText(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
): string {
  const equal = Object.entries(matchLabels).map(([name, value]) => `${name}=${value}`);
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    switch (operator) {
      case "Exists":
        return key;
      case "DoesNotExist":
        return `!${key}`;
      default:
        return `${key} ${operator === "In" ? "in" : "notin"} (${values.join(",")})`;
    }
  });
  return [...equal, ...others].join(",");
}
