import { expect, test } from 'vitest';
import { columns } from './daychart';
import type { Curve, Day, Pace } from './view';
import { course, place } from './yearchart';

const curve: Curve = { offered: [5, 6, 0, 0], requested: [4, 0, 0, 0], answered: [3, 0, 0, 0], running: 1 };
const day: Day = { date: '2026-03-02', at: ['08:00', '08:15', '08:30', '08:45'], usual: null, pace: null };

test('where nothing came there is no bar', () => {
  expect(columns(curve, day, 0, 3)).toEqual([[0, 1, 2], [null, null, null], [null, null, null], [5, 6, null], [4, null, null], [3, null, null], [null, null, null]]);
});

test('the usual day goes on to its end', () => {
  const name = { zh: '', en: '' }, usual = { name, text: name, offered: [1, 2, 3, 4], answered: [1, 1, 1, 1], least: [0, 1, 2, 3], most: [2, 3, 4, 5] };
  const c = columns(curve, { ...day, usual }, 1, 4);
  expect(c[0]).toEqual([1, 2, 3]);
  expect(c[1]).toEqual([3, 4, 5]);
  expect(c[2]).toEqual([1, 2, 3]);
  expect(c[6]).toEqual([2, 3, 4]);
});

test('a day of the year in months', () => {
  expect([place('2026-01-31'), place('2026-02-14'), place('2024-02-29'), place('2026-12-31')]).toEqual([1, 1.5, 2, 12]);
});

const pace = (change: Partial<Pace>): Pace => ({
  as_of: '2026-02-14', target: 1200, to_date: 140, expected: 150, gap: -10, change: '', working_days_over: 30, working_days: 250, needed_per_working_day: 5, forecast: null,
  course: Array.from({ length: 12 }, (_, i) => ({ month: i + 1, to_date: i === 0 ? 90 : i === 1 ? 140 : null, expected: 100 * (i + 1) })),
  ...change,
});

test('the year stands at the day it is known to', () => {
  const [at, line, done, ahead] = course(pace({}));
  expect(at!.slice(0, 4)).toEqual([0, 1, 1.5, 2]);
  expect(line!.slice(0, 4)).toEqual([0, 100, 150, 200]);
  expect(done!.slice(0, 4)).toEqual([0, 90, 140, null]);
  expect(ahead!.every(v => v === null)).toBe(true);
});

test('the forecast leads from there to the end', () => {
  const [at, , , ahead] = course(pace({ forecast: { mean: 1150, low: 1000, high: 1300, likelihood: 'possible' } }));
  expect(ahead!.filter(v => v !== null)).toEqual([140, 1150]);
  expect(ahead![at!.indexOf(12)]).toBe(1150);
});

test('before the first day is over, and of a year that begins without data', () => {
  expect(course(pace({ as_of: '', to_date: 0, expected: 0 }))[2]!.slice(0, 2)).toEqual([0, null]);
  const late = pace({});
  late.course[0]!.to_date = null;
  expect(course(late)[2]!.slice(0, 3)).toEqual([null, null, 140]);
});
