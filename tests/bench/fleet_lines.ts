/** Complaints about the output of `hostname` in prefix mode: `weka-drive-7: weka-drive-7`. */
export function checkLines(output: string, pods: number): string[] {
  const seen = new Map<string, number>();
  const complaints: string[] = [];
  for (const line of output.split("\n").slice(0, -1)) {
    const [, prefix, text] = /^(weka-drive-\d+): (.*)$/.exec(line) ?? [];
    if (prefix === undefined || prefix !== text) complaints.push(`mixed: ${JSON.stringify(line)}`);
    else seen.set(prefix, (seen.get(prefix) ?? 0) + 1);
  }
  for (let index = 0; index < pods; index++) {
    const count = seen.get(`weka-drive-${index}`) ?? 0;
    if (count !== 1) complaints.push(`weka-drive-${index} answered ${count} times`);
  }
  if (!output.endsWith("\n")) complaints.push("the last line has no end");
  return complaints;
}
