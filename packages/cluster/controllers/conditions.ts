/** Status conditions, as every workload carries them. */
import { timestamp } from "../model.ts";

/** The fields of all conditions. */
interface ObjectCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
}

/**
 * Returns the conditions with one of them set. An equal one stays untouched; the time of transition changes only with
 * the status.
 */
export function withCondition<C extends ObjectCondition>(
  conditions: readonly C[] | undefined,
  desired: C,
  now: Date,
  options: {
    /** The condition has a `lastUpdateTime`: when it was last found to be so. */
    updateTime?: boolean;
    /** It was found to be so again: the time of update changes, whatever the message. */
    refresh?: boolean;
  } = {},
): C[] {
  const present = conditions?.find(({ type }) => type === desired.type);
  if (
    options.refresh !== true && present?.status === desired.status &&
    present.reason === desired.reason &&
    present.message === desired.message
  ) return [...conditions ?? []];
  const moved = present?.status !== desired.status;
  const next: C = {
    ...desired,
    lastTransitionTime: moved ? timestamp(now) : present?.lastTransitionTime ?? timestamp(now),
  };
  if (options.updateTime === true) next.lastUpdateTime = timestamp(now);
  return [...(conditions ?? []).filter(({ type }) => type !== desired.type), next];
}
