import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Makes one file of a program and what it imports, for a process of its own that starts at once. */
export async function bundleChild(program: URL, outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(program)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The SDK, which a source in memory does without.
    external: ['./media-source.js'],
    // write-file-atomic is CommonJS: it calls require() and names its temporary files by __filename.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire('/'), __filename = 'child'",
    },
    logLevel: 'error',
  })
}
