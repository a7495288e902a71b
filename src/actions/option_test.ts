import assert from "node:assert/strict";
import { copyOptions } from "./copy/options.ts";
import { execOptions } from "./exec/options.ts";
import { defaultText, optionsJsonSchema } from "./option.ts";

Deno.test("`defaultText()` names the default and what overrides it", () => {
  assert.equal(defaultText(execOptions.fanout), "32, or $KODAMA_FANOUT");
  assert.equal(defaultText(execOptions.workdir), undefined);
  assert.equal(defaultText(copyOptions.retries), "5");
});

Deno.test("`optionsJsonSchema()` has each option with its type, description and default", () => {
  const { shell, timeoutMs } = execOptions;
  const { retries, checksum } = copyOptions;
  assert.deepEqual(optionsJsonSchema({ shell, timeoutMs, retries, checksum }), {
    type: "object",
    additionalProperties: false,
    properties: {
      shell: { type: "boolean", description: shell.description },
      timeoutMs: { type: "integer", minimum: 1, description: timeoutMs.description },
      retries: { type: "integer", minimum: 0, description: retries.description, default: 5 },
      checksum: {
        enum: ["auto", "sha256", "none"],
        description: checksum.description,
        default: "auto",
      },
    },
  });
});
