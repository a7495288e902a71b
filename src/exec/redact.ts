/**
 * Redacts likely secrets in a command's args before they are stored. Names identify them: the value of
 * `--db-password=…`, `--token …`, `API_KEY=…`, `X-Auth-Token: …`, `"password": …`, a bearer token, the password of a
 * URL.
 */

/** Replaces a secret. */
export const redactedText = "[redacted]";

/** Storable args, and the secrets that were removed. */
interface Redaction {
  args: string[];
  secrets: string[];
}

/** Bounded around the keyword, so that a long text of such keywords doesn't take quadratic time. */
const secretName =
  "[\\w.-]{0,100}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\\w.-]{0,100}";

/**
 * In quotes (a shell word may be several of them, with `\\'` between), or up to a blank. A value that starts with `$`
 * names a secret, and isn't one.
 */
const value = `("[^"$][^"]*"|'[^']+'(?:\\\\''[^']*')*|[^\\s\\0"'$][^\\s\\0"']*)`;

/**
 * Each retains its first group and removes its second. NUL separates the variables and the args of a process in
 * `/proc`.
 */
const inText: readonly RegExp[] = [
  new RegExp(`((?:^|[\\s\\0"'=])-{0,2}${secretName}=)${value}`, "gi"),
  new RegExp(`((?:^|[\\s\\0])--?${secretName}[\\s\\0]+)${value}`, "gi"),
  // A variable of a container in YAML and in JSON, which may itself be a text of JSON.
  new RegExp(
    `(\\bname:[ \\t]*["']?${secretName}["']?[ \\t]*\\r?\\n[ \\t]*value:[ \\t]*)([^\\s].*)`,
    "gi",
  ),
  new RegExp(
    `(\\\\*"name\\\\*"\\s*:\\s*\\\\*"${secretName}\\\\*"\\s*,\\s*\\\\*"value\\\\*"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|\\\\+"[^"]*")`,
    "gi",
  ),
  // A header or a line of YAML has a blank after its colon, unlike an image's tag; a field of JSON has quotes.
  new RegExp(`((?:^|[\\s"'])${secretName}:[ \\t]+)${value}`, "gi"),
  new RegExp(`(["']${secretName}["']\\s*:\\s*)${value}`, "gi"),
  /(authorization:\s*(?:(?:basic|digest|token)\s+)?)(?!(?:basic|bearer|digest|token)\s)([^\s"'$][^\s"']*)/gi,
  /(\bbearer\s+)([^\s"'$][^\s"']*)/gi,
  /(\w:\/\/[^\s/:@]*:)([^\s/@]+)(?=@)/g,
];

const wholeSecretName = new RegExp(`^${secretName}$`, "i");

/** Returns whether a variable or a field of this name likely has a secret. */
export function isSecretName(name: string): boolean {
  return wholeSecretName.test(name);
}

/** A flag whose next arg is its value. */
const secretFlag = new RegExp(`^--?${secretName}$`, "i");

/** Removes likely secrets. */
export function redact(args: readonly string[]): Redaction {
  const secrets: string[] = [];
  const redacted = args.map((arg, at) => {
    const before = args[at - 1];
    const isValue = before !== undefined && secretFlag.test(before) && !/^[-$]|^$/.test(arg);
    if (!isValue) return redactText(arg, secrets);
    secrets.push(arg);
    return redactedText;
  });
  return { args: redacted, secrets };
}

function redactText(arg: string, secrets: string[]): string {
  return inText.reduce(
    (text, pattern) =>
      text.replace(pattern, (whole, name: string, secret: string) => {
        if (secret === redactedText) return whole;
        secrets.push(secret.replace(/^(["'])(.*)\1$/s, "$2"));
        return `${name}${redactedText}`;
      }),
    arg,
  );
}

/** Whether a text may contain anything that {@link redactOutput} removes: most outputs don't. */
const mayHoldSecret =
  /passw|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_ -]?key|credential|authorization:|bearer\s|:\/\/[^\s/@]{0,200}@|\beyJ/i;

/** Secrets that have a form of their own: keys as PEM, JSON Web Tokens. An output may be cut within one. */
const inOutput: readonly RegExp[] = [
  /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  /\b()eyJ[\w-]{8,}\.[\w-]*(?:\.[\w-]*)?/g,
  // A quoted value whose end was cut.
  new RegExp(`((?:^|[^\\w.-])${secretName}["']?\\s{0,4}[=:]\\s{0,4})["'][^"']*$`, "gi"),
];

/**
 * Removes likely secrets, and the given ones, from what a command wrote.
 *
 * @param options.cut the text is the start of a longer one: a secret at its end may be incomplete.
 */
export function redactOutput(
  text: string,
  secrets: readonly string[],
  { cut }: { cut: boolean },
): string {
  const whole = cut ? withoutPartialSecret(text, secrets) : text;
  const known = withoutSecrets(whole, secrets);
  if (!mayHoldSecret.test(known)) return known;
  return inOutput.reduce(
    (redacted, pattern) => redacted.replace(pattern, `$1${redactedText}`),
    redactText(known, []),
  );
}

function withoutPartialSecret(text: string, secrets: readonly string[]): string {
  const lengths = secrets.flatMap((secret) =>
    Array.from({ length: secret.length - 1 }, (_, at) => at + 1)
      .filter((length) => text.endsWith(secret.slice(0, length)))
  );
  return text.slice(0, text.length - Math.max(0, ...lengths));
}

/** Returns a text without the secrets that were found: a server may repeat a command's args in its error. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((redacted, secret) => redacted.replaceAll(secret, redactedText), text);
}
