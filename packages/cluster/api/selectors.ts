/**
 * Label and field selectors.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
import { badRequest } from "./status.ts";

/** Whether the labels of an object satisfy a selector. */
type MatchesLabels = (labels: Readonly<Record<string, string>>) => boolean;

/** Whether an object whose fields are read by `valueOf` satisfies a selector. */
export type MatchesFields = (valueOf: (field: string) => string) => boolean;

const quotedName = /^([A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?)$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** Reads a label selector, equality and sets. Throws a 400 that quotes the part that can't be read. */
export function parseLabelSelector(text: string): MatchesLabels {
  if (text.trim() === "") return () => true;
  const requirements = splitOutsideParentheses(text).map((part) => labelRequirement(part));
  return (labels) => requirements.every((matches) => matches(labels));
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^()]*\))/).map((part) => part.trim());
}

function labelRequirement(part: string): MatchesLabels {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set) {
    const key = checkedKey(set[1] ?? "");
    const values = (set[3] ?? "").split(",").map((value) => checkedValue(value.trim()));
    if (set[2] === "in") return (labels) => key in labels && values.includes(labels[key] ?? "");
    return (labels) => !(key in labels) || !values.includes(labels[key] ?? "");
  }
  const equality = /^([^\s!=<>]+)\s*(==|=|!=)\s*(\S*)$/.exec(part);
  if (equality) {
    const key = checkedKey(equality[1] ?? "");
    const value = checkedValue(equality[3] ?? "");
    if (equality[2] === "!=") return (labels) => labels[key] !== value;
    return (labels) => labels[key] === value;
  }
  const order = /^([^\s!=<>]+)\s*([<>])\s*(-?\d+)$/.exec(part);
  if (order) {
    const [key, bound] = [checkedKey(order[1] ?? ""), Number(order[3])];
    const above = order[2] === ">";
    return (labels) => {
      const value = /^-?\d+$/.test(labels[key] ?? "") ? Number(labels[key]) : NaN;
      return above ? value > bound : value < bound;
    };
  }
  if (part.startsWith("!")) {
    const key = checkedKey(part.slice(1).trim());
    return (labels) => !(key in labels);
  }
  const key = checkedKey(part);
  return (labels) => key in labels;
}

function checkedKey(key: string): string {
  if (quotedName.test(key)) return key;
  throw badRequest(`unable to parse requirement: found ${quoted(key)}, expected: identifier`);
}

function checkedValue(value: string): string {
  if (labelValue.test(value) && value.length <= 63) return value;
  const stray = /[=!<>]/.exec(value)?.[0];
  throw badRequest(
    stray === undefined
      ? `unable to parse requirement: values[0]: Invalid value: ${
        JSON.stringify(value)
      }: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, and be no more than 63 characters`
      : `found ${quoted(stray)}, expected: ',' or 'end of string'`,
  );
}

function quoted(text: string): string {
  return `'${text}'`;
}

/** Reads a field selector over the kind's selectable fields. Throws a 400 for any other. */
export function parseFieldSelector(text: string, selectable: ReadonlySet<string>): MatchesFields {
  if (text.trim() === "") return () => true;
  const requirements = text.split(",").filter((part) => part !== "").map((part) => {
    const match = /^([^!=]+)(==|=|!=)(.*)$/.exec(part);
    if (!match) {
      throw badRequest(
        `invalid selector: ${JSON.stringify(text)}; can't understand ${JSON.stringify(part)}`,
      );
    }
    const [, field = "", operator, value = ""] = match;
    if (!selectable.has(field)) {
      throw badRequest(`field label not supported: ${field}`);
    }
    const desired = value.replace(/\\([\\,=])/g, "$1");
    return { field, wanted: desired, equal: operator !== "!=" };
  });
  return (valueOf) =>
    requirements.every(({ field, wanted: desired, equal }) =>
      (valueOf(field) === desired) === equal
    );
}
