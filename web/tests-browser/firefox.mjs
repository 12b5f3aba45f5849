// Uses the pages in Firefox, over WebDriver BiDi: node firefox.mjs ADDRESS DIALOGUE FIREFOX; prints what it saw as JSON.
import puppeteer from "puppeteer-core";

const [address, dialogue, executablePath] = process.argv.slice(2);
const PATIENCE_MS = 90_000;
const SAMPLE = `() => ({
  bones: window.nonverbal.avatars.map((avatar) => avatar.boneAngles()),
  stats: window.nonverbal.stats(),
})`;

/** Waits for an expression to hold; puppeteer's own way makes functions in the page, which its policy forbids. */
async function until(page, expression) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    if (await page.evaluate(expression)) return;
  }
  throw new Error(`never came true: ${expression}`);
}

/** A page of its own, and what it complains of. */
async function open(browser, path) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(`console: ${message.text()}`));
  await page.goto(`${address}${path}`);
  await until(page, "window.nonverbal !== undefined");
  await page.evaluate("window.nonverbal.ready");
  return { page, complaints };
}

/** Plays a dialogue for a second and a half. */
async function watch(browser) {
  const { page, complaints } = await open(browser, `/viewer?dialogue=${dialogue}`);
  await until(page, "document.querySelector('[data-testid=transcript]') !== null");
  await page.evaluate("window.nonverbal.ready");
  const before = await page.evaluate(`(${SAMPLE})()`);
  await page.click("#play");
  await until(page, "window.nonverbal.stats().time_s > 1.5");
  await page.click("#play");
  const after = await page.evaluate(`(${SAMPLE})()`);
  const transcript = await page.$eval("[data-testid=transcript]", (list) => list.innerText);
  await page.close();
  return { before, after, transcript, complaints };
}

/** Says a line and waits for the answer. */
async function talk(browser) {
  const { page, complaints } = await open(browser, "/chat");
  await until(page, "document.querySelector('#link-state[data-state=open]') !== null");
  const before = await page.evaluate(`(${SAMPLE})()`);
  await page.type("#say", "Hello, how are you?");
  await page.keyboard.press("Enter");
  await until(page, "document.querySelector('#doing').dataset.doing === 'speaking'");
  await until(page, "window.nonverbal.stats().position_s > 0.5");
  const after = await page.evaluate(`(${SAMPLE})()`);
  await until(page, "document.querySelector('[data-ended]') !== null");
  const words = await page.$eval("[data-testid=answer] .words", (line) => line.innerText);
  await page.close();
  return { before, after, words, complaints };
}

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: false, defaultViewport: null });
try {
  console.log(JSON.stringify({ viewer: await watch(browser), chat: await talk(browser) }));
} finally {
  await browser.close();
}
