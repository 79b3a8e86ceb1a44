import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** How long a condition of the page may take. Generous: it only matters where a test fails. */
const PATIENCE_MS = 60_000;

export type Mark = 'pending' | 'sent' | 'stored' | 'delivered' | 'read' | 'failed' | 'recalled';

/** A browser window of one user, and what a person does in it. */
export interface Window {
  page: Page;
  /** Sentences that the browser's console showed as errors, other than those of a connection that was cut. */
  faults: string[];
  conversation(id: string): Locator;
  /** One with this text, or all. */
  message(text?: string | RegExp): Locator;
  open(id: string): Promise<void>;
  startChat(name: string): Promise<void>;
  createGroup(name: string, people: string[]): Promise<string>;
  say(text: string): Promise<void>;
  /** Waits until the message with this text bears this mark. */
  marked(text: string, mark: Mark): Promise<void>;
  /** The texts that the window shows, in their order. */
  texts(): Promise<string[]>;
  /** The numbers of the messages that the window shows, in their order. */
  seqs(): Promise<number[]>;
  /** Keeps a picture of the window where SCREENSHOTS names a folder. */
  shot(name: string): Promise<void>;
}

export async function openWindow(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Window> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 }, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const faults = collectFaults(page);
  await page.goto(url);
  return { page, faults, ...acting(page), ...reading(page) };
}

function collectFaults(page: Page): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (line) => {
    const cut = /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|WebSocket connection/.test(line.text());
    if (line.type() === 'error' && !cut) faults.push(line.text());
  });
  return faults;
}

function acting(page: Page) {
  async function say(text: string): Promise<void> {
    await page.getByTestId('composer').fill(text);
    await page.getByTestId('composer').press('Enter');
  }
  return {
    say,
    open: (id: string) => page.locator(`[data-conversation-id="${id}"]`).click(),
    async startChat(name: string): Promise<void> {
      await page.getByTestId('new-chat').click();
      await page.getByTestId('new-chat-name').fill(name);
      await page.getByTestId('new-chat-start').click();
      await page.getByTestId('composer').waitFor();
    },
    async createGroup(name: string, people: string[]): Promise<string> {
      await page.getByTestId('new-group').click();
      await page.getByTestId('new-group-name').fill(name);
      await page.getByTestId('people-field').fill(people.join(', '));
      await page.getByTestId('new-group-create').click();
      await page.waitForURL(/#\/c\/group_/);
      return new URL(page.url()).hash.slice('#/c/'.length);
    },
  };
}

function reading(page: Page) {
  const messages = page.getByTestId('message');
  // By the text in its bubble alone: `number 3` beside the time 01:14 reads `number 301:14`.
  const bearing = (text: string | RegExp) => ({ has: page.locator('.bubble-text', { hasText: text }) });
  const message = (text?: string | RegExp) =>
    text === undefined ? messages : messages.filter(bearing(text));
  return {
    message,
    conversation: (id: string) => page.locator(`[data-conversation-id="${id}"]`),
    marked: (text: string, mark: Mark) =>
      page.locator(`[data-testid=message][data-status=${mark}]`, bearing(text)).waitFor(),
    texts: () => page.locator('[data-testid=message] .bubble-text').allInnerTexts(),
    async seqs(): Promise<number[]> {
      return messages.evaluateAll((all) => all.map((one) => Number(one.getAttribute('data-seq'))));
    },
    async shot(name: string): Promise<void> {
      const folder = process.env.SCREENSHOTS;
      if (!folder) return;
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: path.join(folder, `${name}.png`) });
    },
  };
}
