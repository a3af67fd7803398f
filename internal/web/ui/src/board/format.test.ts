import { describe, expect, test } from 'vitest';
import { Clocks, duration, judged, length, missing, span, trust, type Ages } from './format';
import type { Curve, Figure, Recent } from './view';
import { words } from './words';

const { zh, en } = words;

test('durations', () => {
  expect([0, 9.9, 41, 61, 3599.9, 3600, 7384, -5].map(duration)).toEqual(['0:00', '0:09', '0:41', '1:01', '59:59', '1:00:00', '2:03:04', '0:00']);
  expect([0, 59_999, 60_000, 3_599_999, 3_600_000, 47 * 3_600_000, 48 * 3_600_000].map(ms => length(ms, zh))).toEqual(['0 秒', '59 秒', '1 分钟', '59 分钟', '1 小时', '47 小时', '2 天']);
  expect(length(65_000, en)).toBe('1 min');
});

test('clocks show the hotline’s zone, and the day only where it is another', () => {
  const c = new Clocks('Asia/Shanghai'), now = Date.parse('2026-03-01T16:05:09Z');
  expect(c.hhmm(now)).toBe('00:05');
  expect(c.date(now)).toBe('2026-03-02');
  expect(c.stamp(now, now)).toBe('00:05:09');
  expect(c.stamp(now - 600_000, now)).toBe('2026-03-01 23:55:09');
  expect(c.brief(now - 600_000, now)).toBe('03-01 23:55');
});

describe('trust', () => {
  const well: Ages = { heard: 2000, checked: 14_000, data: 60_000, open: true, waking: false };
  test.each<[string, Partial<Ages>, string]>([
    ['all is well', {}, 'live'],
    ['the server is silent', { heard: 10_001 }, 'lost'],
    ['the server has never spoken', { heard: Infinity }, 'lost'],
    ['silent, whatever the store', { heard: 10_001, checked: 90_000 }, 'lost'],
    ['the machine has slept', { waking: true }, 'waking'],
    ['the store does not answer', { checked: 40_001 }, 'stuck'],
    ['old data in service hours', { data: 900_001 }, 'old'],
    ['old data at night', { data: 9_000_000, open: false }, 'live'],
    ['no data at all', { data: Infinity }, 'live'],
  ])('%s', (_, change, want) => expect(trust({ ...well, ...change })).toBe(want));
});

const figure = (num: number, den: number): Figure => ({ num, den, value: den ? num / den : null, text: den ? `${num / den}` : '', met: false });
const recent = (low: number, high: number, den = 20): Recent => ({ window: '15m', rate: figure(10, den), low, high, low_text: '', high_text: '' });

test('an interval that holds the target tells nothing', () => {
  expect(judged(recent(0.6, 0.96), 0.83)).toBe('unsure');
  expect(judged(recent(0.83, 0.96), 0.83)).toBe('met');
  expect(judged(recent(0.4, 0.8299), 0.83)).toBe('missed');
  expect(judged(recent(0, 0, 0), 0.83)).toBe('none');
});

test('why there is no figure', () => {
  expect(missing(undefined, zh)).toBe('无数据');
  expect(missing({ ...figure(0, 0), not_connected: 'service_hours' }, zh)).toBe('缺少工作日历');
  expect(missing({ ...figure(0, 0), not_connected: 'ivr' }, en)).toBe('not connected');
});

describe('the part of the day that is drawn', () => {
  const at = Array.from({ length: 96 }, (_, i) => `${String(i >> 2).padStart(2, '0')}:${String((i % 4) * 15).padStart(2, '0')}`);
  const curve = (...busy: number[]): Curve => {
    const offered = at.map((_, i) => (busy.includes(i) ? 1 : 0));
    return { offered, requested: offered, answered: offered, running: 50 };
  };
  test('the working day, without calls', () => expect(span(at, curve(), undefined)).toEqual({ from: 32, to: 72 }));
  test('to the calls before and after it', () => expect(span(at, curve(28, 75), undefined)).toEqual({ from: 28, to: 76 }));
  test('and to the usual ones, of which half a call is none', () => {
    expect(span(at, curve(), at.map((_, i) => (i === 4 ? 0.4 : i === 80 ? 0.5 : 0)))).toEqual({ from: 32, to: 81 });
  });
  test('a day of 92 quarter hours', () => expect(span(at.slice(4), { ...curve(), offered: [] }, undefined)).toEqual({ from: 28, to: 68 }));
});

test('both languages say the same with figures in it', () => {
  const args = ['A', 'B', 'C', 'D'];
  for (const [key, word] of Object.entries(zh)) {
    const other = en[key as keyof typeof en];
    expect(typeof other, key).toBe(typeof word);
    if (typeof word !== 'function') continue;
    const used = (f: unknown) => args.filter(a => String((f as (...a: string[]) => string)(...args)).includes(a)).length;
    if (!['month', 'big'].includes(key)) expect(used(other), key).toBe(used(word));
  }
});
