import assert from "node:assert/strict";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { mergeDotenv, parseDotenv } from "./environment.ts";

function read(text: string): Record<string, string> {
  return Object.fromEntries(parseDotenv(".env", text).map(({ name, value }) => [name, value]));
}

Deno.test("quotes, comments, several lines and export are read as dotenv has them", () => {
  const text = [
    "# a comment",
    "PLAIN=a b # behind it",
    "EMPTY=",
    "export EXPORTED=yes",
    "SPACED =  around  ",
    "SINGLE='as $it \\n is'",
    'DOUBLE="a\\nb # c"',
    'BACK=`it\'s "so"`',
    'KEY="-----BEGIN',
    "line",
    '-----END"',
    "HASH=a#b",
    "URL=postgresql://u:p@h/db?x=1",
    "ODD='open",
  ].join("\r\n");
  assert.deepEqual(read(text), {
    PLAIN: "a b",
    EMPTY: "",
    EXPORTED: "yes",
    SPACED: "around",
    SINGLE: "as $it \\n is",
    DOUBLE: "a\nb # c",
    BACK: `it's "so"`,
    KEY: "-----BEGIN\nline\n-----END",
    HASH: "a#b",
    URL: "postgresql://u:p@h/db?x=1",
    ODD: "'open",
  });
});

Deno.test("what is quoted comes back as it was, and as node reads it", () => {
  const value = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "#", "=", "'", "$") });
  fc.assert(fc.property(value, (text) => {
    const file = `A="${text}"\nB=\`${text}\`\nC=1\n`;
    assert.deepEqual(read(file), { A: text, B: text, C: "1" });
    assert.deepEqual({ ...parseEnv(file) }, { A: text, B: text, C: "1" });
  }));
});

Deno.test("an invalid line is reported by its number, and never by its content", () => {
  assert.throws(() => read('A=1\n\nB="x\ny"\nsk-ant-secret\n'), (error: Error) => {
    assert.equal(error.message, ".env:5: expected NAME=VALUE or a comment");
    return true;
  });
});

Deno.test("the last file wins, and what is protected or excluded stays here", () => {
  const files = [
    { path: ".env", text: "A=1\nB=2\nPATH=/evil\nKUBERNETES_PORT=1\nWEB_SERVICE_HOST=h\n" },
    { path: ".env.local", text: "B=3\nCLAUDE_CONFIG_DIR=/x\nDEBUG=1\nlower=1\nDB_PORT=5432\n" },
  ];
  const { values, omitted: left } = mergeDotenv(files, ["DEBUG", "lower"]);
  assert.deepEqual([...values], [["A", "1"], ["B", "3"], ["DB_PORT", "5432"]]);
  assert.deepEqual(left.map(({ name, reason }) => `${name} ${reason}`), [
    "CLAUDE_CONFIG_DIR protected",
    "DEBUG excluded",
    "KUBERNETES_PORT protected",
    "PATH protected",
    "WEB_SERVICE_HOST protected",
    "lower excluded",
  ]);
});

Deno.test("no file sets what the shell, the loader, git or kodama begins with", () => {
  const names = [
    ...["BASH_ENV", "GIT_ASKPASS", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_12"],
    ...["GIT_SSH_COMMAND", "HOME", "KODAMA_IDLE", "LD_PRELOAD", "PATH"],
  ];
  const others = ["GIT_AUTHOR_NAME", "GIT_CONFIG_KEY_", "MY_KODAMA_KEY", "PATHS"];
  const text = [...names, ...others].map((name) => `${name}=1\n`).join("");
  const { values, omitted: left } = mergeDotenv([{ path: ".env", text }], []);
  assert.deepEqual(left.map(({ name }) => name), names);
  assert.deepEqual([...values.keys()], others);
});

Deno.test("the agent's credentials are the person's to give", () => {
  const text = "CLAUDE_CODE_AUTH_TOKEN=a\nANTHROPIC_API_KEY=b\nGITHUB_TOKEN=c\n";
  const { values } = mergeDotenv([{ path: ".env", text }], []);
  assert.deepEqual([...values.keys()], [
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_AUTH_TOKEN",
    "GITHUB_TOKEN",
  ]);
});

Deno.test("a name or a value that no variable can have, and more than a Secret holds, are refused", () => {
  assert.throws(() => mergeDotenv([{ path: ".env", text: "ok=1" }], []), {
    message: '.env:1: "ok" can\'t be the name of a variable',
  });
  assert.throws(() => mergeDotenv([{ path: ".env", text: "A=1\nOK=a\0b" }], []), {
    message: ".env:2: the value of OK holds a NUL byte",
  });
  const fits = { path: ".env", text: `A=${"x".repeat(1024 * 1024 - 1)}` };
  assert.equal(mergeDotenv([fits], []).values.size, 1);
  const over = { path: ".env", text: `A=${"x".repeat(1024 * 1024)}` };
  assert.throws(() => mergeDotenv([over], []), /1048577 bytes, and a Secret holds 1048576/);
});
