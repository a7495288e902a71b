/**
 * Metrics as OpenMetrics text, which Prometheus and its agents scrape. Pure.
 *
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 */

import type { HistogramSample, MetricFamily, MetricLabels } from "../actions/monitoring/metrics.ts";

/** The type of the text, for an HTTP response. */
export const openMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/** Returns the text. A family without samples has only its description. */
export function openMetricsText(families: readonly MetricFamily[]): string {
  return `${families.flatMap(familyLines).join("\n")}\n# EOF\n`;
}

function familyLines(family: MetricFamily): string[] {
  const { name, type, help } = family;
  return [
    `# TYPE ${name} ${type}`,
    `# HELP ${name} ${escaped(help)}`,
    ...(family.type === "histogram"
      ? family.samples.flatMap((sample) => histogramLines(name, sample))
      : family.samples.map(({ labels, value }) =>
        sampleLine(type === "counter" ? `${name}_total` : name, labels, value)
      )),
  ];
}

function histogramLines(
  name: string,
  { labels, buckets, count, sum }: HistogramSample,
): string[] {
  return [
    ...buckets.map(({ le, count }) =>
      sampleLine(`${name}_bucket`, { ...labels, le: numberText(le) }, count)
    ),
    sampleLine(`${name}_bucket`, { ...labels, le: "+Inf" }, count),
    sampleLine(`${name}_count`, labels, count),
    sampleLine(`${name}_sum`, labels, sum),
  ];
}

function sampleLine(name: string, labels: MetricLabels, value: number): string {
  const all = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${all.length === 0 ? "" : `{${all.join(",")}}`} ${numberText(value)}`;
}

/** Bounds are written as floats, so that every reader gets the same label. */
function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value);
}

/** Three characters have a meaning in a text; unpaired surrogates aren't UTF-8. */
function escaped(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll('"', '\\"')
    .replaceAll("\n", "\\n");
}
