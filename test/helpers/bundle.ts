import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** Makes one file of a program and what it imports, for a process of its own that starts at once. */
export async function bundleChild(program: URL, outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(program)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    minifySyntax: true,
    minifyWhitespace: true,
    // The SDK, which a source in memory does without.
    external: ['./media-source.js'],
    // write-file-atomic is CommonJS: it calls require() and names its temporary files by __filename.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire('/'), __filename = 'child'",
    },
    logLevel: 'error',
  })
}

/**
 * A helper with all it imports as one module. Vitest looks each import up anew at each use; where millions of calls are made,
 * that is a third of the time.
 */
export async function bundled<Module>(helper: URL): Promise<Module> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-'))
  try {
    const file = path.join(folder, 'bundle.mjs')
    await bundleChild(helper, file)
    return (await import(pathToFileURL(file).href)) as Module
  } finally {
    await rm(folder, { recursive: true })
  }
}
