/** Amounts of a resource. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */

const factors: ReadonlyMap<string, number> = new Map([
  ["n", 1e-9],
  ["u", 1e-6],
  ["m", 1e-3],
  ["", 1],
  ["k", 1e3],
  ["M", 1e6],
  ["G", 1e9],
  ["T", 1e12],
  ["P", 1e15],
  ["E", 1e18],
  ["Ki", 2 ** 10],
  ["Mi", 2 ** 20],
  ["Gi", 2 ** 30],
  ["Ti", 2 ** 40],
  ["Pi", 2 ** 50],
  ["Ei", 2 ** 60],
]);

/** Returns 0.1 for `100m`, 1073741824 for `1Gi`; undefined for an invalid quantity. May be too large for a number. */
export function parseQuantity(text: string): number | undefined {
  const match = /^([+-]?\d{1,30}(?:\.\d{0,30})?(?:[eE][+-]?\d{1,3})?)([a-zA-Z]{0,2})$/
    .exec(text.trim());
  const factor = factors.get(match?.[2] ?? "");
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}
