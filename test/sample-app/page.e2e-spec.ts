import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { describeWithChromium } from '../support/chromium.js';
import { type RunningSample, startSample } from './running-sample.js';

// With SCREENSHOTS=folder it leaves the picture of the README there.

const FIRST_REQUEST = { timeout: 20_000 };

describeWithChromium('the page of the order desk in Chromium', (launch) => {
  let browser: Browser;
  let desk: RunningSample;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    [browser, desk] = await Promise.all([launch(), startSample({})]);
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(String(error)));
    await page.goto(`${desk.address}/inspector`);
    await page.getByRole('status').getByText('live').waitFor(FIRST_REQUEST);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await desk?.stop();
  });

  const press = (name: string) => page.getByRole('button', { name }).click();
  const newest = (path: string): Locator => page.locator('.request', { hasText: path }).first();
  const entries = (row: Locator, type: string) => row.locator(`.entry[data-type="${type}"]`);
  const timesOf = async (entry: Locator) =>
    ((await entry.locator('.times').textContent()) ?? '').split(/[^\d.]+/, 2).map(Number) as [number, number];

  test('shows a refund with the scope of its higher role, its instance, its job and what was logged', async () => {
    await press('A refund beside orders');
    const refund = newest('/returns');
    await refund.locator('.chip', { hasText: '201' }).waitFor(FIRST_REQUEST);
    await refund.getByRole('button').click();
    const scope = entries(refund, 'scope').first();
    await scope.waitFor(FIRST_REQUEST);
    expect(await scope.locator('.name').textContent()).toBe('LedgerService.credit');
    expect(await scope.locator('.binding').allTextContents()).toEqual(['roleledger-writer']);
    const [begin, end] = await timesOf(scope);
    expect(begin).toBeGreaterThan(0);
    expect(end).toBeGreaterThan(begin);
    const callers = entries(refund, 'instance').filter({ hasText: 'Caller' });
    await callers.filter({ hasText: 'disposed' }).first().waitFor(FIRST_REQUEST);
    await refund.getByText(/placed order-\d+/).waitFor();
    await refund.getByText(/files the receipt of order-\d+/).waitFor(FIRST_REQUEST);
    await entries(refund, 'unit').filter({ hasText: 'receipts' }).waitFor(FIRST_REQUEST);
    const folder = process.env.SCREENSHOTS;
    if (folder !== undefined) await page.screenshot({ path: join(folder, 'order-desk.png') });
  }, 60_000);

  test('shows requests that overlap, each with the tenant and user of its own', async () => {
    await press('Orders of two tenants');
    const rows = page.locator('.request', { hasText: '/orders' });
    for (const [tenant, user] of [
      ['acme', 'ada'],
      ['globex', 'cleo'],
    ] as const) {
      await rows.filter({ hasText: tenant }).filter({ hasText: user }).first().waitFor(FIRST_REQUEST);
    }
    expect(await rows.filter({ hasText: 'acme' }).filter({ hasText: 'cleo' }).count()).toBe(0);
  }, 60_000);

  test('shows that work which outlives its role is refused', async () => {
    await press('A refund that outlives its role');
    const late = newest('/returns/detached');
    await late.locator('.chip', { hasText: '202' }).waitFor(FIRST_REQUEST);
    await late.getByRole('button').click();
    const [begin, end] = await timesOf(entries(late, 'scope').first());
    expect(end).toBeGreaterThan(begin);
    await late.locator('.entry', { hasText: 'LedgerService.detached' }).waitFor(FIRST_REQUEST);
    await late.getByText("ScopedValue 'role'").waitFor(FIRST_REQUEST);
    const audit = await fetch(`${desk.address}/audit`, {
      headers: { authorization: 'Bearer flo', 'x-tenant': 'acme' },
    });
    expect(await audit.json()).toContainEqual(
      expect.objectContaining({ outcome: 'refused', reason: 'ERR_SCOPE_ENDED', user: 'ada' }),
    );
  }, 60_000);

  test('breaks no rule of its own content security policy, and says nothing in the console', () => {
    expect(complaints).toEqual([]);
  });
});
