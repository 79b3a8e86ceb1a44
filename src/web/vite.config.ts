import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    // The page is served with a policy that allows files of this server alone, so nothing is inlined into others.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
