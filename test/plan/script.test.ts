import { describe, expect, test } from 'vitest';
import { readPlan } from '../../ceremony/plan/read';
import { renderScript } from '../../ceremony/plan/script';
import { hexGroups, words } from '../../ceremony/words';
import { FIRST, ROTATE } from './examples';

const first = readPlan(FIRST);

describe('the printed script', () => {
  const html = renderScript(first.plan, first.sha256);

  test('has the plan hash, in hex and in words, in the head that every page repeats', () => {
    const head = /<thead>(.*?)<\/thead>/s.exec(html)?.[1] ?? '';
    expect(head).toContain(hexGroups(first.sha256));
    expect(head).toContain(words(Buffer.from(first.sha256, 'hex')));
    expect(html).toContain('table.pages > thead { display: table-header-group; }');
    expect(html.match(/<thead>/g)).toHaveLength(1);
  });

  test('has every step in order, every seat, every material and the exception sheets', () => {
    const ids = [...html.matchAll(/<code>([^<]*)<\/code>/g)].map((match) => match[1]);
    expect(ids).toEqual(first.plan.steps.map((step) => step.id));
    for (const seat of ['custodians 1', 'custodians 2', 'custodians 3', 'approvers 2'])
      expect(html).toContain(`<td>${seat}</td>`);
    for (const { id } of first.plan.materials) expect(html).toContain(`<td>${id}</td>`);
    expect(html.match(/<section class="sheet">/g)).toHaveLength(3);
    expect(html).toContain('<th>Time</th><th>Initials</th>');
  });

  test('needs nothing else and runs nothing', () => {
    expect(html).not.toMatch(/<script|<link|<img|<iframe|\bon[a-z]+=|https?:|url\(|@import/i);
    expect(html).toContain("default-src 'none'");
  });

  test('is the same each time, and another one for another plan', () => {
    expect(renderScript(first.plan, first.sha256)).toBe(html);
    const rotate = readPlan(ROTATE);
    expect(renderScript(rotate.plan, rotate.sha256)).not.toBe(html);
  });
});

test('nothing of the plan is read as HTML', () => {
  const evil = `<script>alert(1)</script> & "'`;
  const plan = structuredClone(first.plan);
  plan.title = plan.purpose = plan.site.name = plan.storage = plan.signOff.wording = evil;
  plan.site.controls = [evil];
  for (const one of plan.units) one.name = evil;
  for (const one of plan.units) one.label = '<script>';
  for (const one of plan.materials) one.name = evil;
  for (const one of plan.pins) one.sealing = evil;
  for (const one of plan.phases) one.title = evil;
  for (const one of plan.separationOfDuties) one.why = evil;
  for (const step of plan.steps) {
    step.title = evil;
    if (step.action === 'statement') step.text = evil;
    if (step.action === 'fact') step.ask = evil;
  }
  const html = renderScript(plan, first.sha256);
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;&#39;');
});

test('a hash that is none is refused', () => {
  expect(() => renderScript(first.plan, 'ABC')).toThrow(
    new RangeError('plan hash: expected 64 lower-case hex digits, got ABC'),
  );
});
