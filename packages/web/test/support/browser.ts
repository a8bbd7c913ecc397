import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';
/** Below the limit of a test, so that the step that hangs is named. */
const STEP_TIMEOUT_MS = 100_000;
/** Kept when tests have ended: for people. */
const PICTURES = join(import.meta.dirname, '../../../../.test-results/page');

/** Debian's browser. Tests run as root, which its own sandbox refuses; it sees nothing but the page. */
export async function openBrowser(): Promise<Browser> {
  await access(PROGRAM).catch(() => {
    throw new Error(`${PROGRAM} is missing: run tools/setup`);
  });
  return await chromium.launch({
    executablePath: PROGRAM,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    timeout: STEP_TIMEOUT_MS,
  });
}

/** A page with what the browser complains of: of its scripts, and of what the policy of the page forbids. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: false, ...options });
  context.setDefaultTimeout(STEP_TIMEOUT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(url);
  await page.getByRole('row', { name: 'web-0' }).first().waitFor();
  return { page, complaints };
}

/** Keeps a picture of all of the page. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await mkdir(PICTURES, { recursive: true });
  await page.evaluate('scrollTo({ top: 0, behavior: "instant" })');
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}
