/**
 * Quantities as Kubernetes returns them, however they were sent: without a fraction, with the largest suffix of the form
 * that was sent. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

const suffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

/** Nothing is smaller: a smaller amount is rounded up. */
const fractionDigits = 9;

/**
 * Returns the text of a quantity; undefined if it is none. `thousandths`: of resources, there are no smaller amounts.
 */
export function canonicalQuantity(
  sent: string | number,
  { thousandths = false }: { thousandths?: boolean } = {},
): string | undefined {
  const [, sign, whole = "", fraction = "", exponent, suffix = ""] = form.exec(String(sent)) ?? [];
  if (sign === undefined || whole + fraction === "") return undefined;
  const binary = suffix.endsWith("i");
  const scale = binary
    ? 0
    : exponent === undefined
    ? 3 * (suffixes.indexOf(suffix) - 3)
    : Number(exponent);
  const factor = binary ? 1024n ** BigInt(binarySuffixes.indexOf(suffix)) : 1n;
  let amount = shifted(BigInt(whole + fraction) * factor, scale + fractionDigits - fraction.length);
  if (thousandths) amount = shifted(shifted(amount, -6), 6);
  const negative = sign === "-" && amount !== 0n ? "-" : "";
  const one = 10n ** BigInt(fractionDigits);
  if (binary && amount >= 1024n * one) {
    const [units, index] = reduced(shifted(amount, -fractionDigits), 1024n, binarySuffixes.length);
    return `${negative}${units}${binarySuffixes[index]}`;
  }
  const most = exponent === undefined ? suffixes.length : Infinity;
  const [units, index] = amount === 0n ? [0n, 3] : reduced(amount, 1000n, most);
  const power = 3 * index - fractionDigits;
  const unit = exponent === undefined ? suffixes[index] : power === 0 ? "" : `e${power}`;
  return `${negative}${units}${unit}`;
}

/** Returns an amount times a power of ten; what doesn't fit is rounded up. */
function shifted(amount: bigint, digits: number): bigint {
  if (digits >= 0) return amount * 10n ** BigInt(digits);
  const divisor = 10n ** BigInt(-digits);
  return (amount + divisor - 1n) / divisor;
}

/** Returns an amount without factors, and how many there were. */
function reduced(amount: bigint, factor: bigint, most: number): [bigint, number] {
  let count = 0;
  let rest = amount;
  while (count < most - 1 && rest % factor === 0n) [rest, count] = [rest / factor, count + 1];
  return [rest, count];
}
