/**
 * What `kodama wait` waits for: conditions that an object meets, doesn't meet yet, or can't meet by itself. Pure.
 * `condition=`, `jsonpath=`, `create` and `delete` mean what they mean to `kubectl wait`; `ready` is the state in which
 * a kind is of use.
 */
import { UsageError } from "../base/errors.ts";
import type { JsonValue } from "../base/json_value.ts";
import { plainText } from "../base/plain_text.ts";
import { Budget } from "../expression/budget.ts";
import { parsePath, type PathLink, valuesAt } from "../expression/json_path.ts";
import {
  type AnyObject,
  causesOf,
  conditionsOf,
  earlier,
  explained,
  isOutdated,
  type ObjectKind,
  ownReadiness,
  readiness,
  terminating,
  type Verdict,
} from "./readiness.ts";

/** One condition. */
export type Condition =
  | { kind: "ready" }
  | { kind: "create" }
  | { kind: "delete" }
  | { kind: "condition"; type: string; status: string }
  /** Without a value: the path leads to something. */
  | { kind: "jsonpath"; links: readonly PathLink[]; value?: string };

const met: Verdict = { kind: "met" };
const waiting = (reason: string): Verdict => ({ kind: "waiting", reason });

/** Parses `ready`, `create`, `delete`, `condition=TYPE[=STATUS]`, `jsonpath=PATH[=VALUE]`. Throws UsageError. */
export function parseCondition(text: string): Condition {
  const whole = text.toLowerCase();
  if (text === "ready" || whole === "create" || whole === "delete") {
    return { kind: text === "ready" ? text : whole as "create" | "delete" };
  }
  const [, kind, rest = ""] = /^(condition|jsonpath)=(.*)$/s.exec(text) ?? [];
  if (kind === "condition" && rest !== "") {
    const [type = "", ...status] = rest.split("=");
    return { kind: "condition", type, status: status.length === 0 ? "True" : status.join("=") };
  }
  if (kind === "jsonpath") return jsonPathCondition(rest);
  throw new UsageError(`"${text}" is not something to wait for`, {
    hint: "ready, create, delete, condition=TYPE[=STATUS] or jsonpath={.PATH}[=VALUE]",
  });
}

/**
 * As in kubectl, quotes and braces around the path, and quotes around the value, are optional. Other than there, a path
 * may compare with `!=`, `<=` and `>=`, and a value may have an equals sign.
 */
function jsonPathCondition(text: string): Condition {
  const [, path = "", value] = /^'?\{(.*?)\}'?(?:=(.*))?$/s.exec(text) ??
    /^((?:==|[!<>]=|[^=])*)(?:=(.*))?$/s.exec(text) ??
    [];
  const read = parsePath(path);
  if (path === "" || "wrongAt" in read) {
    throw new UsageError(`"${text}" is not a JSONPath`, {
      hint: "such as jsonpath={.status.phase}=Running",
    });
  }
  const { links } = read;
  if (value === undefined) return { kind: "jsonpath", links };
  const bare = value.replaceAll(/^['"]+|['"]+$/g, "");
  if (bare !== "") return { kind: "jsonpath", links, value: bare };
  throw new UsageError(`"${text}" has no value after its equals sign`, {
    hint: "such as jsonpath={.status.phase}=Running; without an equals sign, any value will do",
  });
}

/**
 * Judges one object by all of the conditions. @param object undefined if it doesn't exist.
 */
export function judge(
  conditions: readonly Condition[],
  kind: ObjectKind,
  object: AnyObject | undefined,
): Verdict {
  for (const condition of conditions) {
    const verdict = judgeOne(condition, kind, object);
    if (verdict.kind !== "met") return verdict;
  }
  return met;
}

function judgeOne(
  condition: Condition,
  kind: ObjectKind,
  object: AnyObject | undefined,
): Verdict {
  if (condition.kind === "delete") {
    if (object === undefined) return met;
    const isEnding = object.metadata?.deletionTimestamp !== undefined;
    return waiting(isEnding ? terminating(object) : "it exists");
  }
  if (object === undefined) return waiting("it does not exist");
  switch (condition.kind) {
    case "create":
      return met;
    case "ready":
      return readiness(kind, object);
    case "condition":
      return conditionVerdict(condition, kind, object);
    case "jsonpath":
      return pathVerdict(condition, kind, object);
  }
}

/** As in kubectl: types and statuses are compared without regard to case, and an outdated condition doesn't count. */
function conditionVerdict(
  { type, status }: { type: string; status: string },
  kind: ObjectKind,
  object: AnyObject,
): Verdict {
  const own = conditionsOf(object).find((one) => one.type?.toLowerCase() === type.toLowerCase());
  if (own === undefined) return stuckOr(type, kind, object, `it has no condition ${type}`);
  if (isOutdated(own, object)) return waiting(earlier(own));
  if (own.status?.toLowerCase() === status.toLowerCase()) return met;
  const why = explained(own);
  const is = `${type} is ${plainText(`${own.status}`, 40)}`;
  return stuckOr(type, kind, object, `${is}${why && `: ${why}`}`);
}

function pathVerdict(
  { links, value }: { links: readonly PathLink[]; value?: string },
  { kind }: ObjectKind,
  object: AnyObject,
): Verdict {
  const found = valuesAt(object as JsonValue, links, new Budget());
  if (found.length === 0) return waiting("the path leads to nothing");
  if (value === undefined) return met;
  const texts = found.map((one) => typeof one === "string" ? one : JSON.stringify(one));
  if (texts.every((text) => text.trim() === value.trim())) return met;
  // A reason is shown, logged, and explained by models: it has no value of a Secret.
  const other = kind === "Secret" ? "another value" : plainText(texts.join(", "), 80);
  return waiting(`the path leads to ${other}`);
}

/** A reason to wait for a condition, or why it can't come, as far as the kind knows. */
function stuckOr(type: string, kind: ObjectKind, object: AnyObject, reason: string): Verdict {
  const own = ownReadiness(kind, object) ?? met;
  if (own.kind === "met") return waiting(reason);
  // A failure that is awaited isn't in the way of itself, and the template of pods says nothing about a condition.
  const isAwaited = causesOf(own).some((one) => one.toLowerCase() === type.toLowerCase());
  if (own.kind === "stuck" && isAwaited) return waiting(own.reason);
  return own.cause === "OnDelete" || own.cause === "DeploymentPaused" ? waiting(reason) : own;
}
