/**
 * Secrets that must not reach a model. Values of Secrets are never read; this removes what looks like a secret from
 * output, logs, files and objects: by the names of variables and fields (`exec/redact.ts`), and by the forms of tokens.
 */
import { redactedText, redactOutput } from "../exec/redact.ts";

/** Tokens that are known by their form, wherever they are. */
const forms: readonly RegExp[] = [
  // JSON Web Tokens, such as those of service accounts.
  /\beyJ[\w-]{10,2048}\.[\w-]{10,}\.[\w-]{5,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,}\b/g,
  /\bgithub_pat_\w{30,}\b/g,
  /\bglpat-[\w-]{20,}\b/g,
  /\bxox[abprs]-[\w-]{10,}\b/g,
  /\bsk-[\w-]{20,}\b/g,
  /\bAIza[\w-]{35}\b/g,
  /\bnpm_[A-Za-z0-9]{30,}\b/g,
  /\$(?:2[aby]|5|6|y)\$[\w./$]{20,}/g,
];

/** Fields of a kubeconfig, and of container registries, whose names don't say that they are secret. */
const fields =
  /^([ \t]*(?:-[ \t]+)?["']?(?:client-key-data|client-certificate-data|\.dockerconfigjson|\.dockercfg|auth)["']?[ \t]*:[ \t]*)\S.*$/gm;

/** Returns whether a text has a key or a token that is known by its form. */
export function hasToken(text: string): boolean {
  return forms.some((form) => text.search(form) >= 0);
}

/** Returns whether a text begins with a key or a token, as the files do that consist of one. */
export function beginsWithToken(text: string): boolean {
  const start = text.trimStart();
  return forms.some((form) => start.search(form) === 0);
}

/** Returns a text without likely secrets. */
export function withSecretsMasked(text: string): string {
  const byForm = forms.reduce((clean, form) => clean.replace(form, redactedText), text);
  return redactOutput(byForm.replace(fields, `$1${redactedText}`), [], { cut: false });
}
