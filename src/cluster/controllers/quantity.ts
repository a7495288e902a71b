/** Amounts of a resource. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `100m` is 0.1, `1Gi` is 1073741824. What isn't a quantity counts as nothing: the API refuses it first. */
export function parseQuantity(text: string | number): number {
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(String(text).trim());
  const factor = factors[match?.[2] ?? ""];
  return match === null || factor === undefined ? 0 : Number(match[1]) * factor;
}
