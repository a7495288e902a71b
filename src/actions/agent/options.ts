/** The options of agents' actions, and how open tasks are recognized: without the actions themselves. */
import { permissionModes } from "../../agent/adapter.ts";
import { choiceField, or, textField } from "../../operation/field.ts";

export { adapterNames, permissionModes } from "../../agent/adapter.ts";
export { isOpen } from "../../agent/model.ts";

/** Within which limits an agent works on a task. */
export const taskOptions = {
  permissions: or(
    choiceField(
      "ask: tools that the agent's settings don't allow wait for an approval",
      permissionModes,
    ),
    permissionModes[0],
  ),
  budget: textField("end the task when it has cost this much"),
};

/** Reads an amount of US dollars: `2.50`, `$2.50`. Undefined for any other text. */
export function parseDollars(text: string): number | undefined {
  const amount = Number(text.replace(/^\$/, ""));
  return /^\$?\d{1,6}(\.\d{1,4})?$/.test(text) && amount > 0 ? amount : undefined;
}
