import * as echarts from 'echarts';
import { labelOf } from '../harness/results.mjs';
import { median, ratio } from '../harness/statistics.mjs';
import { OWN } from '../harness/subjects.mjs';
import { countedOf, grows, isBaseline, rowAt, unique } from './rows.mjs';
import { nameOfLine } from './tables.mjs';

const WIDTH = 900;
const LEGEND = { bottom: 0, left: 'center', width: WIDTH - 60, itemHeight: 8, itemGap: 24 };
const OWN_COLOUR = '#c2410c';
const COLOURS = ['#475569', '#2563eb', '#60a5fa', '#0d9488', '#9333ea', '#ca8a04', '#64748b', '#be185d'];

/** An SVG of what a benchmark measured: a panel for each Node.js. */
export function chartOf(results) {
  return grows(results[0]) ? growthChart(results) : barChart(results);
}

function growthChart(results) {
  const [{ rows, axis, title }] = results;
  const names = unique(rows.map((row) => nameOfLine(row, rows)));
  const unit = rows[0].added === undefined ? rows[0].unit : `${rows[0].unit} added`;
  const smallest = Math.min(...rows.map(({ x }) => x));
  // A logarithm has no zero.
  const position = (x) => (smallest === 0 ? String(x) : x);
  const height = 300 + 12 * names.length;
  const panel = panels(results.length, { top: 60, bottom: 60 + 12 * names.length });
  return render(height, {
    ...heading(title),
    legend: LEGEND,
    color: COLOURS,
    grid: panel,
    xAxis: results.map((_, i) => ({
      gridIndex: i,
      type: smallest === 0 ? 'category' : 'log',
      name: axis,
      nameLocation: 'middle',
      nameGap: 24,
    })),
    yAxis: results.map((result, i) => ({
      gridIndex: i,
      type: 'log',
      name: `${unit}, ${labelOf(result)}`,
      nameTextStyle: { align: 'left' },
    })),
    series: results.flatMap((result, i) =>
      names.map((name, n) => ({
        name,
        type: 'line',
        xAxisIndex: i,
        yAxisIndex: i,
        color: COLOURS[n % COLOURS.length],
        lineStyle: { type: isOwn(name, rows) ? 'solid' : 'dashed' },
        symbolSize: 5,
        data: result.rows
          .filter((row) => nameOfLine(row, rows) === name && median(countedOf(row)) > 0)
          .map((row) => [position(row.x), median(countedOf(row))]),
      })),
    ),
  });
}

const isOwn = (name, rows) => rows.some((row) => nameOfLine(row, rows) === name && row.subject === OWN);

function barChart(results) {
  const [{ rows, reference, title }] = results;
  const shown = rows.filter((row) => !isBaseline(row) && row.subject !== reference);
  const operations = unique(shown.map(({ operation }) => operation)).reverse();
  const subjects = unique(shown.map(({ subject }) => subject))
    .sort((a, b) => Number(b === OWN) - Number(a === OWN))
    .reverse();
  const compared =
    reference !== undefined &&
    operations.every((operation) => rowAt(rows, operation, reference) !== undefined);
  const measuredAt = (result, operation, subject) => {
    const row = rowAt(result.rows, operation, subject);
    if (row === undefined) return undefined;
    if (!compared) return median(countedOf(row));
    return ratio(row.samples, rowAt(result.rows, operation, reference).samples);
  };
  const unit = compared ? `times ${reference}` : `${rows[0].unit}${rows[0].added ? ' added' : ''}`;
  const values = results
    .flatMap((result) =>
      operations.flatMap((operation) => subjects.map((subject) => measuredAt(result, operation, subject))),
    )
    .filter((value) => value > 0);
  const logarithmic = Math.max(...values) / Math.min(...values) > 20;
  const bars = operations.reduce(
    (sum, operation) => sum + 1 + shown.filter((row) => row.operation === operation).length,
    0,
  );
  const height = 150 + Math.max(60, bars * 13);
  return render(height, {
    ...heading(title),
    legend: LEGEND,
    grid: panels(results.length, { top: 60, bottom: 84 }, 190),
    xAxis: results.map((result, i) => ({
      gridIndex: i,
      type: logarithmic ? 'log' : 'value',
      name: `${unit}, ${labelOf(result)}`,
      nameLocation: 'middle',
      nameGap: 24,
      splitNumber: 4,
    })),
    yAxis: results.map((_, i) => ({
      gridIndex: i,
      type: 'category',
      data: operations,
      axisLabel: { show: i === 0, width: 165, overflow: 'break' },
    })),
    series: results.flatMap((result, i) =>
      subjects.map((subject, n) => ({
        name: subject,
        type: 'bar',
        xAxisIndex: i,
        yAxisIndex: i,
        color: subject === OWN ? OWN_COLOUR : COLOURS[n % COLOURS.length],
        barGap: '10%',
        label: {
          show: true,
          position: 'right',
          fontSize: 9,
          formatter: ({ value }) => (value === undefined ? '' : brief(value)),
        },
        data: operations.map((operation) => measuredAt(result, operation, subject)),
      })),
    ),
  });
}

const brief = (value) =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : Number(value.toPrecision(2)).toString();

function heading(title) {
  return {
    animation: false,
    backgroundColor: '#fff',
    title: { text: title, left: 'center', textStyle: { fontSize: 15 } },
  };
}

/** Beside each other. */
function panels(count, edges, left = 80) {
  const width = (WIDTH - left - 30) / count;
  return Array.from({ length: count }, (_, i) => ({ ...edges, left: left + i * width, width: width - 50 }));
}

function render(height, option) {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
