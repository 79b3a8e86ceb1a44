import { endOf, findK6, SCENARIOS, startK6 } from './k6.ts';

const HELP = `Runs a load test of loadtest/ in k6, with the environment as it is: see loadtest/README.md.

  npm run load -- <${SCENARIOS.join(' | ')}> [options of \`k6 run\`]
`;

const [scenario = '', ...args] = process.argv.slice(2).filter((arg) => arg !== '--');
if (SCENARIOS.includes(scenario)) await run();
else {
  console.error(HELP);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  try {
    const k6 = startK6(findK6(), scenario, process.env, args);
    // The terminal sends Ctrl-C to k6 too, which then shows what it has: this waits for it.
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => k6.kill('SIGTERM'));
    process.exitCode = await endOf(k6);
  } catch (error) {
    console.error(`load: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
