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
  "[\\w.-]{0,100}(?:passw(?:or)?d|passphrase|(?:[_.-]|db)pass(?![a-z])|[_.-]pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\\w.-]{0,100}";

/**
 * In quotes (a shell word may be several of them, with `\\'` between), or up to a blank. A value that starts with `$`
 * names a secret, and isn't one.
 */
const value = `("[^"$][^"]*"|'[^']+'(?:\\\\''[^']*')*|[^\\s\\0"'$][^\\s\\0"']*)`;

/** Before a quote in JSON, which may itself be a text of JSON. Bounded, as {@link secretName} is. */
const escapes = "\\\\{0,31}";
const blanks = "\\s{0,100}";

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
    `(${escapes}"name${escapes}"${blanks}:${blanks}${escapes}"${secretName}${escapes}"${blanks},${blanks}${escapes}"value${escapes}"${blanks}:${blanks})("(?:[^"\\\\]|\\\\.)*"|\\\\+"[^"]*")`,
    "gi",
  ),
  // A header or a line of YAML has a blank after its colon, unlike an image's tag; a field of JSON has quotes.
  new RegExp(`((?:^|[\\s"'])${secretName}:[ \\t]+)${value}`, "gi"),
  new RegExp(`(["']${secretName}["']\\s*:\\s*)${value}`, "gi"),
  // A connection's text; a path is the folder of a shell.
  /((?:^|[;\s"'])pwd=)([^\s;"'/$][^\s;"']*)/gi,
  // The clients of MySQL take their password without a blank.
  /(\b(?:mysql|mariadb)\w*\b[^\n|;&]{0,1000}?\s-p)([^\s"'$-][^\s"']*)/g,
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
  const isMysql = args.some((arg) => /^(?:mysql|mariadb)[\w-]*$/.test(arg));
  const redacted = args.map((arg, at) => {
    const before = args[at - 1];
    const isValue = before !== undefined && secretFlag.test(before) && !/^[-$]|^$/.test(arg);
    if (isMysql && /^-p./.test(arg)) {
      secrets.push(arg.slice(2));
      return `-p${redactedText}`;
    }
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
  /passw|passphrase|pwd|[_.-]pass|dbpass|mysql|mariadb|secret|token|api[_-]?key|access[_-]?key|private[_ -]?key|credential|authorization:|bearer\s|:\/\/[^\s/@]{0,200}@|\beyJ/i;

/** Secrets that have a form of their own: keys as PEM, JSON Web Tokens. An output may be cut within one. */
const inOutput: readonly RegExp[] = [
  /(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)[^-]*(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g,
  /\b()eyJ[\w-]{8,2048}\.[\w-]*(?:\.[\w-]*)?/g,
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

/**
 * Returns a text without the secrets that were found: a server may repeat a command's args in its error. They are also
 * found as other programs write them: in JSON, in a URL, in base64.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap(knownForms).toSorted((a, b) => b.length - a.length);
  return forms.reduce((redacted, form) => redacted.replaceAll(form, redactedText), text);
}

/** A short secret has forms that are found by chance. */
const shortestEncoded = 6;

/** Each line of an output is searched for the same secrets. */
const formsOfSecrets = new Map<string, readonly string[]>();
const mostSecrets = 1000;

function knownForms(secret: string): readonly string[] {
  const known = formsOfSecrets.get(secret);
  if (known !== undefined) return known;
  const forms = formsOf(secret);
  if (formsOfSecrets.size >= mostSecrets) formsOfSecrets.clear();
  formsOfSecrets.set(secret, forms);
  return forms;
}

/** Returns the secret as it is, and as it is written by programs that encode it. */
function formsOf(secret: string): string[] {
  if (secret.length < shortestEncoded) return [secret];
  // A text of JSON may be the value of another one.
  const inJson = jsonText(secret);
  const forms = [
    secret,
    inJson,
    jsonText(inJson),
    asciiJson(inJson),
    inJson.replaceAll("/", "\\/"),
    secret.replaceAll("'", "'\\''"),
    ...urlForms(secret),
  ];
  return [...new Set([...forms, ...base64Forms(secret)])];
}

function jsonText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** As Python writes it, and Go with `<`, `>` and `&`. */
function asciiJson(json: string): string {
  return json.replaceAll(
    /[<>&\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Programs differ in the characters that they encode, in the case of the digits, and in blanks. */
function urlForms(secret: string): string[] {
  // Half of a surrogate pair has no bytes.
  const text = secret.toWellFormed();
  const component = encodeURIComponent(text);
  const strict = component.replaceAll(
    /[!'()*~]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const forms = [
    component,
    strict,
    encodeURI(text),
    new URLSearchParams({ a: text }).toString().slice(2),
  ];
  const lower = (form: string) => form.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [...forms, ...forms.map(lower)];
}

/** In a longer text, as of `user:password`, a secret begins at one of three positions of the encoding. */
function base64Forms(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  return [0, 1, 2].flatMap((before) => {
    const padded = new Uint8Array(before + bytes.length);
    padded.set(bytes, before);
    const encoded = padded.toBase64().replace(/=+$/, "");
    // Characters with bits of the bytes around it depend on these.
    const from = before === 0 ? 0 : before + 1;
    const to = (before + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
    const core = encoded.slice(from, to);
    const url = core.replaceAll("+", "-").replaceAll("/", "_");
    return core.length < shortestEncoded ? [] : [core, url];
  });
}
