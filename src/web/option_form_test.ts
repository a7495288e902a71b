import assert from "node:assert/strict";
import { choiceOption, textOption, toggleOption } from "../actions/option.ts";
import { formOptions, formSchema } from "./option_form.ts";

const options = {
  idleTimeout: textOption("when it stops"),
  agent: choiceOption("who works", ["one", "two"], { default: "one" }),
  loud: toggleOption("with sound"),
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
      [{ agent: "three" }, /Agent: expected one of one, two/],
      [{ loud: "1" }, /Loud: expected true or false/],
      [{ constructor: "x" }, /no option "constructor"/],
    ] as const
  ) await assert.rejects(formOptions(options, texts), { kind: "usage", message });
});
