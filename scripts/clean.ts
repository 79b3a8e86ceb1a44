import { rmSync } from 'node:fs';

/** Removes what a build makes, on any system. */
rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
