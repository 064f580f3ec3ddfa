// Drives Chromium for the tests: takes one command a line, as JSON on standard input, and answers each with one line.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";

const require = createRequire(new URL("../../../api/browser/package.json", import.meta.url));
const { chromium } = require("playwright-core") as typeof import("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const PATIENCE_MS = 60_000;
// The one error that a page may have: a test's own.
const MADE_UP = "made up";

interface Launch {
  /** A folder that outlives this browser, or null for visitors who leave nothing behind. */
  readonly profile: string | null;
  readonly camera: string;
}

interface Command {
  readonly visitor: string;
  readonly page: string;
  readonly verb: keyof typeof VERBS;
  readonly target: string;
  readonly value: string;
}

const VERBS = {
  /** Open an address in the page of a name, made where there is none yet. */
  open: (page: Page, address: string) => page.goto(address, { waitUntil: "load" }).then(() => null),
  /** Have a script run in the page before its own. */
  before: (page: Page, script: string) => page.addInitScript(script).then(() => null),
  click: (page: Page, selector: string) => page.click(selector).then(() => null),
  fill: (page: Page, selector: string, value: string) => page.fill(selector, value).then(() => null),
  /** Wait until something is shown, and say its text. */
  text: async (page: Page, selector: string) => {
    await page.locator(selector).first().waitFor();
    return page.locator(selector).first().innerText();
  },
  /** Wait until an expression is true; asked again and again from here, as the page's policy allows no eval. */
  until: async (page: Page, expression: string) => {
    for (const ends = Date.now() + PATIENCE_MS; !(await page.evaluate(expression)); await page.waitForTimeout(100)) {
      if (Date.now() > ends) throw new Error(`never came true: ${expression}`);
    }
    return null;
  },
  evaluate: (page: Page, expression: string) => page.evaluate(expression),
  /** A picture of an element, or of the whole page, as base 64. */
  picture: async (page: Page, selector: string) =>
    (await (selector === "" ? page.screenshot() : page.locator(selector).screenshot())).toString("base64"),
  resize: (page: Page, width: string, height: string) =>
    page.setViewportSize({ width: Number(width), height: Number(height) }).then(() => null),
  /** Everything that axe-core finds wrong with the page as it is. */
  accessibility: async (page: Page) => {
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof import("axe-core") }).axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
  },
  /** Why the browser would not offer to install the page. */
  installability: async (page: Page) => {
    const session = await page.context().newCDPSession(page);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    return installabilityErrors.map(({ errorId }) => errorId);
  },
  /** End the visit, with everything that the visitor's pages kept. */
  leave: (page: Page) => page.context().close().then(() => null),
} as const;

const launch = JSON.parse(process.argv[2]!) as Launch;
const options = {
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    // A name that is this machine's, and that a browser does not trust as it trusts 127.0.0.1.
    "--host-resolver-rules=MAP insecure.test 127.0.0.1",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${launch.camera}`,
  ],
};
const visit: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  locale: "zh-CN",
  permissions: ["camera"],
};
const lasting = launch.profile && (await chromium.launchPersistentContext(launch.profile, { ...options, ...visit }));
const browser = lasting ? null : await chromium.launch(options);
const visitors = new Map<string, Promise<BrowserContext>>();
const pages = new Map<string, Promise<Page>>();
const problems: string[] = [];

async function contextOf(visitor: string): Promise<BrowserContext> {
  if (lasting) return lasting;
  const known = visitors.get(visitor) ?? browser!.newContext(visit);
  visitors.set(visitor, known);
  return known;
}

async function pageOf({ visitor, page: name }: Command): Promise<Page> {
  const key = `${visitor} ${name}`;
  const known = pages.get(key) ?? contextOf(visitor).then((context) => newPage(context, name));
  pages.set(key, known);
  return known;
}

async function newPage(context: BrowserContext, name: string): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on("pageerror", (error) => {
    if (error.message !== MADE_UP) problems.push(`${name}: ${error.message}`);
  });
  page.on("console", (message) => {
    // Refusals and a network that is cut are told on the console too, and are what some tests are about.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      problems.push(`${name}: ${message.text()}`);
    }
  });
  return page;
}

console.log(JSON.stringify({ answer: null }));
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  try {
    const answer = await VERBS[command.verb](await pageOf(command), command.target, command.value);
    console.log(JSON.stringify({ answer, problems: problems.splice(0) }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error), problems }));
  }
}
await (lasting || browser)?.close();
