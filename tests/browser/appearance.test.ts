import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skipReason } from './chromium.ts';
import { openStage } from './stage.ts';

const CHAT = 'p2p:alice:bob';

test('on a phone the list and the chat are two views', { skip: skipReason }, async (t) => {
  const stage = await openStage(t);
  const phone = { viewport: { width: 390, height: 760 }, isMobile: true, hasTouch: true };
  const alice = await stage.openWindow('alice', { context: phone });
  await alice.startChat('bob');
  await alice.say('A text that is long enough to need more than one line on the width of a phone, surely.');
  await alice.marked('A text', 'stored');
  assert.equal(await alice.conversation(CHAT).isVisible(), false);
  const fits = () => alice.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  assert.equal(await fits(), true);
  await alice.shot('phone-chat');
  await alice.page.getByRole('link', { name: 'Back to the list' }).click();
  await alice.conversation(CHAT).waitFor();
  assert.equal(await alice.page.getByTestId('composer').count(), 0);
  assert.equal(await fits(), true);
  await alice.shot('phone-list');
});

test('the page follows the colour scheme of the system', { skip: skipReason }, async (t) => {
  const stage = await openStage(t);
  const alice = await stage.openWindow('alice', { context: { colorScheme: 'dark' } });
  await alice.startChat('bob');
  await alice.say('Good night');
  await alice.marked('Good night', 'stored');
  const lightness = () =>
    alice.page.evaluate(() => {
      const [red = 0, green = 0, blue = 0] = getComputedStyle(document.body)
        .backgroundColor.match(/\d+/g)!
        .map(Number);
      return (red + green + blue) / 3;
    });
  assert.ok((await lightness()) < 60);
  await alice.shot('dark');
  await alice.page.emulateMedia({ colorScheme: 'light' });
  assert.ok((await lightness()) > 200);
  await alice.shot('light');
});

test('the keyboard alone is enough', { skip: skipReason }, async (t) => {
  const stage = await openStage(t);
  const alice = await stage.openWindow('alice');
  const { page } = alice;
  const focused = (selector: string) => page.locator(`${selector}:focus`).waitFor();
  await page.getByTestId('new-chat').focus();
  await page.keyboard.press('Enter');
  await focused('[data-testid=new-chat-name]');
  await page.keyboard.press('Escape');
  await focused('[data-testid=new-chat]');
  await page.keyboard.press('Enter');
  await page.keyboard.type('bob');
  await page.keyboard.press('Enter');
  await focused('[data-testid=composer]');
  await page.keyboard.type('first');
  await page.keyboard.press('Enter');
  await page.keyboard.type('second');
  await page.keyboard.press('Enter');
  await alice.marked('second', 'stored');

  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await focused('.message-action');
  await page.keyboard.press('ArrowUp');
  await focused('[data-testid=message][data-seq="1"]');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await alice.message('Message recalled').waitFor();
  await focused('[data-testid=message][data-status=recalled]');
  assert.deepEqual(await alice.texts(), ['Message recalled', 'second']);
});

test('a dialog opens again however soon after Escape', { skip: skipReason }, async (t) => {
  const stage = await openStage(t);
  const { page } = await stage.openWindow('alice');
  // The browser tells of a closed dialog with the next frame.
  const twoFrames = () =>
    page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  await page.getByTestId('new-chat').focus();
  for (const round of Array(20).keys()) {
    for (const key of ['Enter', 'Escape', 'Enter']) await page.keyboard.press(key);
    await twoFrames();
    assert.equal(await page.getByTestId('new-chat-name').count(), 1, `round ${round}`);
    await page.keyboard.press('Escape');
  }
});

test('nothing moves by itself for those who asked for stillness', { skip: skipReason }, async (t) => {
  const stage = await openStage(t);
  const alice = await stage.openWindow('alice', { context: { reducedMotion: 'reduce' } });
  await alice.page.getByTestId('new-chat').click();
  const moving = () => alice.page.evaluate(() => document.getAnimations().length);
  assert.equal(await moving(), 0);
  const duration = await alice.page
    .getByTestId('new-chat')
    .evaluate((button) => getComputedStyle(button).transitionDuration);
  assert.match(duration, /^0s(, 0s)*$/);
});
