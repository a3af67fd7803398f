import { readFileSync } from 'node:fs';
import { defineConfig, type Plugin } from 'vite';

// What is in the output belongs to others as well: their licences go with it.
const bundled = ['uplot'];

function notice(): Plugin {
  return {
    name: 'notice',
    generateBundle() {
      const texts = bundled.map(name => {
        const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as { version: string; license: string };
        return `${name} ${version} (${license})\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}\n`;
      });
      this.emitFile({ type: 'asset', fileName: 'NOTICE.txt', source: `The scripts and styles in this folder contain:\n\n${texts.join('\n')}` });
    },
  };
}

// The same sources give the same bytes: no hash, no date, no map. A file for each page that
// has a script of its own.
export default defineConfig({
  root: '.',
  publicDir: false,
  plugins: [notice()],
  build: {
    outDir: '../page/built',
    emptyOutDir: true,
    target: ['chrome100', 'firefox100', 'safari15.4'],
    cssCodeSplit: true,
    modulePreload: false,
    reportCompressedSize: false,
    rollupOptions: {
      input: { board: 'src/board/main.ts' },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js', assetFileNames: '[name][extname]' },
    },
  },
});
