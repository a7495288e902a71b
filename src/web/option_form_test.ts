import assert from "node:assert/strict";
import { choiceField, or, textField, toggleField } from "../operation/field.ts";
import { formSchema } from "../operation/form.ts";
import { formOptions } from "./option_form.ts";

const options = {
  idleTimeout: textField("when it stops"),
  agent: or(choiceField("who works", ["one", "two"]), "one"),
  loud: toggleField("with sound"),
};

Deno.test("`formSchema()` has a field for each option", () => {
  const { properties, required } = formSchema(options);
  assert.deepEqual(required, []);
  assert.deepEqual(properties, {
    idleTimeout: { type: "string", title: "Idle timeout", description: "When it stops." },
    agent: {
      ...{ type: "string", title: "Agent", description: "Who works." },
      ...{ enum: ["one", "two"], default: "one" },
    },
    loud: { type: "boolean", title: "Loud", description: "With sound." },
  });
});

Deno.test("`formOptions()` omits empty texts, and refuses what no field accepts", async () => {
  const texts = { idleTimeout: " 30m ", agent: "", loud: "true" };
  assert.deepEqual(await formOptions(options, texts), { idleTimeout: "30m", loud: true });
  for (
    const [texts, message] of [
      [{ agents: "one" }, /no option "agents".*agent/],
      [{ agent: "three" }, /"three" for "agent": must be one of one, two/],
      [{ loud: "yes" }, /"yes" for "loud": must be true or false/],
      [{ constructor: "x" }, /no option "constructor"/],
    ] as const
  ) await assert.rejects(formOptions(options, texts), { kind: "usage", message });
});
