import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { until } from '../../nest/http/support/until.js';
import { Output, restoreNestLogger } from '../../nest/logging/support/output.js';
import { type RunningApp, startApp, stopApps } from '../../nest/module/support/running-app.js';
import { describeWithChromium } from '../../support/chromium.js';
import { Looker } from './support/looker.js';
import { shop } from './support/shop.js';
import { listenedTo } from './support/subscribers.js';

// With SCREENSHOTS=folder it leaves pictures of the page there: those of docs/inspector.md.

const EVIL = '<img src=x onerror="document.title=`hit`"><script>document.title="hit"</script>';

const as = (tenant: string, user: string) => ({ 'x-tenant': tenant, 'x-user': user });
const order = (tenant: string, user: string, item: string) => ({
  method: 'POST',
  path: '/orders',
  headers: as(tenant, user),
  body: { item },
});
const actions = [
  {
    label: 'Orders of two tenants',
    times: 2,
    requests: [order('acme', 'ada', 'pen'), order('umbrella', 'bob', 'ink')],
  },
  {
    label: 'A refund beside orders',
    requests: [
      { method: 'POST', path: '/orders/7/refund', headers: as('acme', 'eve') },
      order('acme', 'ada', 'pen'),
      order('umbrella', 'bob', 'ink'),
    ],
  },
  {
    label: 'One after the other',
    overlapping: false,
    times: 2,
    requests: [{ path: '/tick' }, { path: '/nested' }],
  },
  { label: 'What is to be harmless', requests: [order(EVIL, 'mallory', EVIL)] },
];

