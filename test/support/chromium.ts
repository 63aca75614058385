import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where Debian has it, or where `CHROMIUM_PATH` says. */
const path = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const HOW_TO_RUN = `no Chromium at ${path}: apt-get install chromium, or set CHROMIUM_PATH`;

/** `describe` for what needs a browser; `body` is given what starts one. Without one it is skipped, with one line. */
export function describeWithChromium(title: string, body: (launch: () => Promise<Browser>) => void): void {
  if (existsSync(path)) {
    // Containers run it as root, which its sandbox refuses.
    const launch = () => chromium.launch({ executablePath: path, args: ['--no-sandbox'] });
    describe(title, () => body(launch));
  } else {
    process.stderr.write(`skipped: ${title}: ${HOW_TO_RUN}\n`);
    test.skip(`${title} (${HOW_TO_RUN})`, () => undefined);
  }
}