describeWithChromium('the page of the inspector in Chromium', (launch) => {
  let browser: Browser;
  let page: Page;
  let output: Output;
  /** Of the console, of scripts and of the content security policy. */
  let complaints: string[];

  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    output = new Output();
    complaints = [];
    page = await browser.newPage({ viewport: { width: 1280, height: 820 }, colorScheme: 'light' });
    page.on('console', (message) => void complaints.push(message.text()));
    page.on('pageerror', (error) => void complaints.push(String(error)));
    page.on('dialog', (dialog) => void complaints.push(dialog.message()));
    await page.exposeFunction('complain', (text: string) => void complaints.push(text));
    await page.addInitScript(
      `addEventListener('securitypolicyviolation', (event) => complain(event.violatedDirective))`,
    );
  });
  afterEach(async () => {
    await page.close();
    await stopApps();
    output.release();
    restoreNestLogger();
  });

  const open = async (inspector: object = {}): Promise<RunningApp> => {
    const app = await startApp('Fastify', shop({ inspector: { enabled: true, actions, ...inspector } }));
    await page.goto(`http://127.0.0.1:${app.port}/inspector`);
    await page.getByRole('status').getByText('live').waitFor();
    return app;
  };
  const press = (name: string) => page.getByRole('button', { name }).click();
  const rowOf = (text: string): Locator => page.locator('.request', { hasText: text });
  const scopeBar = (row: Locator) => row.locator('.entry[data-type="scope"]');

  test('it shows what a button fired, with its tree and the beginning and end of the elevated scope', async () => {
    await open();
    await press('A refund beside orders');
    const refund = rowOf('/orders/7/refund');
    await refund.locator('.chip', { hasText: '201' }).waitFor();
    await refund.getByRole('button').click();
    const scope = scopeBar(refund);
    await scope.waitFor();
    expect(await scope.locator('.name').textContent()).toBe('Ledger.refund');
    expect(await scope.locator('.binding').allTextContents()).toEqual([
      'roleledger-writer',
      'passwordhidden',
    ]);
    const [, begin, end] =
      (await scope.locator('.times').textContent())?.match(/^([\d.]+) → ([\d.]+) ms$/) ?? [];
    expect(Number(begin)).toBeGreaterThan(5);
    expect(Number(end)).toBeGreaterThan(Number(begin) + 20);
    // Drawn where it was: inside of its request.
    const [own, whole] = await Promise.all([
      scope.locator('.span').boundingBox(),
      refund.locator('.entry.root .span').boundingBox(),
    ]);
    expect(own?.x).toBeGreaterThan(whole?.x ?? Number.NaN);
    expect((own?.x ?? 0) + (own?.width ?? 0)).toBeLessThan((whole?.x ?? 0) + (whole?.width ?? 0));
    expect(await refund.locator('.line .text').allTextContents()).toEqual([
      'asks the bank',
      'refunds order 7',
    ]);
    expect(complaints).toEqual([]);
  });

  test('overlapping requests each have their own tenant, user, tasks and instances', async () => {
    await open();
    await press('Orders of two tenants');
    await page.locator('output', { hasText: '201 × 4' }).waitFor();
    await page.locator('.row .chip[data-outcome="completed"]').nth(3).waitFor();
    for (const [tenant, user, item] of [
      ['acme', 'ada', 'pen'],
      ['umbrella', 'bob', 'ink'],
    ] as const) {
      const rows = page.locator('.request', { has: page.locator('.field', { hasText: tenant }) });
      expect(await rows.count()).toBe(2);
      for (const row of await rows.all()) {
        expect(await row.locator('.field').allTextContents()).toEqual([tenant, user]);
        await row.getByRole('button').click();
        await row.locator('.line', { hasText: 'renders' }).waitFor();
        expect(await row.locator('.entry .name').allTextContents()).toEqual([
          'POST /orders',
          'Cart',
          'receipt',
        ]);
        expect(await row.locator('.entry .chip').allTextContents()).toEqual(['disposed']);
        expect(await row.locator('.line .text').allTextContents()).toEqual([
          `places an order of ${item}`,
          `renders the receipt of ${item}`,
        ]);
      }
    }
    expect(complaints).toEqual([]);
  });

  test('one action sends its requests in turn', async () => {
    const app = await open();
    const looker = await Looker.at(app.port);
    await press('One after the other');
    await page.locator('output', { hasText: '200 × 4' }).waitFor();
    await until('all are seen', () => looker.requests.length === 4);
    expect(looker.requests.map(({ title }) => title)).toEqual(['/tick', '/nested', '/tick', '/nested']);
  });

  test('texts of others stay texts', async () => {
    await open();
    await press('What is to be harmless');
    const row = rowOf('mallory');
    await row.getByRole('button').click();
    await row.locator('.line', { hasText: 'renders' }).waitFor();
    expect(await row.locator('.field').first().textContent()).toBe(EVIL);
    expect(await row.locator('.line .text').first().textContent()).toBe(`places an order of ${EVIL}`);
    expect(await page.locator('img, main script').count()).toBe(0);
    expect(await page.title()).toBe('Inspector');
    expect(complaints).toEqual([]);
  });

  test('it can be filtered, paused, cleared, and used with the keyboard', async () => {
    const app = await open();
    await app.get('/tick');
    await app.get('/nested', as('umbrella', 'bob'));
    await rowOf('/nested').waitFor();
    await page.getByRole('searchbox').fill('UMBRELLA');
    expect(await rowOf('/tick').isVisible()).toBe(false);
    expect(await rowOf('/nested').isVisible()).toBe(true);
    await page.getByRole('searchbox').fill('');
    expect(await rowOf('/tick').isVisible()).toBe(true);
    const button = rowOf('/nested').getByRole('button');
    await button.focus();
    await page.keyboard.press('Enter');
    expect(await button.getAttribute('aria-expanded')).toBe('true');
    await page.keyboard.press('Enter');
    expect(await button.getAttribute('aria-expanded')).toBe('false');
    await press('Pause');
    await app.get('/nowhere');
    const looker = await Looker.at(app.port);
    await looker.over('/nowhere');
    await looker.leave();
    expect(await rowOf('/nowhere').count()).toBe(0);
    await press('Resume');
    await rowOf('/nowhere').waitFor();
    await press('Clear');
    expect(await page.locator('.request').count()).toBe(0);
    expect(await page.getByText('Waiting for requests').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
  });

  test('it keeps as many requests as the server does', async () => {
    const app = await open({ requests: 3 });
    for (let i = 0; i < 6; i++) await app.get(`/nowhere/${i}`);
    await rowOf('/nowhere/5').waitFor();
    await rowOf('/nowhere/2').waitFor({ state: 'detached' });
    expect(await page.locator('.path').allTextContents()).toEqual(['/nowhere/5', '/nowhere/4', '/nowhere/3']);
  });

  test('it finds the application again after a restart, and leaves nothing behind when it is closed', async () => {
    const app = await open();
    await app.get('/nowhere/before');
    await rowOf('/nowhere/before').waitFor();
    await app.close();
    await page.getByRole('status').getByText('connection lost').waitFor();
    const again = await startApp('Fastify', {
      ...shop({ inspector: { enabled: true } }),
      port: app.port,
    });
    await page.getByRole('status').getByText('live').waitFor();
    await again.get('/nowhere/after');
    await rowOf('/nowhere/after').waitFor();
    expect(await rowOf('/nowhere/before').count()).toBe(0);
    expect(listenedTo()).toContain('request:start');
    await page.goto('about:blank');
    await until('nothing listens', () => listenedTo().length === 0);
  });

  test('it is readable in the light and in the dark, and on a narrow screen', async () => {
    await open({ actions: actions.slice(0, 3) });
    for (const label of ['One after the other', 'Orders of two tenants', 'A refund beside orders']) {
      await press(label);
      await page
        .locator('output')
        .nth(actions.findIndex((action) => action.label === label))
        .getByText('×')
        .first()
        .waitFor();
    }
    await rowOf('/refund').locator('.chip', { hasText: '201' }).waitFor();
    await rowOf('/refund').getByRole('button').click();
    await rowOf('/orders').last().getByRole('button').click();
    await rowOf('/orders').last().locator('.line', { hasText: 'renders' }).waitFor();
    await shoot('inspector-light');
    const light = await contrasts();
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot('inspector-dark');
    const dark = await contrasts();
    // What WCAG 2 asks of texts, and of large ones for what is not needed.
    for (const { text, soft } of [light, dark]) {
      expect(text).toBeGreaterThan(7);
      expect(soft).toBeGreaterThan(4.5);
    }
    await page.setViewportSize({ width: 420, height: 820 });
    await shoot('inspector-narrow');
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
  });

  async function shoot(name: string): Promise<void> {
    const folder = process.env.SCREENSHOTS;
    if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }

  /** Of what is read first, and of what stands beside it, on its ground. */
  function contrasts(): Promise<{ text: number; soft: number }> {
    return page.evaluate(`(() => {
      const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map(Number);
      const luminance = (color) => {
        const [r, g, b] = channels(color)
          .map((value) => value / 255)
          .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ground = luminance(getComputedStyle(document.querySelector('main')).backgroundColor);
      const of = (selector) => {
        const own = luminance(getComputedStyle(document.querySelector(selector)).color);
        return (Math.max(own, ground) + 0.05) / (Math.min(own, ground) + 0.05);
      };
      return { text: of('.path'), soft: of('.times') };
    })()`);
  }
});
